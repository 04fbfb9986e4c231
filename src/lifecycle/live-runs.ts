import { setMaxListeners } from 'node:events';
import type { RunRecorder } from '../checkpoint/run-recorder.js';
import type { Host } from '../host.js';
import type { ExecutionState } from '../run/execution-state.js';
import type { RunState } from '../run/run-state.js';
import type { RunMailbox } from './run-mailbox.js';

/** A call that is under way. */
export interface LiveRun {
  /** Ends early when the caller's signal aborts or the planner is closed. */
  readonly signal: AbortSignal;
  /** Aborts when the planner is drained: nothing new is to start. */
  readonly drain: AbortSignal;
  /** Ends it early. */
  abort(reason: unknown): void;
  state?: RunState;
  /** What it amounts to now, as a copy; there when `state` is. */
  snapshot?: () => ExecutionState;
  recorder?: RunRecorder | undefined;
  /** Where its signals come in. */
  mailbox?: RunMailbox | undefined;
  /** Set when a run that records nothing was given a checkpoint after all: from then on it holds its plan. */
  held?: Promise<{ readonly epoch: number }> | undefined;
  /** Done when the call has ended. */
  readonly onEnd: Array<() => void | Promise<void>>;
}

/** A call that has got as far as having a plan. */
export type StartedRun = LiveRun & { state: RunState; snapshot: () => ExecutionState };

/** The calls of one planner that are under way. */
export class LiveRuns {
  private readonly runs = new Map<LiveRun, { readonly controller: AbortController; readonly ended: Promise<void> }>();

  private readonly draining = new AbortController();

  constructor() {
    setMaxListeners(0, this.draining.signal); // all runs listen to it
  }

  /** Does a call's work with a signal of its own that also obeys the caller's. */
  async during<T>(callerSignal: AbortSignal | undefined, work: (run: LiveRun) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const obey = () => controller.abort(callerSignal?.reason);
    callerSignal?.addEventListener('abort', obey);
    const abort = (reason: unknown) => controller.abort(reason);
    const run: LiveRun = { signal: controller.signal, drain: this.draining.signal, abort, onEnd: [] };
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.runs.set(run, { controller, ended });
    try {
      return await work(run);
    } finally {
      callerSignal?.removeEventListener('abort', obey);
      this.runs.delete(run);
      for (const onEnd of run.onEnd) await onEnd();
      end();
    }
  }

  /** The newest run of a plan that has got as far as having one. */
  find(planId: string): StartedRun | undefined {
    let newest: StartedRun | undefined;
    for (const run of this.runs.keys()) {
      if (run.state?.planId === planId) newest = run as StartedRun;
    }
    return newest;
  }

  /** Aborts every call and resolves when all have ended. */
  async abortAll(reason: unknown): Promise<void> {
    const runs = [...this.runs.values()];
    for (const { controller } of runs) controller.abort(reason);
    await this.allEnded();
  }

  /** Lets no call start anything new, aborts what is not over in time, and resolves when all have ended. */
  async drain(reason: unknown, graceMs: number, setTimer: Host['setTimer']): Promise<void> {
    this.draining.abort(reason);
    if (this.runs.size === 0) return;
    const cancel = setTimer(() => void this.abortAll(reason), graceMs);
    await this.allEnded();
    cancel();
  }

  private async allEnded(): Promise<void> {
    await Promise.all([...this.runs.values()].map(({ ended }) => ended));
  }
}
