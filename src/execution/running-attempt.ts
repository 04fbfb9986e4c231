import { isoTime } from '../host.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { NodeRecord } from '../run/node-record.js';
import type { Pause } from '../run/pause.js';
import type { RunState } from '../run/run-state.js';
import type { Attempt } from './attempt.js';
import { type AttemptControl, AttemptOver } from './attempt-control.js';

/** What an attempt asks of the run that it belongs to. */
export interface AttemptOwner {
  readonly runState: RunState;
  readonly now: () => number;
  record(records: readonly NodeRecord[]): Promise<void>;
  onParked(difference: 1 | -1): void;
}

interface Park {
  readonly pause: Pause;
  readonly reject: (error: unknown) => void;
}

/** An attempt under way: parked while all that it does is to wait. */
export class RunningAttempt implements AttemptControl {
  attempt: Attempt | undefined;
  private readonly parks = new Set<Park>();
  private busy = 0;
  private isParked = false;
  private isOver = false;

  constructor(
    private readonly owner: AttemptOwner,
    readonly placed: GraphNode,
    readonly number: number,
    readonly startedMs: number,
  ) {}

  get state(): RunState {
    return this.owner.runState;
  }

  /** Why it waits. */
  get pauses(): Pause[] {
    return [...this.parks].map(({ pause }) => pause);
  }

  now(): number {
    return this.owner.now();
  }

  isoNow(): string {
    return isoTime(this.now());
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
    if (this.isOver) throw this.over();
    let park: Park | undefined;
    const ended = new Promise<never>((_, reject) => {
      park = { pause, reject };
    });
    this.parks.add(park as unknown as Park);
    this.update();
    try {
      return await Promise.race([until, ended]);
    } finally {
      this.parks.delete(park as unknown as Park);
      this.update();
    }
  }

  interrupt(reason: unknown): void {
    this.attempt?.interrupt(reason);
    this.unpark(reason);
  }

  /** Ends every wait. */
  unpark(reason: unknown): void {
    for (const { reject } of this.parks) reject(reason);
  }

  /** Nobody waits for what it still returns. */
  abandon(): void {
    this.attempt?.interrupt(this.over());
    this.unpark(this.over());
  }

  /** Its handler has returned, or the run does not wait for it any more. */
  end(): void {
    this.isOver = true;
    this.update();
  }

  private update(): void {
    const isParked = !this.isOver && this.parks.size > 0 && this.busy === 0;
    if (isParked === this.isParked) return;
    this.isParked = isParked;
    this.owner.onParked(isParked ? 1 : -1);
  }

  private over(): AttemptOver {
    return new AttemptOver(`attempt ${this.number} on node ${JSON.stringify(this.placed.node.id)} is over`);
  }
}
