import type { MetaPlanner } from 'vibe-aigc';
import { type ExitCode, exit } from '../exit-codes.js';

export type StopSignal = 'SIGINT' | 'SIGTERM';

export const exitCodeOfSignal = {
  SIGINT: exit.interrupted,
  SIGTERM: exit.terminated,
} as const satisfies Record<StopSignal, ExitCode>;

export interface StopListeners {
  /** Told at the first one, when the run begins to stop. */
  onFirst(signal: StopSignal): void;
  /** Told at the second one; the process ends right after. */
  onSecond(signal: StopSignal): void;
}

/** Lets a run stop in order: nodes under way may finish, and everything is saved. */
export class StopSignals {
  /** The first one that came. */
  received: StopSignal | undefined;

  private readonly listener = (signal: StopSignal) => this.take(signal);

  constructor(
    private readonly planner: MetaPlanner,
    private readonly graceMs: number,
    private readonly listeners: StopListeners,
  ) {
    for (const signal of Object.keys(exitCodeOfSignal)) process.on(signal, this.listener);
  }

  /** As the signal does; also when whoever read our output is gone. */
  async drain(): Promise<void> {
    await this.planner.drain({ graceMs: this.graceMs });
  }

  remove(): void {
    for (const signal of Object.keys(exitCodeOfSignal)) process.removeListener(signal, this.listener);
  }

  private take(signal: StopSignal): void {
    if (this.received !== undefined) {
      this.listeners.onSecond(signal);
      process.exit(exitCodeOfSignal[signal]);
    }
    this.received = signal;
    this.listeners.onFirst(signal);
    void this.drain();
  }
}
