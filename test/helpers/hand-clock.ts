/** Time that stands still until the test moves it on. */
export class HandClock {
  private ms: number;
  private readonly timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.ms = start;
  }

  readonly now = (): number => this.ms;

  readonly setTimer = (callback: () => void, delayMs: number): (() => void) => {
    const timer = { at: this.ms + delayMs, callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  };

  /** Milliseconds until each timer that is set. */
  get pending(): number[] {
    return [...this.timers].map(({ at }) => at - this.ms).sort((a, b) => a - b);
  }

  /** What is due meanwhile is called, in order. */
  advance(ms: number): void {
    this.ms += ms;
    const due = [...this.timers].filter(({ at }) => at <= this.ms).sort((a, b) => a.at - b.at);
    for (const timer of due) if (this.timers.delete(timer)) timer.callback();
  }
}
