import type { Pause } from '../run/pause.js';
import { TimeLimit, type WorkClock } from './time-limit.js';

/** Where an attempt waits. */
export interface WaitingOwner {
  readonly startedMs: number;
  readonly pauseAfterMs: number;
  readonly isOver: boolean;
  now(): number;
  setTimer(callback: () => void, delayMs: number): () => void;
  /** @returns what every promise of an attempt that is over rejects with */
  over(): Error;
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

/** What an attempt waits for. It is parked, and needs no slot, while all that it does is to wait. */
export class AttemptWaits implements WorkClock {
  private readonly parks = new Set<Park>();
  private readonly waits = new Set<Wait>();
  private readonly limits = new Set<TimeLimit>();
  /** Why no wait is worth while any more. */
  private noMoreWaits: { readonly reason: unknown } | undefined;
  private busy = 0;
  private isParked = false;
  /** Waits that the run sits out. */
  private satOut = 0;
  private parkedMs = 0;
  private parkedAt = 0;

  constructor(private readonly owner: WaitingOwner) {}

  get pauses(): Pause[] {
    return [...this.parks].map(({ pause }) => pause);
  }

  get isStanding(): boolean {
    return this.isParked || this.owner.isOver;
  }

  workedMs(): number {
    const nowMs = this.isParked ? this.parkedAt : this.owner.now();
    return Math.max(0, nowMs - this.owner.startedMs - this.parkedMs);
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    return this.owner.setTimer(callback, delayMs);
  }

  limit(ms: number, onOver: () => void): TimeLimit {
    const limit = new TimeLimit(this, ms, onOver);
    this.limits.add(limit);
    return limit;
  }

  async whileBusy<T>(work: () => Promise<T>): Promise<T> {
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

  async sitOut<T>(until: Promise<T>): Promise<T> {
    this.refuse();
    const { ended, reject } = endOfWait();
    const wait = { reject };
    this.waits.add(wait);
    try {
      return await Promise.race([until, ended]);
    } finally {
      this.waits.delete(wait);
    }
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

  /** Ends the waits that a handler has gone on without. */
  forsake(): void {
    if (this.parks.size + this.waits.size > 0) this.unpark(this.owner.over());
  }

  /** The attempt is over. */
  end(): void {
    for (const limit of this.limits) limit.stop();
    this.limits.clear();
    if (this.satOut > 0) this.countSatOut(-this.satOut);
    this.update();
  }

  private enter(pause: Pause): Park {
    this.refuse();
    const { pauseAfterMs } = this.owner;
    const isSatOut = 'resumeAt' in pause && Date.parse(pause.resumeAt) - this.owner.now() <= pauseAfterMs;
    const parked = { pause, isSatOut, ...endOfWait() };
    if (isSatOut) this.countSatOut(1);
    this.parks.add(parked);
    this.update();
    return parked;
  }

  private leave(parked: Park): void {
    if (!this.parks.delete(parked)) return;
    if (parked.isSatOut && !this.owner.isOver) this.countSatOut(-1);
    this.update();
  }

  private refuse(): void {
    if (this.owner.isOver) throw this.owner.over();
    if (this.noMoreWaits !== undefined) throw this.noMoreWaits.reason;
  }

  private update(): void {
    const isParked = !this.owner.isOver && this.parks.size > 0 && this.busy === 0;
    if (isParked === this.isParked) return;
    if (isParked) this.parkedAt = this.owner.now();
    else this.parkedMs += this.owner.now() - this.parkedAt;
    this.isParked = isParked;
    for (const limit of this.limits) {
      if (isParked) limit.stop();
      else limit.goOn();
    }
    this.owner.onParked(isParked ? 1 : -1);
  }

  private countSatOut(difference: number): void {
    this.satOut += difference;
    this.owner.onSatOut(difference);
  }
}

function endOfWait(): { readonly ended: Promise<never>; readonly reject: (error: unknown) => void } {
  let reject: (error: unknown) => void = () => {};
  const ended = new Promise<never>((_, rejectEnded) => {
    reject = rejectEnded;
  });
  return { ended, reject };
}
