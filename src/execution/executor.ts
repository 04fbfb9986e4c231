import { isoTime } from '../host.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { NodeRecordOf } from '../run/node-record.js';
import type { SerializedError } from '../run/node-result.js';
import type { Pause } from '../run/pause.js';
import type { EndStatus, RunRecord } from '../run/run-record.js';
import { applyRecord, type RunState } from '../run/run-state.js';
import { serializeError } from '../run/serialize-error.js';
import type { Attempt } from './attempt.js';
import type { AttemptOutcome } from './attempt-outcome.js';
import { type Commit, Commits } from './commits.js';
import { recordOf } from './decision-record.js';
import { emitRecord } from './emit-record.js';
import type { ExecutionServices } from './execution-services.js';
import { LaterStarts } from './later-starts.js';
import { delayBeforeRetry, retryOf } from './retry.js';
import { RunningAttempt } from './running-attempt.js';
import { Scheduler } from './scheduler.js';
import { settledResult } from './settled-result.js';

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
  private readonly attempts = new Set<RunningAttempt>();
  /** How many of them wait without a slot. */
  private parked = 0;
  /** How many of their waits end so soon that the run does not pause for them. */
  private satOut = 0;
  /** Nodes whose next attempt an earlier process had planned, by index: its time is looked at once. */
  private readonly takenOver = new Set<number>();
  private readonly laterStarts: LaterStarts;
  private readonly commits: Commits;
  private isAdvancing = false;
  private isReacting = false;
  private isStopped = false;
  private isDraining = false;
  private isEnding = false;
  /** Signals are being looked for, and where the run stood when they were last. */
  private isLooking = false;
  private lookedAt: number | undefined;
  private failure: { readonly error: unknown } | undefined;
  /** What the log did not take. */
  private readonly unkept: RunRecord[] = [];
  private readonly stop = () => this.interrupt();
  private readonly drain = () => this.beginDraining();
  /** Forgets about those that do not stop when they are told to. */
  private cancelGrace = () => {};

  constructor(
    private readonly state: RunState,
    readonly services: ExecutionServices,
    private readonly resolve: (status: EndStatus) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    const makeReady = (placed: GraphNode) => this.scheduler?.makeReady(placed);
    this.laterStarts = new LaterStarts(services, makeReady, () => this.advance());
    this.commits = new Commits(services.log, {
      onCommitted: (commit) => this.react(commit),
      onCommittedLater: (commits) => this.reactLater(commits),
      onFailed: (error, commit) => this.fail(error, commit),
    });
  }

  start(): void {
    this.services.signal?.addEventListener('abort', this.stop);
    this.services.drain?.addEventListener('abort', this.drain);
    if (this.services.signal?.aborted) this.isStopped = true;
    if (this.services.drain?.aborted) this.isDraining = true;
    this.commit([{ kind: 'run_started', at: this.isoNow() }, ...(this.services.decided ?? [])]);
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
      this.fail(error);
    }
    this.isAdvancing = false;
    this.guard(() => this.finish());
  }

  /** What is thrown here comes from the host, such as a clock that fails: it ends the run, and never goes astray. */
  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error);
    }
  }

  private startReady(scheduler: Scheduler): void {
    const { concurrency, maxUncommitted = Number.POSITIVE_INFINITY } = this.services;
    while (this.isStarting && this.attempts.size - this.parked < concurrency) {
      if (this.commits.count >= maxUncommitted) return;
      this.services.log.check?.();
      const placed = scheduler.takeReady();
      if (placed === undefined) return;
      this.startAttempt(placed);
    }
  }

  /** Whether anything new may start. */
  private get isStarting(): boolean {
    return !this.isStopped && !this.isDraining && this.failure === undefined;
  }

  private startAttempt(placed: GraphNode): void {
    const progress = this.state.progress.size > 0 ? this.state.progress.get(placed.node.id) : undefined;
    if (progress?.retryAt !== undefined && this.takenOver.delete(placed.index)) {
      const { id: nodeId } = placed.node;
      return this.laterStarts.startLater(placed, { reason: 'retry', nodeId, resumeAt: progress.retryAt });
    }
    const entered = this.services.admission?.enter(placed, () => this.laterStarts.tryAgain(placed));
    if (entered?.isAdmitted === false) return this.laterStarts.putOff(placed, entered.pause);
    const startedMs = this.services.now();
    const number = (progress?.failedAttempts ?? 0) + 1;
    this.services.emit?.({ type: 'node_started', nodeId: placed.node.id, attempt: number });
    if (!this.isStarting) return entered?.leave(undefined); // stopped by a listener
    const running = new RunningAttempt(this, placed, number, startedMs, entered);
    this.attempts.add(running);
    const attempt = this.services.dispatch(placed, number, running);
    running.attempt = attempt;
    if (this.isStopped) attempt.interrupt(this.services.signal?.reason); // by the handler itself
    attempt.outcome.then(
      (outcome) => {
        if (!this.forget(running, outcome)) {
          if (running.isLeftBehind) this.services.onLeftBehind?.(placed.node.id, outcome);
          return;
        }
        this.guard(() => this.settleAttempt(running, attempt, outcome));
        this.advance();
      },
      (error) => {
        if (this.forget(running)) this.fail(error);
      },
    );
  }

  /** @returns whether it was still under way: nobody waits for what a pause left behind */
  private forget(running: RunningAttempt, outcome?: AttemptOutcome): boolean {
    running.end(outcome);
    return this.attempts.delete(running);
  }

  private settleAttempt(running: RunningAttempt, attempt: Attempt, outcome: AttemptOutcome): void {
    if (outcome.status === 'interrupted') return;
    if (outcome.status === 'failed' && this.retry(running, attempt, outcome.error)) return;
    const result = settledResult(running, attempt, outcome, this.services.now(), (error) =>
      this.errorOf(error, running.placed),
    );
    this.commit([{ kind: 'node_settled', result }]);
  }

  /** The slot is free while a node waits for its next attempt. */
  private retry(running: RunningAttempt, { handler }: Attempt, error: unknown): boolean {
    const { node } = running.placed;
    const { retry } = this.services;
    const nodeTimeoutMs = handler.nodeTimeoutMs ?? this.services.nodeTimeoutMs ?? Number.POSITIVE_INFINITY;
    const { number: attempt } = running;
    const delayMs = delayBeforeRetry(retryOf(retry, handler.retry, node.retry), attempt, error, this.services);
    if (delayMs === undefined) return false;
    const durationMs = running.workedMs();
    if ((this.state.progress.get(node.id)?.spentMs ?? 0) + durationMs >= nodeTimeoutMs) return false;
    if (this.isStopped || this.failure !== undefined) return true; // left to do, for whoever resumes
    const nowMs = this.services.now();
    const times = { at: isoTime(nowMs), retryAt: isoTime(nowMs + delayMs), durationMs };
    const kept = this.errorOf(error, running.placed);
    this.commit([{ kind: 'attempt_failed', nodeId: node.id, attempt, error: kept, ...times }]);
    return true;
  }

  private errorOf(error: unknown, { node }: GraphNode): SerializedError {
    const { errorOf = serializeError } = this.services;
    return errorOf(error, node.id);
  }

  /** For a handler at work. */
  record(records: readonly RunRecord[]): Promise<void> {
    return new Promise((resolve, reject) => this.commit(records, { resolve, reject }));
  }

  /** Told when an attempt begins or ceases to wait without a slot. */
  onParked(difference: 1 | -1): void {
    this.parked += difference;
    if (difference === 1) this.advance();
  }

  /** Told when a wait begins or ends that the run sits out. */
  onSatOut(difference: number): void {
    this.satOut += difference;
  }

  get runState(): RunState {
    return this.state;
  }

  private settleDecided(scheduler: Scheduler): boolean {
    if (this.failure !== undefined) return false;
    const decided = scheduler.takeDecided();
    if (decided.length === 0) return false;
    const at = this.isoNow();
    this.commit(decided.map((decision) => recordOf(decision, at)));
    return true;
  }

  private commit(records: readonly RunRecord[], waiter?: Commit['waiter']): void {
    const commit = { records, waiter };
    if (this.failure !== undefined) return this.fail(this.failure.error, commit);
    this.commits.append(commit, this.attempts.size);
  }

  private reactLater(commits: readonly Commit[]): void {
    for (const commit of commits) this.guard(() => this.react(commit));
    this.advance();
  }

  /** Listeners may stop the run from in here: the records are all applied before anything follows from that. */
  private react({ records, waiter }: Commit): void {
    this.isReacting = true;
    try {
      for (const record of records) {
        const before = this.state.completed.length;
        const placed = applyRecord(this.state, record);
        if (this.services.emit !== undefined) emitRecord(record, this.state, before, this.services.emit);
        if (record.kind === 'run_ended') this.end(record.status);
        else if (placed !== undefined) this.scheduler?.react(placed, record);
        if (record.kind === 'attempt_failed') this.startAgain(placed as GraphNode, record);
      }
      if (this.scheduler === undefined) this.begin(); // on what the first records made of the state
    } finally {
      this.isReacting = false;
    }
    waiter?.resolve();
  }

  private begin(): void {
    this.scheduler = new Scheduler(this.state);
    for (const nodeId of this.state.progress.keys()) {
      const placed = this.state.graph.get(nodeId);
      if (placed !== undefined) this.takenOver.add(placed.index);
    }
  }

  private startAgain(placed: GraphNode, { nodeId, retryAt }: NodeRecordOf<'attempt_failed'>): void {
    if (this.isStarting) this.laterStarts.startLater(placed, { reason: 'retry', nodeId, resumeAt: retryAt });
  }

  private interrupt(): void {
    this.isStopped = true;
    this.laterStarts.cancel();
    for (const running of [...this.attempts]) running.interrupt(this.services.signal?.reason);
    const { setTimer, graceMs } = this.services;
    if (this.attempts.size > 0) this.cancelGrace = setTimer(() => this.leaveBehind(), graceMs);
    this.advance();
  }

  /** The run has waited long enough for those that do not stop. */
  private leaveBehind(): void {
    for (const running of [...this.attempts]) {
      running.isLeftBehind = true;
      this.forget(running);
    }
    this.advance();
  }

  private beginDraining(): void {
    this.isDraining = true;
    this.laterStarts.cancel();
    this.advance();
  }

  private fail(error: unknown, { records, waiter }: Commit = nothing): void {
    this.failure ??= { error };
    this.laterStarts.cancel();
    this.keep(records);
    waiter?.reject(error);
    for (const running of [...this.attempts]) running.unpark(error);
    this.finishFailed();
  }

  /**
   * Not committed and never announced, but in the state that the caller is handed: only then, so that what is still
   * committed meanwhile completes no parent of theirs.
   */
  private keep(records: readonly RunRecord[]): void {
    this.unkept.push(...records);
  }

  private finish(): void {
    if (this.failure !== undefined) return this.finishFailed();
    if (this.isEnding || this.isBusy()) return;
    if (this.lookBeforePause()) return;
    this.isEnding = true;
    const { completed, failed, skipped, graph, results } = this.state;
    const isAllSettled = results.size === graph.nodes.length;
    const pauses = this.isDrained ? (isAllSettled ? [] : [drained]) : this.isStopped ? [] : this.pauses();
    const isPaused = pauses.length > 0;
    const settled = failed + skipped > 0 ? 'failed' : 'completed';
    const status = isPaused ? 'paused' : this.isStopped && !isAllSettled ? 'cancelled' : settled;
    if (status === 'completed' && completed.length < graph.nodes.length) {
      return this.fail(new Error(`Run "${this.state.runId}" came to a stop with nodes left to do.`));
    }
    for (const running of [...this.attempts]) {
      this.forget(running);
      running.abandon();
    }
    this.commit([{ kind: 'run_ended', status, at: this.isoNow(), ...(isPaused && { pauses }) }]);
  }

  /** A signal may have come since the last look: whoever sent it was told that it would be taken. */
  private lookBeforePause(): boolean {
    const { mailbox } = this.services;
    if (mailbox === undefined || this.isStopped || this.attempts.size === 0) return false;
    if (this.lookedAt === this.state.seq) return false;
    this.lookedAt = this.state.seq;
    this.isLooking = true;
    void mailbox.look().then(() => {
      this.isLooking = false;
      this.advance();
    });
    return true;
  }

  /** By the end of a planner that waits for its runs; not when somebody cancels this one meanwhile. */
  private get isDrained(): boolean {
    const { signal, drain } = this.services;
    return this.isDraining && (signal?.aborted !== true || signal.reason === drain?.reason);
  }

  /** What is left to do and has to wait for something that the run does not wait for. */
  private pauses(): Pause[] {
    return [...this.laterStarts.held, ...[...this.attempts].flatMap((running) => running.pauses)];
  }

  private end(status: EndStatus): void {
    this.letGo();
    this.resolve(status);
  }

  private finishFailed(): void {
    if (this.failure === undefined || this.isBusy()) return;
    this.letGo();
    for (const record of this.unkept.splice(0)) applyRecord(this.state, record);
    this.reject(this.failure.error);
  }

  private letGo(): void {
    this.cancelGrace();
    this.services.admission?.close();
    this.services.signal?.removeEventListener('abort', this.stop);
    this.services.drain?.removeEventListener('abort', this.drain);
  }

  private isBusy(): boolean {
    if (this.attempts.size > this.parked || this.commits.count > 0 || this.isLooking) return true;
    return this.laterStarts.timed > 0 || (this.satOut + this.laterStarts.untimed > 0 && this.isStarting);
  }

  private isoNow(): string {
    return isoTime(this.services.now());
  }
}

const drained: Pause = { reason: 'drain' };

const nothing: Commit = { records: [] };
