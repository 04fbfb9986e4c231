import { newTable, setOwn } from '../plan/json-value.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { RunState } from '../run/run-state.js';
import type { AttemptControl } from './attempt-control.js';
import type { AttemptOutcome } from './attempt-outcome.js';
import type { Budget } from './budget.js';
import { storeBlob } from './context/blob.js';
import { report } from './context/report.js';
import { runJob } from './context/run-job.js';
import { sleepUntil } from './context/sleep-until.js';
import { spawn } from './context/spawn.js';
import { type Spending, spendingOf } from './context/spending.js';
import { runStep } from './context/step.js';
import { waitFor } from './context/wait-for.js';
import type { HandlerLookup, NodeContext, ServingHandler } from './node-handler.js';
import { areUnlimited, limitsOf, type TimeLimits, watchLimits } from './watch-limits.js';

/** An attempt under way. */
export interface Attempt {
  readonly handler: ServingHandler;
  readonly outcome: Promise<AttemptOutcome>;
  /** Asks the handler to stop; what it still returns is kept. */
  interrupt(reason: unknown): void;
}

/** Makes an attempt on a node; never throws and never rejects for what a handler does. */
export type Dispatch = (placed: GraphNode, attempt: number, control: AttemptControl) => Attempt;

type IdempotencyKeyOf = (nodeId: string, job?: string) => string;

export interface LocalDispatchOptions {
  /** Of each attempt, unless its handler says otherwise. */
  readonly limits?: TimeLimits;
  /** Of a node, or of a job of its handler. */
  readonly idempotencyKeyOf: IdempotencyKeyOf;
  readonly budget?: Budget | undefined;
  /** Counts tokens against the limits of a node. */
  readonly useTokens?: (placed: GraphNode, tokens: number) => void;
  /** Told when an attempt that had timed out ends after all. */
  readonly onLateEnd?: (nodeId: string, outcome: AttemptOutcome) => void;
  /** Makes what a signal comes from; many handlers may listen to one. */
  readonly newController?: () => AbortController;
}

/**
 * Runs handlers in this process. All attempts of a run share a signal, unless each has a timeout of its own: making one
 * costs more than all else here.
 */
export function localDispatch(lookup: HandlerLookup, options: LocalDispatchOptions): Dispatch {
  const { limits = {}, onLateEnd, newController = () => new AbortController() } = options;
  const areNone = areUnlimited(limits);
  const ofRun = new Interruption(newController());
  return (placed, attempt, control) => {
    const handler = lookup(placed.node);
    if (handler === undefined) throw new Error(`No handler serves node ${JSON.stringify(placed.node.id)}.`);
    if (areNone && areUnlimited(handler)) {
      const context = contextOf(control, attempt, ofRun.signal, options);
      return new LocalAttempt(handler, runHandler(handler, control, context, ofRun), ofRun);
    }
    const interruption = new Interruption(newController());
    const start = (onReport: () => void) =>
      runHandler(handler, control, contextOf(control, attempt, interruption.signal, options, onReport), interruption);
    const outcome = withLimits(start, control, interruption, limitsOf(handler, limits), onLateEnd);
    return new LocalAttempt(handler, outcome, interruption);
  };
}

class LocalAttempt implements Attempt {
  constructor(
    readonly handler: ServingHandler,
    readonly outcome: Promise<AttemptOutcome>,
    private readonly interruption: Interruption,
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
    const output = control.keep(returned, 'output');
    const named = control.blobs?.namedIn(output);
    return named === undefined ? { status: 'completed', output } : { status: 'completed', output, ...named };
  } catch (error) {
    return { status: 'failed', error };
  }
}

/** The attempt has failed once it is over a limit, whether its handler stops or not. */
function withLimits(
  start: (onReport: () => void) => Promise<AttemptOutcome>,
  control: AttemptControl,
  interruption: Interruption,
  limits: TimeLimits,
  onLateEnd: LocalDispatchOptions['onLateEnd'],
): Promise<AttemptOutcome> {
  return new Promise((resolve) => {
    let isLate = false;
    const onReport = watchLimits(control, limits, (error) => {
      if (isLate || interruption.byRun) return; // the run waits for what the handler still returns
      isLate = true;
      control.outlast();
      interruption.abort(error);
      resolve({ status: 'failed', error });
    });
    void start(onReport).then((outcome) => {
      if (!isLate) return resolve(outcome);
      control.endLate(outcome);
      onLateEnd?.(control.placed.node.id, outcome);
    });
  });
}

/**
 * What the handler receives: own fields, so that a handler may take them out or spread them. What they do is made when
 * they are called: most handlers call few of them.
 */
function contextOf(
  control: AttemptControl,
  attempt: number,
  signal: AbortSignal,
  options: LocalDispatchOptions,
  onReport?: () => void,
): NodeContext {
  const { state, placed } = control;
  const { id } = placed.node;
  const inputs = inputsOf(state, placed);
  let made: Spending | undefined;
  const spending = () => {
    made ??= spendingOf(control, options);
    return made;
  };
  return {
    vibe: state.vibe,
    plan: state.plan,
    runId: state.runId,
    attempt,
    inputs,
    input: <T>(nodeId: string) => inputIn<T>(inputs, placed, nodeId),
    signal,
    idempotencyKey: options.idempotencyKeyOf(id),
    step: (name, work) => metLater(runStep(control, signal, name, work)),
    job: (job) => metLater(runJob(control, signal, (name) => options.idempotencyKeyOf(id, name), job)),
    spawn: (nodes) => spawn(control, nodes),
    report: (fraction, message) => report(control, onReport, fraction, message),
    waitFor: (name, waitOptions) => metLater(waitFor(control, name, waitOptions)),
    sleepUntil: (until) => metLater(sleepUntil(control, until)),
    blob: (content, label) => storeBlob(control, signal, content, label),
    reserve: (estimate) => metLater(spending().reserve(estimate)),
    spend: (cost) => spending().spend(cost),
  };
}

/**
 * A handler may begin to wait now and await it later, or not at all. When the run ends the wait meanwhile, nobody has met
 * that rejection yet: Node would end the process of our host for it.
 */
function metLater<T>(wait: Promise<T>): Promise<T> {
  wait.catch(() => {}); // whoever awaits it is told
  return wait;
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
  const inputs = newTable();
  const sources = parent?.hasHandler ? [parent, ...dependencies] : dependencies;
  for (const { node } of sources) {
    const result = results.get(node.id);
    if (result?.status === 'completed') setOwn(inputs, node.id, result.output);
  }
  return Object.freeze(Object.setPrototypeOf(inputs, Object.prototype));
}
