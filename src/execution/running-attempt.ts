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
import type { Attempt, AttemptOutcome } from './attempt.js';
import { type AttemptControl, AttemptOver } from './attempt-control.js';
import type { ExecutionEventBody } from './execution-event.js';
import type { ExecutionServices } from './execution-services.js';
import type { Mailbox } from './mailbox.js';
import { TimeLimit, type WorkClock } from './time-limit.js';

/** What an attempt asks of the run that it belongs to. */
export interface AttemptOwner {
  readonly runState: RunState;
  readonly services: Pick<
    ExecutionServices,
    'now' | 'setTimer' | 'pauseAfterMs' | 'maxNodes' | 'mailbox' | 'emit' | 'redactOutput' | 'errorOf'
  >;
  record(records: readonly NodeRecord[]): Promise<void>;
  onParked(difference: 1 | -1): void;
  onSatOut(difference: number): void;
}

interface Wait {
  readonly reject: (error: unknown) => void;
}

interface Park extends Wait {
  readonly pause: Pause;
  readonly isSatOut: boolean;
  /** Rejects when the wait is ended from outside. */
  readonly ended: Promise<never>;
}

/** An attempt under way: parked while all that it does is to wait. */
export class RunningAttempt implements AttemptControl, WorkClock {
  attempt: Attempt | undefined;
  /** It did not stop in time: the run ended without it. */
  isLeftBehind = false;
  isCancelled = false;
  private readonly parks = new Set<Park>();
  private readonly waits = new Set<Wait>();
  /** Why no wait is worth while any more. */
  private noMoreWaits: { readonly reason: unknown } | undefined;
  private busy = 0;
  private isParked = false;
  private isOver = false;
  /** Waits that the run sits out. */
  private satOut = 0;
  private parkedMs = 0;
  private parkedAt = 0;
  private limits: Set<TimeLimit> | undefined;
  private names: Set<string> | undefined;
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
    return [...this.parks].map(({ pause }) => pause);
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

  get isStanding(): boolean {
    return this.isParked || this.isOver;
  }

  workedMs(): number {
    return Math.max(0, (this.isParked ? this.parkedAt : this.now()) - this.startedMs - this.parkedMs);
  }

  limit(ms: number, onOver: () => void): TimeLimit {
    const limit = new TimeLimit(this, ms, onOver);
    this.limits ??= new Set();
    this.limits.add(limit);
    return limit;
  }

  record(...records: NodeRecord[]): Promise<void> {
    if (this.isOver) return Promise.reject(this.over());
    return this.whileBusy(() => this.owner.record(records));
  }

  async whileBusy<T>(work: () => Promise<T>): Promise<T> {
    if (this.isOver) throw this.over();
    this.busy++;
    this.update();
    try {
      return await work();
    } finally {
      this.busy--;
      this.update();
    }
  }

  async park<T>(pause: Pause, until: Promise<T>): Promise<T> {
    const parked = this.enter(pause);
    try {
      return await Promise.race([until, parked.ended]);
    } finally {
      this.leave(parked);
    }
  }

  async parkUntil(pause: Pause, onWake: (wake: () => void) => void): Promise<void> {
    const parked = this.enter(pause);
    const woken = new Promise<void>((resolve) => {
      onWake(() => {
        this.leave(parked);
        resolve();
      });
    });
    try {
      await Promise.race([woken, parked.ended]);
    } finally {
      this.leave(parked);
    }
  }

  private enter(pause: Pause): Park {
    this.refuseWait();
    const isSatOut = 'resumeAt' in pause && Date.parse(pause.resumeAt) - this.now() <= this.pauseAfterMs;
    const parked = { pause, isSatOut, ...endOfWait() };
    if (isSatOut) this.countSatOut(1);
    this.parks.add(parked);
    this.update();
    return parked;
  }

  private leave(parked: Park): void {
    if (!this.parks.delete(parked)) return;
    if (parked.isSatOut && !this.isOver) this.countSatOut(-1);
    this.update();
  }

  async sitOut<T>(until: Promise<T>): Promise<T> {
    this.refuseWait();
    const { ended, reject } = endOfWait();
    const wait = { reject };
    this.waits.add(wait);
    try {
      return await Promise.race([until, ended]);
    } finally {
      this.waits.delete(wait);
    }
  }

  interrupt(reason: unknown): void {
    this.isCancelled = !(VibeError.is(reason) && (reason.code === 'PLANNER_CLOSED' || reason.code === 'RUN_TIMEOUT'));
    this.attempt?.interrupt(reason);
    this.unpark(reason);
  }

  /** Ends every wait. What the handler does about it is waited for, as if it had never been parked. */
  unpark(reason: unknown): void {
    this.noMoreWaits ??= { reason };
    for (const { reject } of this.waits) reject(reason);
    for (const parked of [...this.parks]) {
      parked.reject(reason);
      this.leave(parked);
    }
  }

  /** Nobody waits for what it still returns. */
  abandon(): void {
    this.attempt?.interrupt(this.over());
    this.unpark(this.over());
  }

  /** Its handler has returned, or the run does not wait for it any more. */
  end(outcome: AttemptOutcome | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const ending of this.endings ?? []) ending();
    for (const limit of this.limits ?? []) limit.stop();
    this.limits = undefined;
    if (this.satOut > 0) this.countSatOut(-this.satOut);
    this.entered?.leave(outcome);
    this.update();
  }

  private refuseWait(): void {
    if (this.isOver) throw this.over();
    if (this.noMoreWaits !== undefined) throw this.noMoreWaits.reason;
  }

  private update(): void {
    const isParked = !this.isOver && this.parks.size > 0 && this.busy === 0;
    if (isParked === this.isParked) return;
    if (isParked) this.parkedAt = this.now();
    else this.parkedMs += this.now() - this.parkedAt;
    this.isParked = isParked;
    for (const limit of this.limits ?? []) {
      if (isParked) limit.stop();
      else limit.goOn();
    }
    this.owner.onParked(isParked ? 1 : -1);
  }

  private countSatOut(difference: number): void {
    this.satOut += difference;
    this.owner.onSatOut(difference);
  }

  private over(): AttemptOver {
    return new AttemptOver(`attempt ${this.number} on node ${JSON.stringify(this.placed.node.id)} is over`);
  }
}

function endOfWait(): { readonly ended: Promise<never>; readonly reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => {};
  const ended = new Promise<never>((_, rejectEnded) => {
    reject = rejectEnded;
  });
  return { ended, reject };
}
