import { NodeTimeoutError } from '../errors.js';
import { setOwn } from '../plan/json-value.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { RunState } from '../run/run-state.js';
import type { AttemptControl } from './attempt-control.js';
import { sleepUntilOf } from './context/sleep-until.js';
import { spawnOf } from './context/spawn.js';
import { stepOf } from './context/step.js';
import { waitForOf } from './context/wait-for.js';
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
  /** Told when all that it does is to wait, and when that is over: such time is no part of its timeout. */
  setWaiting?(isWaiting: boolean): void;
}

/** Makes an attempt on a node; never throws and never rejects for what a handler does. */
export type Dispatch = (placed: GraphNode, attempt: number, control: AttemptControl) => Attempt;

export interface LocalDispatchOptions {
  /** Milliseconds that one attempt may take; unlimited when left out. */
  readonly timeoutMs?: number;
  readonly idempotencyKeyOf: (nodeId: string) => string;
  /** Told when an attempt that had timed out ends after all. */
  readonly onLateEnd?: (nodeId: string) => void;
  /** Makes what a signal comes from; many handlers may listen to one. */
  readonly newController?: () => AbortController;
}

/**
 * Runs handlers in this process. All attempts of a run share a signal, unless each has a timeout of its own: making one
 * costs more than all else here.
 */
export function localDispatch(lookup: HandlerLookup, options: LocalDispatchOptions): Dispatch {
  const { timeoutMs, onLateEnd, idempotencyKeyOf, newController = () => new AbortController() } = options;
  const ofRun = new Interruption(newController());
  return (placed, attempt, control) => {
    const handler = lookup(placed.node);
    if (handler === undefined) throw new Error(`No handler serves node ${JSON.stringify(placed.node.id)}.`);
    const interruption = timeoutMs === undefined ? ofRun : new Interruption(newController());
    const context = contextOf(control, attempt, interruption.signal, idempotencyKeyOf);
    const running = runHandler(handler, control, context, interruption);
    if (timeoutMs === undefined) return new LocalAttempt(handler, running, interruption);
    const { outcome, setWaiting } = withTimeout(running, placed, interruption, timeoutMs, onLateEnd);
    return new LocalAttempt(handler, outcome, interruption, setWaiting);
  };
}

class LocalAttempt implements Attempt {
  constructor(
    readonly handler: ServingHandler,
    readonly outcome: Promise<AttemptOutcome>,
    private readonly interruption: Interruption,
    readonly setWaiting?: (isWaiting: boolean) => void,
  ) {}

  interrupt(reason: unknown): void {
    this.interruption.byRun = true;
    this.interruption.abort(reason);
  }
}

/** Why attempts are to stop. */
class Interruption {
  /** By the end of the run, not by a timeout. */
  byRun = false;

  constructor(private readonly controller: AbortController) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  abort(reason: unknown): void {
    this.controller.abort(reason);
  }
}

function runHandler(
  { run }: ServingHandler,
  control: AttemptControl,
  context: NodeContext,
  interruption: Interruption,
): Promise<AttemptOutcome> {
  const succeed = (returned: unknown) => outcomeOf(returned, control);
  const fail = (error: unknown): AttemptOutcome =>
    interruption.byRun ? { status: 'interrupted' } : { status: 'failed', error };
  try {
    return Promise.resolve(run(control.placed.node, context)).then(succeed, fail);
  } catch (error) {
    return Promise.resolve(fail(error));
  }
}

/** Outputs are checked and copied once, here: live and resumed dependents see the same frozen copy. */
function outcomeOf(returned: unknown, control: AttemptControl): AttemptOutcome {
  try {
    return { status: 'completed', output: control.keep(returned, 'output') };
  } catch (error) {
    return { status: 'failed', error };
  }
}

/** What is left of an attempt's time; it stands still while the handler waits for others. */
class Countdown {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private leftMs: number;
  private since = 0;

  constructor(
    timeoutMs: number,
    private readonly onOver: () => void,
  ) {
    this.leftMs = timeoutMs;
    this.start();
  }

  start(): void {
    this.since = performance.now();
    this.timer ??= setTimeout(this.onOver, this.leftMs);
  }

  stop(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.leftMs = Math.max(0, this.leftMs - (performance.now() - this.since));
  }
}

function withTimeout(
  running: Promise<AttemptOutcome>,
  { node }: GraphNode,
  interruption: Interruption,
  timeoutMs: number,
  onLateEnd?: (nodeId: string) => void,
): Pick<Attempt, 'outcome' | 'setWaiting'> {
  let isOver = false;
  let setWaiting = (_isWaiting: boolean) => {};
  const outcome = new Promise<AttemptOutcome>((resolve) => {
    let isLate = false;
    const countdown = new Countdown(timeoutMs, () => {
      if (interruption.byRun) return; // the run waits for what the handler still returns
      isLate = true;
      const error = new NodeTimeoutError(node.id, timeoutMs);
      interruption.abort(error);
      resolve({ status: 'failed', error });
    });
    setWaiting = (isWaiting) => {
      if (isWaiting || isOver) countdown.stop();
      else countdown.start();
    };
    void running.then((outcome) => {
      isOver = true;
      countdown.stop();
      if (isLate) onLateEnd?.(node.id);
      else resolve(outcome);
    });
  });
  return { outcome, setWaiting };
}

/** What the handler receives: own fields, so that a handler may take them out or spread them. */
function contextOf(
  control: AttemptControl,
  attempt: number,
  signal: AbortSignal,
  idempotencyKeyOf: (nodeId: string) => string,
): NodeContext {
  const { state, placed } = control;
  const { vibe, plan, runId } = state;
  const inputs = inputsOf(state, placed);
  const input = <T>(nodeId: string) => inputIn<T>(inputs, placed, nodeId);
  const idempotencyKey = idempotencyKeyOf(placed.node.id);
  return {
    vibe,
    plan,
    runId,
    attempt,
    inputs,
    input,
    signal,
    idempotencyKey,
    step: stepOf(control),
    spawn: spawnOf(control),
    waitFor: waitForOf(control),
    sleepUntil: sleepUntilOf(control),
  };
}

function inputIn<T>(inputs: Readonly<Record<string, unknown>>, { node }: GraphNode, nodeId: string): T {
  if (Object.hasOwn(inputs, nodeId)) return inputs[nodeId] as T;
  const known = Object.keys(inputs).map((id) => JSON.stringify(id));
  const has = known.length === 0 ? 'It has no inputs' : `Its inputs are ${known.join(', ')}`;
  throw new Error(`Node ${JSON.stringify(node.id)} does not depend on ${JSON.stringify(nodeId)}. ${has}.`);
}

const noInputs: Readonly<Record<string, unknown>> = Object.freeze({});

function inputsOf({ results }: RunState, { parent, dependencies }: GraphNode): Readonly<Record<string, unknown>> {
  if (dependencies.length === 0 && !parent?.hasHandler) return noInputs;
  const inputs: Record<string, unknown> = {};
  const sources = parent?.hasHandler ? [parent, ...dependencies] : dependencies;
  for (const { node } of sources) {
    const result = results.get(node.id);
    if (result?.status === 'completed') setOwn(inputs, node.id, result.output);
  }
  return Object.freeze(inputs);
}
