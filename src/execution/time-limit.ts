/** A clock that stands still while an attempt waits without a slot, and once it is over. */
export interface WorkClock {
  readonly isStanding: boolean;
  workedMs(): number;
  setTimer(callback: () => void, delayMs: number): () => void;
}

/** Tells once that an attempt has worked for so long. */
export class TimeLimit {
  private dueMs = 0;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: WorkClock,
    private readonly ms: number,
    private readonly onOver: () => void,
  ) {
    this.restart();
  }

  restart(): void {
    this.dueMs = this.clock.workedMs() + this.ms;
    if (!this.clock.isStanding) this.goOn();
  }

  goOn(): void {
    this.stop();
    this.cancel = this.clock.setTimer(this.onOver, Math.max(0, this.dueMs - this.clock.workedMs()));
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
  }
}
