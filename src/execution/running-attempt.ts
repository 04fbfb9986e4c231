import { OutputNotSerializableError, VibeError } from '../errors.js';
import { isoTime } from '../host.js';
import { copyJson } from '../plan/json-value.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { NodeRecord } from '../run/node-record.js';
import type { SerializedError } from '../run/node-result.js';
import type { Pause } from '../run/pause.js';
import type { RunState } from '../run/run-state.js';
import { serializeError } from '../run/serialize-error.js';
import type { Admitted } from './admission.js';
import type { Attempt } from './attempt.js';
import { type AttemptControl, AttemptOver } from './attempt-control.js';
import type { AttemptOutcome } from './attempt-outcome.js';
import { AttemptWaits, type WaitingOwner } from './attempt-waits.js';
import type { BlobKeeper } from './blob-keeper.js';
import type { ExecutionEventBody } from './execution-event.js';
import type { ExecutionServices } from './execution-services.js';
import type { Mailbox } from './mailbox.js';
import type { TimeLimit } from './time-limit.js';

/** What an attempt asks of the run that it belongs to. */
export interface AttemptOwner {
  readonly runState: RunState;
  readonly services: Pick<
    ExecutionServices,
    | 'now'
    | 'setTimer'
    | 'pauseAfterMs'
    | 'maxNodes'
    | 'mailbox'
    | 'blobs'
    | 'emit'
    | 'redactOutput'
    | 'redactMessage'
    | 'errorOf'
  >;
  record(records: readonly NodeRecord[]): Promise<void>;
  onParked(difference: 1 | -1): void;
  onSatOut(difference: number): void;
}

/**
 * An attempt under way. What only some attempts need (waits, time limits, names) is made when it is asked for: most are
 * one call to a model, and there may be thousands of them.
 */
export class RunningAttempt implements AttemptControl, WaitingOwner {
  attempt: Attempt | undefined;
  /** It did not stop in time: the run ended without it. Its places in the limits are taken until its handler ends. */
  isLeftBehind = false;
  /** It is over a time limit, and its handler is still at work. */
  private isOutlasted = false;
  isCancelled = false;
  isOver = false;
  private waits: AttemptWaits | undefined;
  private names: Set<string> | undefined;
  private calls: Record<'spawn' | 'sleepUntil', number> | undefined;
  private endings: Array<() => void> | undefined;

  constructor(
    private readonly owner: AttemptOwner,
    readonly placed: GraphNode,
    readonly number: number,
    readonly startedMs: number,
    private readonly entered: Admitted | undefined,
  ) {}

  get state(): RunState {
    return this.owner.runState;
  }

  /** Why it waits. */
  get pauses(): Pause[] {
    return this.waits?.pauses ?? [];
  }

  get pauseAfterMs(): number {
    return this.owner.services.pauseAfterMs;
  }

  get maxNodes(): number {
    return this.owner.services.maxNodes ?? Number.POSITIVE_INFINITY;
  }

  get mailbox(): Mailbox | undefined {
    return this.owner.services.mailbox;
  }

  get blobs(): BlobKeeper | undefined {
    return this.owner.services.blobs;
  }

  now(): number {
    return this.owner.services.now();
  }

  claimName(name: string): void {
    if (typeof name !== 'string' || name === '' || name.length > 200) {
      throw new TypeError(`A name has 1 to 200 characters, got ${JSON.stringify(name)?.slice(0, 80)}.`);
    }
    this.names ??= new Set();
    if (this.names.has(name)) {
      const node = JSON.stringify(this.placed.node.id);
      throw new Error(`Node ${node} uses the name ${JSON.stringify(name)} twice; in a loop, give it an index.`);
    }
    this.names.add(name);
  }

  countCall(of: 'spawn' | 'sleepUntil'): number {
    this.calls ??= { spawn: 0, sleepUntil: 0 };
    this.calls[of]++;
    return this.calls[of];
  }

  outlast(): void {
    this.isOutlasted = true;
  }

  endLate(outcome: AttemptOutcome): void {
    this.isOutlasted = false;
    if (this.isOver) this.entered?.leave(outcome);
  }

  onEnd(callback: () => void): void {
    this.endings ??= [];
    this.endings.push(callback);
  }

  releaseName(name: string): void {
    this.names?.delete(name);
  }

  emit(body: ExecutionEventBody): void {
    if (!this.isOver) this.owner.services.emit?.(body);
  }

  keep(value: unknown, what: string): unknown {
    const { redactOutput } = this.owner.services;
    const copy = copyJson(value, what, { freeze: redactOutput === undefined });
    const nodeId = this.placed.node.id;
    if (!copy.ok) throw new OutputNotSerializableError(nodeId, copy.path, copy.reason);
    return redactOutput === undefined ? copy.value : redactOutput(copy.value, nodeId);
  }

  messageOf(message: string): string | undefined {
    const { redactMessage } = this.owner.services;
    return redactMessage === undefined ? message : redactMessage(message, this.placed.node.id);
  }

  errorOf(thrown: unknown): SerializedError {
    const { errorOf = serializeError } = this.owner.services;
    return errorOf(thrown, this.placed.node.id);
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    return this.owner.services.setTimer(callback, delayMs);
  }

  isoNow(): string {
    return isoTime(this.now());
  }

  workedMs(): number {
    return this.waits?.workedMs() ?? Math.max(0, this.now() - this.startedMs);
  }

  limit(ms: number, onOver: () => void): TimeLimit {
    return this.waiting().limit(ms, onOver);
  }

  record(...records: NodeRecord[]): Promise<void> {
    if (this.isOver) return Promise.reject(this.over());
    return this.whileBusy(() => this.owner.record(records));
  }

  whileBusy<T>(work: () => Promise<T>): Promise<T> {
    if (this.isOver) return Promise.reject(this.over());
    return this.waiting().whileBusy(work);
  }

  park<T>(pause: Pause, until: Promise<T>): Promise<T> {
    return this.waiting().park(pause, until);
  }

  parkUntil(pause: Pause, onWake: (wake: () => void) => void): Promise<void> {
    return this.waiting().parkUntil(pause, onWake);
  }

  sitOut<T>(until: Promise<T>): Promise<T> {
    return this.waiting().sitOut(until);
  }

  onParked(difference: 1 | -1): void {
    this.owner.onParked(difference);
  }

  onSatOut(difference: number): void {
    this.owner.onSatOut(difference);
  }

  interrupt(reason: unknown): void {
    this.isCancelled = !(VibeError.is(reason) && (reason.code === 'PLANNER_CLOSED' || reason.code === 'RUN_TIMEOUT'));
    this.attempt?.interrupt(reason);
    this.unpark(reason);
  }

  /** Ends every wait. What the handler does about it is waited for, as if it had never been parked. */
  unpark(reason: unknown): void {
    this.waiting().unpark(reason);
  }

  /** Nobody waits for what it still returns. */
  abandon(): void {
    this.attempt?.interrupt(this.over());
    this.unpark(this.over());
  }

  /** Its handler has returned, or the run does not wait for it any more. */
  end(outcome: AttemptOutcome | undefined): void {
    if (this.isOver) {
      if (this.isLeftBehind) this.entered?.leave(outcome);
      return;
    }
    this.isOver = true;
    if (this.endings !== undefined) for (const ending of this.endings) ending();
    if (outcome !== undefined) this.waits?.forsake();
    this.waits?.end();
    if (this.isLeftBehind) this.entered?.leaveBehind();
    else if (this.isOutlasted) this.entered?.leaveLater();
    else this.entered?.leave(outcome);
  }

  over(): AttemptOver {
    return new AttemptOver(`attempt ${this.number} on node ${JSON.stringify(this.placed.node.id)} is over`);
  }

  private waiting(): AttemptWaits {
    this.waits ??= new AttemptWaits(this);
    return this.waits;
  }
}
