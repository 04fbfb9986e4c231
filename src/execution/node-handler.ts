import type { z } from 'zod';
import type { Issue } from '../errors.js';
import { type NodeType, nodeTypes } from '../plan/node-type.js';
import type { Vibe } from '../plan/vibe.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import type { WorkflowPlan } from '../plan/workflow-plan.js';
import type { StoreBlob } from './context/blob.js';
import type { Report } from './context/report.js';
import type { RunJob } from './context/run-job.js';
import type { SleepUntil } from './context/sleep-until.js';
import type { Spawn } from './context/spawn.js';
import type { Spending } from './context/spending.js';
import type { Step } from './context/step.js';
import type { WaitFor } from './context/wait-for.js';
import type { Retry } from './retry.js';
import { issuesOfParameters, withParsedParameters } from './tool-parameters.js';

/** What a handler knows besides its node. */
export interface NodeContext {
  readonly vibe: Vibe;
  readonly plan: WorkflowPlan;
  readonly runId: string;
  /** 1 for the first attempt. Goes on counting after a crash, and begins anew once the node has failed. */
  readonly attempt: number;
  /** Outputs of the node's dependencies by id, and of a parent that has a handler. Frozen. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /**
   * The output of one dependency.
   * @throws Error when the node does not depend on `nodeId`.
   */
  input<T = unknown>(nodeId: string): T;
  /**
   * Aborted when the run is to end or the attempt is over one of its time limits; after `graceMs` the run ends without a
   * handler that does not stop. Hand it to `fetch`.
   */
  readonly signal: AbortSignal;
  /**
   * The same over attempts, crashes and resumes of this node in this run: hand it to a provider that takes such a key,
   * and work that was paid for is not paid twice.
   */
  readonly idempotencyKey: string;
  /**
   * Does a part of the work once: what it returned is recorded as JSON, and returned from the record by every later
   * attempt, also after a crash. A name is used once in an attempt; in a loop, give it an index.
   * @example
   * const lines = await ctx.step('lines', () => writeLines(node));
   * for (const [index, line] of lines.entries()) await ctx.step(`voice-${index}`, () => speak(line));
   */
  readonly step: Step;
  /**
   * Adds nodes below this one, when only its handler can say what is to be done. They are checked like a plan, may depend
   * on each other and on whatever is complete, and start when this handler has returned; what depends on this node waits
   * for them too. The n-th call of an attempt answers what the n-th call added at first, also after a crash, and adds
   * nothing then.
   * @throws PlanInvalidError with every problem at once; nothing was added
   * @example
   * const shots = await ctx.step('shots', () => listShots(node));
   * await ctx.spawn(shots.map((shot, index) => ({ id: `shot-${index}`, type: 'generate', description: shot })));
   */
  readonly spawn: Spawn;
  /**
   * Waits for somebody's answer, which `planner.signal` brings from any process. The wait takes no `concurrency` and no
   * part of `timeoutMs`. When nothing else can be done, the run ends as `'paused'`; `executeWithResume` goes on. The
   * answer is recorded, and returned from the record by every later attempt.
   * @throws TypeError for what is no schema; VibeError `NO_INBOX` where no signal could come
   * @example
   * const { ok } = await ctx.waitFor('approval', { schema: z.object({ ok: z.boolean() }) });
   */
  readonly waitFor: WaitFor;
  /**
   * Waits until a time, without `concurrency` or `timeoutMs`. Beyond `pauseAfterMs` the run pauses when nothing else can
   * be done. The n-th sleep of an attempt ends when the n-th of the first attempt was to end.
   * @example
   * await ctx.sleepUntil(Date.now() + 60_000);
   */
  readonly sleepUntil: SleepUntil;
  /**
   * Sets an amount aside before it is spent, so that nodes that run at the same time cannot pass a cap of `budget`
   * together. While a cap does not allow it, the handler waits; when nothing else can be done, the run pauses.
   * @example
   * await ctx.reserve({ amount: 0.4 });
   * const { video, price } = await render(node);
   * await ctx.spend({ amount: price });
   */
  readonly reserve: Spending['reserve'];
  /** Records what was spent, also without a budget: `executionSummary.spend` adds it up over all resumes. */
  readonly spend: Spending['spend'];
  /**
   * Tells listeners how far the work is, as `node_progress`: a fraction from 0 to 1 and a few words. With
   * `heartbeatTimeoutMs`, a handler that has reported once has to go on reporting.
   * @example
   * ctx.report(frame / frames, `frame ${frame}`);
   */
  readonly report: Report;
  /**
   * Has a provider do a job that takes long and costs money, and returns its result: submitted once, polled from
   * wherever the run goes on, and collected once, over attempts, crashes and resumes.
   * @throws what `start`, `poll` and `collect` throw; the next attempt goes on with the same job
   * @example
   * const clip = await ctx.job({
   *   name: 'clip',
   *   start: ({ idempotencyKey, signal }) => submitClip(prompt, { idempotencyKey, signal }),
   *   poll: async (id) => ((await clipState(id)) === 'ready' ? { status: 'done' } : { status: 'pending' }),
   *   collect: (id) => clipUrl(id),
   *   find: ({ idempotencyKey }) => findClip(idempotencyKey),
   * });
   */
  readonly job: RunJob;
  /**
   * Stores content of any size beside the plan, once, under its SHA-256, and returns a small reference to put into the
   * output: `planner.openBlob` reads it. It is durable before this resolves. Where it is missing or damaged when the run
   * goes on, the nodes whose outputs name it run again.
   * @throws VibeError `NO_BLOBS` where there is nowhere to keep it, TypeError for what is no content, PersistenceError
   * @example
   * const { body } = await fetch(url, { signal: ctx.signal });
   * return { video: await ctx.blob(body, { mime: 'video/mp4', name: 'scene-1.mp4' }) };
   */
  readonly blob: StoreBlob;
}

/**
 * Does the work of a node. What it returns is stored as JSON and handed to the nodes that depend on this one; what it
 * throws makes the node fail, after the attempts that `retry` allows.
 *
 * @example
 * const generate: NodeHandler = async (node, { inputs, signal, idempotencyKey }) => {
 *   const answer = await fetch(url, { method: 'POST', signal, headers: { 'idempotency-key': idempotencyKey } });
 *   return answer.json();
 * };
 */
export type NodeHandler = (node: WorkflowNode, context: NodeContext) => unknown;

/** A handler, or a handler with what is its own. */
export type HandlerEntry =
  | NodeHandler
  | {
      readonly run: NodeHandler;
      /** Stored with its results. */
      readonly version?: string;
      /** What it says wins over the `retry` of the planner. */
      readonly retry?: Retry;
      /** Milliseconds that one attempt may take, in place of the planner's `timeoutMs`. */
      readonly timeoutMs?: number;
      /** Milliseconds that all attempts on one of its nodes may take together, in place of the planner's. */
      readonly nodeTimeoutMs?: number;
      /** Milliseconds within which it has to report again once it has, in place of the planner's. */
      readonly heartbeatTimeoutMs?: number;
      /** Names of `limits` that its nodes are subject to. */
      readonly limits?: readonly string[];
      /** Of a tool: what it does, for whoever makes plans. */
      readonly description?: string;
      /**
       * What the parameters of its nodes must be, besides `tool`: a schema of zod 4 that needs no promise. A plan whose
       * parameters do not fit is refused before anything runs; the handler sees what the schema makes of them.
       */
      readonly parameters?: z.ZodType;
    };

/** Who serves which node: `tools[node.parameters.tool]` first, then the node's type, then `default`. */
export type Handlers = { readonly [type in NodeType]?: HandlerEntry } & {
  readonly tools?: Readonly<Record<string, HandlerEntry>>;
  readonly default?: HandlerEntry;
};

/** The handler that serves a node, and how results refer to it. */
export interface ServingHandler {
  readonly identity: { readonly name: string; readonly version?: string };
  readonly run: NodeHandler;
  readonly limits?: readonly string[] | undefined;
  readonly retry?: Retry | undefined;
  readonly timeoutMs?: number | undefined;
  readonly nodeTimeoutMs?: number | undefined;
  readonly heartbeatTimeoutMs?: number | undefined;
  /** What is wrong with the parameters of a node; left out where anything goes. */
  readonly issuesOf?: ((node: WorkflowNode) => readonly Issue[]) | undefined;
}

/** Finds the handler of a node; `undefined` when none serves it. */
export type HandlerLookup = (node: WorkflowNode) => ServingHandler | undefined;

export function handlerLookup(handlers: Handlers): HandlerLookup {
  const tools = new Map(
    Object.entries(handlers.tools ?? {}).map(([name, entry]) => [name, serving(`tools.${name}`, entry)]),
  );
  const types = new Map<NodeType, ServingHandler>();
  for (const type of nodeTypes) {
    const entry = Object.hasOwn(handlers, type) ? handlers[type] : undefined;
    if (entry !== undefined) types.set(type, serving(type, entry));
  }
  const fallback = handlers.default === undefined ? undefined : serving('default', handlers.default);
  return ({ type, parameters }) => {
    const tool = typeof parameters.tool === 'string' ? tools.get(parameters.tool) : undefined;
    return tool ?? types.get(type) ?? fallback;
  };
}

function serving(name: string, entry: HandlerEntry): ServingHandler {
  if (typeof entry === 'function') return { identity: { name }, run: entry };
  const { version, limits, retry, timeoutMs, nodeTimeoutMs, heartbeatTimeoutMs, parameters } = entry;
  return {
    limits,
    identity: version === undefined ? { name } : { name, version },
    run:
      parameters === undefined
        ? (node, context) => entry.run(node, context)
        : (node, context) => entry.run(withParsedParameters(node, parameters), context),
    retry,
    timeoutMs,
    nodeTimeoutMs,
    heartbeatTimeoutMs,
    ...(parameters !== undefined && { issuesOf: (node) => issuesOfParameters(node, parameters) }),
  };
}

/** What is wrong with the parameters of a node; `undefined` when no handler has a schema for them. */
export function parameterCheckOf(
  { tools = {}, ...types }: Handlers,
  lookup: HandlerLookup,
): ((node: WorkflowNode) => readonly Issue[]) | undefined {
  const entries = [...Object.values(types), ...Object.values(tools)];
  if (!entries.some((entry) => typeof entry === 'object' && entry.parameters !== undefined)) return undefined;
  return (node) => lookup(node)?.issuesOf?.(node) ?? [];
}
