import { z } from 'zod';
import type { DecomposeContext, Decomposer } from '../decompose/decomposer.js';
import { DecompositionError, PlanInvalidError } from '../errors.js';
import type { HandlerEntry, Handlers, NodeHandler } from '../execution/node-handler.js';
import { type Retry, type RetryOptions, retryOf } from '../execution/retry.js';
import { completeHost, type Host } from '../host.js';
import type { Vibe } from '../index.js';
import { retried } from './call-retries.js';
import type { ChatModel, ModelAnswer } from './chat-model.js';
import { checkOptions } from './check-options.js';
import { checkWilling, isTruncated, textOf } from './model-failure.js';
import { type PlanReading, readPlan } from './plan-answer.js';
import { costOf, type Prices, pricesSchema } from './prices.js';
import { describeIssues, nodeRequest, planRequest, repairRequest } from './prompts.js';

export const withModelOptionsSchema = z.strictObject({
  /** Other work than text, by name: the model is told of them when it plans, and they become `handlers.tools`. */
  tools: z.custom<Readonly<Record<string, HandlerEntry>>>(isObject, 'an object of handlers by name').optional(),
  /**
   * Whether and when a failed call is tried again, of the nodes and of planning, in place of the planner's `retry`.
   * Default `'standard'`; what is left out is as in `'standard'`.
   */
  retry: z
    .custom<Retry>((retry) => retry === 'standard' || isObject(retry), "'standard' or an object of options")
    .default('standard'),
  /** Milliseconds that one attempt on a node may take, in place of the planner's `timeoutMs`. */
  timeoutMs: z
    .custom<number>((ms) => Number.isInteger(ms) && (ms as number) >= 1, 'a whole number of at least 1')
    .optional(),
  /** Names of the planner's `limits` that the nodes are subject to. */
  limits: z.custom<readonly string[]>(Array.isArray, 'a list of names').optional(),
  /** What tokens cost, so that `ctx.spend` is told an amount and not only tokens. */
  prices: pricesSchema.optional(),
  /** Nodes that a plan may have at most. The planner's own `maxNodes` holds as well. Default 200. */
  maxNodes: z
    .custom<number>((max) => Number.isInteger(max) && (max as number) >= 1, 'a whole number of at least 1')
    .default(200),
  /** Added to what the model is told before it works on a node, such as a language to write in. */
  instructions: z.custom<string>((text) => typeof text === 'string', 'text').optional(),
  /** The clock, the timers and the chance by which planning is tried again, and the log that is told of it. Default: those of the
   * system, and none. */
  host: z.custom<Partial<Pick<Host, 'now' | 'random' | 'setTimer' | 'log'>>>(isObject, 'an object').optional(),
});
export type WithModelOptions = z.input<typeof withModelOptionsSchema>;

/** What `withModel` gives to a planner. */
export interface ModelParts {
  readonly decomposer: Decomposer;
  readonly handlers: Handlers;
}

/**
 * Has a model make the plan of a vibe and do the work of its nodes: what `MetaPlanner` needs to do without the offline
 * composer.
 *
 * Planning asks for JSON in the strictest way that the model takes, checks what comes (shape, ids, dependencies, circles,
 * tools and their parameters, `maxNodes`), and shows the model once what was wrong. Nodes get ids of ours. A node's output
 * is the text of the model, what it used goes to `ctx.spend`, and a composite completes with its children.
 *
 * @throws TypeError for an option that is unknown or makes no sense
 * @throws DecompositionError from the decomposer when the second answer is no plan either; `answer` has it
 * @throws ModelError from the decomposer and the handlers
 * @example
 * const model = openaiCompatible({ baseURL: 'http://127.0.0.1:11434/v1', model: 'llama3.2' });
 * const planner = new MetaPlanner({ ...withModel(model), checkpointInterval: 5 });
 * const result = await planner.executeWithResume({ description: 'A postcard from a lighthouse keeper' });
 */
export function withModel(model: ChatModel, options: WithModelOptions = {}): ModelParts {
  if (typeof model?.generate !== 'function' || typeof model.id !== 'string') {
    throw new TypeError(
      'withModel takes a model: an object with an id and generate(), such as openaiCompatible makes.',
    );
  }
  const {
    tools,
    retry: asked,
    timeoutMs,
    limits,
    prices,
    maxNodes,
    instructions,
    host,
  } = checkOptions(withModelOptionsSchema, options, 'withModel');
  const retry = retryOf('standard', asked);
  const served: HandlerEntry = {
    run: workOnNode(model, prices, instructions),
    version: model.id,
    retry,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(limits !== undefined && { limits }),
  };
  const planning = { model, maxNodes, retry, host: completeHost(host) };
  return {
    decomposer: { decompose: (vibe, context) => plan(vibe, context, planning) },
    handlers: { analyze: served, generate: served, transform: served, validate: served, ...(tools && { tools }) },
  };
}

function workOnNode(model: ChatModel, prices: Prices | undefined, instructions: string | undefined): NodeHandler {
  return async (node, context) => {
    const answer = await model.generate(nodeRequest(node, context, instructions));
    await context.spend(costOf(answer.usage, prices)); // also of an answer that is of no use: it was paid for
    return textOf(model.id, answer);
  };
}

interface Planning {
  readonly model: ChatModel;
  readonly maxNodes: number;
  readonly retry: RetryOptions;
  readonly host: Host;
}

async function plan(vibe: Vibe, context: DecomposeContext, { model, retry, host, ...planning }: Planning) {
  const { tools = [], signal, planId } = context;
  const maxNodes = Math.min(planning.maxNodes, context.maxNodes ?? Number.POSITIVE_INFINITY);
  const ask = async (request: Parameters<ChatModel['generate']>[0]) => {
    const answer = await retried(() => model.generate(request), { modelId: model.id, retry, host, signal });
    checkWilling(model.id, answer);
    return { text: answer.text, reading: read(answer) };
  };
  const read = (answer: ModelAnswer): PlanReading => {
    const reading = readPlan(answer.text, tools, maxNodes);
    if (reading.status === 'plan' || !isTruncated(answer)) return reading;
    const cutOff = { path: '', message: 'it was cut off at the limit of its length: make a shorter plan' };
    return { ...reading, issues: [cutOff, ...reading.issues] };
  };

  const request = planRequest(vibe, context, maxNodes);
  const first = await ask(request);
  if (first.reading.status === 'plan') return first.reading.draft;
  const second = await ask(repairRequest(request, first.text, first.reading.issues));
  if (second.reading.status === 'plan') return second.reading.draft;
  const { issues } = second.reading;
  const reason = `model ${JSON.stringify(model.id)} answered what is no plan, and was told so (${describeIssues(issues).join('; ')})`;
  throw new DecompositionError(planId, reason, { answer: second.text, cause: new PlanInvalidError(planId, issues) });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
