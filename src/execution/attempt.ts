import { NodeTimeoutError, OutputNotSerializableError } from '../errors.js';
import { copyJson, setOwn } from '../plan/json-value.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { Vibe } from '../plan/vibe.js';
import type { WorkflowPlan } from '../plan/workflow-plan.js';
import type { RunState } from '../run/run-state.js';
import type { HandlerLookup, NodeContext, ServingHandler } from './node-handler.js';

/** How an attempt ended. `interrupted`: by the end of the run, so it says nothing about the node. */
export type AttemptOutcome =
  | { readonly status: 'completed'; readonly output: unknown }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'interrupted' };

/** An attempt under way. */
export interface Attempt {
  readonly handler: ServingHandler;
  readonly outcome: Promise<AttemptOutcome>;
  /** Asks the handler to stop; what it still returns is kept. */
  interrupt(reason: unknown): void;
}

/** Makes an attempt on a node; never throws and never rejects for what a handler does. */
export type Dispatch = (placed: GraphNode, attempt: number) => Attempt;

export interface LocalDispatchOptions {
  /** Milliseconds that one attempt may take; unlimited when left out. */
  readonly timeoutMs?: number;
  readonly idempotencyKeyOf: (nodeId: string) => string;
  /** Told when an attempt that had timed out ends after all. */
  readonly onLateEnd?: (nodeId: string) => void;
}

/** Runs handlers in this process. */
export function localDispatch(state: RunState, lookup: HandlerLookup, options: LocalDispatchOptions): Dispatch {
  return (placed, attempt) => {
    const handler = lookup(placed.node);
    if (handler === undefined) throw new Error(`No handler serves node ${JSON.stringify(placed.node.id)}.`);
    const context = new AttemptContext(state, placed, attempt, options.idempotencyKeyOf);
    const outcome =
      options.timeoutMs === undefined
        ? runHandler(handler, placed, context)
        : withTimeout(runHandler(handler, placed, context), placed, context, options.timeoutMs, options.onLateEnd);
    return new LocalAttempt(handler, outcome, context);
  };
}

class LocalAttempt implements Attempt {
  constructor(
    readonly handler: ServingHandler,
    readonly outcome: Promise<AttemptOutcome>,
    private readonly context: AttemptContext,
  ) {}

  interrupt(reason: unknown): void {
    this.context.interrupt(reason);
  }
}

function runHandler({ run }: ServingHandler, { node }: GraphNode, context: AttemptContext): Promise<AttemptOutcome> {
  const succeed = (returned: unknown) => outcomeOf(returned, node.id);
  const fail = (error: unknown): AttemptOutcome =>
    context.isInterrupted ? { status: 'interrupted' } : { status: 'failed', error };
  try {
    return Promise.resolve(run(node, context)).then(succeed, fail);
  } catch (error) {
    return Promise.resolve(fail(error));
  }
}

/** Outputs are checked and copied once, here: live and resumed dependents see the same frozen copy. */
function outcomeOf(returned: unknown, nodeId: string): AttemptOutcome {
  const copy = copyJson(returned, 'output', { freeze: true });
  if (copy.ok) return { status: 'completed', output: copy.value };
  return { status: 'failed', error: new OutputNotSerializableError(nodeId, copy.path, copy.reason) };
}

function withTimeout(
  running: Promise<AttemptOutcome>,
  { node }: GraphNode,
  context: AttemptContext,
  timeoutMs: number,
  onLateEnd?: (nodeId: string) => void,
): Promise<AttemptOutcome> {
  return new Promise((resolve) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      const error = new NodeTimeoutError(node.id, timeoutMs);
      const outcome: AttemptOutcome = context.isInterrupted ? { status: 'interrupted' } : { status: 'failed', error };
      context.abort(error);
      resolve(outcome);
    }, timeoutMs);
    void running.then((outcome) => {
      clearTimeout(timer);
      if (isLate) onLateEnd?.(node.id);
      else resolve(outcome);
    });
  });
}

/** Inputs, signal and key are made when a handler asks for them: most ask for one or none. */
class AttemptContext implements NodeContext {
  isInterrupted = false;
  private madeInputs: Readonly<Record<string, unknown>> | undefined = undefined;
  private controller: AbortController | undefined = undefined;
  private aborted: { readonly reason: unknown } | undefined = undefined;

  constructor(
    private readonly state: RunState,
    private readonly placed: GraphNode,
    readonly attempt: number,
    private readonly keyOf: (nodeId: string) => string,
  ) {}

  get vibe(): Vibe {
    return this.state.vibe;
  }

  get plan(): WorkflowPlan {
    return this.state.plan;
  }

  get runId(): string {
    return this.state.runId;
  }

  get inputs(): Readonly<Record<string, unknown>> {
    this.madeInputs ??= inputsOf(this.state, this.placed);
    return this.madeInputs;
  }

  /** A function of its own, so that it can be taken out of the context. */
  get input(): <T = unknown>(nodeId: string) => T {
    const { inputs, placed } = this;
    return <T>(nodeId: string): T => {
      if (Object.hasOwn(inputs, nodeId)) return inputs[nodeId] as T;
      const known = Object.keys(inputs).map((id) => JSON.stringify(id));
      const has = known.length === 0 ? 'It has no inputs' : `Its inputs are ${known.join(', ')}`;
      const asked = JSON.stringify(nodeId);
      throw new Error(`Node ${JSON.stringify(placed.node.id)} does not depend on ${asked}. ${has}.`);
    };
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.aborted !== undefined) this.controller.abort(this.aborted.reason);
    }
    return this.controller.signal;
  }

  get idempotencyKey(): string {
    return this.keyOf(this.placed.node.id);
  }

  interrupt(reason: unknown): void {
    this.isInterrupted = true;
    this.abort(reason);
  }

  abort(reason: unknown): void {
    this.aborted ??= { reason };
    this.controller?.abort(reason);
  }
}

function inputsOf({ results }: RunState, { parent, dependencies }: GraphNode): Readonly<Record<string, unknown>> {
  const inputs: Record<string, unknown> = {};
  const sources = parent?.hasHandler ? [parent, ...dependencies] : dependencies;
  for (const { node } of sources) {
    const result = results.get(node.id);
    if (result?.status === 'completed') setOwn(inputs, node.id, result.output);
  }
  return Object.freeze(inputs);
}
