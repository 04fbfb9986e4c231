import { isoTime } from '../host.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { NodeResult, SerializedError } from '../run/node-result.js';
import type { RunLog } from '../run/run-log.js';
import type { EndStatus, RunRecord } from '../run/run-record.js';
import { applyRecord, type RunState } from '../run/run-state.js';
import { serializeError } from '../run/serialize-error.js';
import type { Attempt, AttemptOutcome, Dispatch } from './attempt.js';
import type { Emit } from './execution-event.js';
import { delayBeforeRetry, type RetryPolicy } from './retry.js';
import { type Decision, Scheduler } from './scheduler.js';

export interface ExecutionServices {
  readonly log: RunLog;
  readonly dispatch: Dispatch;
  /** Attempts under way at once. */
  readonly concurrency: number;
  /** With so many appends waiting for the log, no attempt is started. Unlimited when left out. */
  readonly maxUncommitted?: number;
  readonly retry: RetryPolicy;
  /** What is kept of an error. Default: its name, message and code. */
  readonly errorOf?: (thrown: unknown, nodeId: string) => SerializedError;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Left out when nobody listens. */
  readonly emit?: Emit;
  /** Ends the run early: nothing new starts, and what is under way is asked to stop. */
  readonly signal?: AbortSignal;
}

/**
 * Runs what a run has left to do and answers how it ended. Everything that happens is appended to the log, and state,
 * events and scheduler react once it is committed.
 *
 * Rejects with what `log.append` rejected with, after the attempts under way have settled. The state then holds their
 * results too, although they are not committed, so that nothing that was paid for is lost on the way out.
 */
export function executeRun(state: RunState, services: ExecutionServices): Promise<EndStatus> {
  return new Promise((resolve, reject) => new RunExecution(state, services, resolve, reject).start());
}

class RunExecution {
  private scheduler: Scheduler | undefined;
  private readonly attempts = new Set<Attempt>();
  /** Which attempt is next, for nodes of which one has failed. */
  private readonly nextAttempts = new Map<number, number>();
  private readonly retryTimers = new Map<number, ReturnType<typeof setTimeout>>();
  private committing = 0;
  private newest: { readonly appended: Promise<void>; readonly appends: Array<readonly RunRecord[]> } | undefined;
  private isAdvancing = false;
  private isReacting = false;
  private isStopped = false;
  private isEnding = false;
  private failure: { readonly error: unknown } | undefined;
  /** What the log did not take. */
  private readonly unkept: RunRecord[] = [];
  private readonly stop = () => this.interrupt();

  constructor(
    private readonly state: RunState,
    private readonly services: ExecutionServices,
    private readonly resolve: (status: EndStatus) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  start(): void {
    this.services.signal?.addEventListener('abort', this.stop);
    if (this.services.signal?.aborted) this.isStopped = true;
    this.commit([{ kind: 'run_started', at: this.isoNow() }]);
    this.advance();
  }

  /** Does everything that can be done now. Called again while it works, it goes round once more instead of deeper. */
  private advance(): void {
    if (this.isAdvancing || this.isReacting || this.scheduler === undefined) return this.finishFailed();
    this.isAdvancing = true;
    try {
      do this.startReady(this.scheduler);
      while (this.settleDecided(this.scheduler));
    } catch (error) {
      this.fail(error, []);
    }
    this.isAdvancing = false;
    this.guard(() => this.finish());
  }

  /** What is thrown here comes from the host, such as a clock that fails: it ends the run, and never goes astray. */
  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error, []);
    }
  }

  private startReady(scheduler: Scheduler): void {
    const { concurrency, maxUncommitted = Number.POSITIVE_INFINITY } = this.services;
    while (!this.isStopped && this.failure === undefined && this.attempts.size < concurrency) {
      if (this.committing >= maxUncommitted) return;
      this.services.log.check?.();
      const placed = scheduler.takeReady();
      if (placed === undefined) return;
      this.startAttempt(placed);
    }
  }

  private startAttempt(placed: GraphNode): void {
    const number = this.nextAttempts.get(placed.index) ?? 1;
    const startedMs = this.services.now();
    this.services.emit?.({ type: 'node_started', nodeId: placed.node.id, attempt: number });
    if (this.isStopped) return; // by a listener
    const attempt = this.services.dispatch(placed, number);
    this.attempts.add(attempt);
    if (this.isStopped) attempt.interrupt(this.services.signal?.reason); // by the handler itself
    attempt.outcome.then(
      (outcome) => {
        this.attempts.delete(attempt);
        this.guard(() => this.settleAttempt(placed, attempt, number, startedMs, outcome));
        this.advance();
      },
      (error) => {
        this.attempts.delete(attempt);
        this.fail(error, []);
      },
    );
  }

  private settleAttempt(
    placed: GraphNode,
    { handler }: Attempt,
    number: number,
    startedMs: number,
    outcome: AttemptOutcome,
  ): void {
    if (outcome.status === 'interrupted') return;
    if (outcome.status === 'failed' && this.retry(placed, number, outcome.error)) return;
    this.nextAttempts.delete(placed.index);
    const endedMs = this.services.now();
    const settled = {
      nodeId: placed.node.id,
      attempts: number,
      startedAt: isoTime(startedMs),
      completedAt: isoTime(endedMs),
      durationMs: Math.max(0, endedMs - startedMs),
      handler: handler.identity,
    };
    const result: NodeResult =
      outcome.status === 'completed'
        ? { status: 'completed', ...settled, output: outcome.output }
        : { status: 'failed', ...settled, error: this.errorOf(outcome.error, placed) };
    this.commit([{ kind: 'node_settled', result: Object.freeze(result) }]);
  }

  /** The slot is free while a node waits for its next attempt. */
  private retry(placed: GraphNode, number: number, error: unknown): boolean {
    const delayMs = delayBeforeRetry(this.services.retry, number, error);
    if (delayMs === undefined) return false;
    if (this.isStopped || this.failure !== undefined) return true; // left to do, for whoever resumes
    const nextAttemptAt = isoTime(this.services.now() + delayMs);
    const serialized = this.errorOf(error, placed);
    const nodeId = placed.node.id;
    this.services.emit?.({ type: 'node_retry', nodeId, attempt: number, error: serialized, delayMs, nextAttemptAt });
    if (this.isStopped) return true; // by a listener
    this.nextAttempts.set(placed.index, number + 1);
    if (delayMs === 0) this.scheduler?.makeReady(placed);
    else
      this.retryTimers.set(
        placed.index,
        setTimeout(() => this.retryNow(placed), delayMs),
      );
    return true;
  }

  private errorOf(error: unknown, { node }: GraphNode): SerializedError {
    const { errorOf = serializeError } = this.services;
    return errorOf(error, node.id);
  }

  private retryNow(placed: GraphNode): void {
    this.retryTimers.delete(placed.index);
    this.scheduler?.makeReady(placed);
    this.advance();
  }

  private settleDecided(scheduler: Scheduler): boolean {
    if (this.failure !== undefined) return false;
    const decided = scheduler.takeDecided();
    if (decided.length === 0) return false;
    const at = this.isoNow();
    this.commit(decided.map((decision) => recordOf(decision, at)));
    return true;
  }

  private commit(records: readonly RunRecord[]): void {
    if (this.failure !== undefined) return this.keep(records);
    let appended: void | Promise<void>;
    try {
      appended = this.services.log.append(records);
    } catch (error) {
      return this.fail(error, records);
    }
    if (appended === undefined) return this.react(records);
    this.committing++;
    if (this.newest?.appended === appended) this.newest.appends.push(records);
    else this.await(appended, [records]);
  }

  /** Appends that share a promise, as those do that share a flush, are waited for together. */
  private await(appended: Promise<void>, appends: Array<readonly RunRecord[]>): void {
    this.newest = { appended, appends };
    const forget = () => {
      this.committing -= appends.length;
      if (this.newest?.appended === appended) this.newest = undefined;
    };
    appended.then(
      () => {
        forget();
        for (const records of appends) this.guard(() => this.react(records));
        this.advance();
      },
      (error) => {
        forget();
        for (const records of appends) this.fail(error, records);
      },
    );
  }

  /** Listeners may stop the run from in here: the records are all applied before anything follows from that. */
  private react(records: readonly RunRecord[]): void {
    this.isReacting = true;
    try {
      for (const record of records) {
        const before = this.state.completed.length;
        const placed = applyRecord(this.state, record);
        if (this.services.emit !== undefined) this.emitRecord(record, before, this.services.emit);
        if (record.kind === 'run_started') this.scheduler = new Scheduler(this.state);
        else if (record.kind === 'run_ended') this.end(record.status);
        else if (placed !== undefined) this.scheduler?.react(placed, record);
      }
    } finally {
      this.isReacting = false;
    }
  }

  private emitRecord(record: RunRecord, before: number, emit: Emit): void {
    if (record.kind === 'node_settled') {
      const { result } = record;
      if (result.status === 'failed') {
        emit({ type: 'node_failed', nodeId: result.nodeId, error: result.error, attempts: result.attempts });
      } else if (result.status === 'skipped') {
        emit({ type: 'node_skipped', nodeId: result.nodeId, blockedBy: result.blockedBy });
      }
    }
    for (let position = before; position < this.state.completed.length; position++) {
      const nodeId = this.state.completed[position] as string;
      const result = this.state.results.get(nodeId);
      if (result?.status === 'completed') {
        emit({ type: 'node_completed', nodeId, output: result.output, durationMs: result.durationMs });
      }
    }
  }

  private interrupt(): void {
    this.isStopped = true;
    this.cancelRetries();
    for (const attempt of this.attempts) attempt.interrupt(this.services.signal?.reason);
    this.advance();
  }

  private fail(error: unknown, records: readonly RunRecord[]): void {
    this.failure ??= { error };
    this.cancelRetries();
    this.keep(records);
    this.finishFailed();
  }

  /**
   * Not committed and never announced, but in the state that the caller is handed: only then, so that what is still
   * committed meanwhile completes no parent of theirs.
   */
  private keep(records: readonly RunRecord[]): void {
    this.unkept.push(...records);
  }

  private cancelRetries(): void {
    for (const timer of this.retryTimers.values()) clearTimeout(timer);
    this.retryTimers.clear();
  }

  private finish(): void {
    if (this.failure !== undefined) return this.finishFailed();
    if (this.isEnding || this.isBusy()) return;
    this.isEnding = true;
    const { completed, failed, skipped, graph, results } = this.state;
    const isAllSettled = results.size === graph.nodes.length;
    const ended = this.isStopped && !isAllSettled ? 'cancelled' : failed + skipped > 0 ? 'failed' : 'completed';
    if (ended === 'completed' && completed.length < graph.nodes.length) {
      return this.fail(new Error(`Run "${this.state.runId}" came to a stop with nodes left to do.`), []);
    }
    this.commit([{ kind: 'run_ended', status: ended, at: this.isoNow() }]);
  }

  private end(status: EndStatus): void {
    this.services.signal?.removeEventListener('abort', this.stop);
    this.resolve(status);
  }

  private finishFailed(): void {
    if (this.failure === undefined || this.isBusy()) return;
    this.services.signal?.removeEventListener('abort', this.stop);
    for (const record of this.unkept.splice(0)) applyRecord(this.state, record);
    this.reject(this.failure.error);
  }

  private isBusy(): boolean {
    return this.attempts.size > 0 || this.committing > 0 || this.retryTimers.size > 0;
  }

  private isoNow(): string {
    return isoTime(this.services.now());
  }
}

function recordOf(decision: Decision, at: string): RunRecord {
  const nodeId = decision.placed.node.id;
  if (decision.kind === 'complete') return { kind: 'composite_completed', nodeId, at };
  const settled = { nodeId, attempts: 0, startedAt: at, completedAt: at, durationMs: 0 };
  if (decision.kind === 'skip') {
    return { kind: 'node_settled', result: { status: 'skipped', ...settled, blockedBy: decision.blockedBy.node.id } };
  }
  const message = `child ${JSON.stringify(decision.child.node.id)} failed`;
  const error = { name: 'ChildFailedError', message, code: 'CHILD_FAILED' };
  return { kind: 'node_settled', result: { status: 'failed', ...settled, error } };
}
