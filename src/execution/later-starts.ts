import type { GraphNode } from '../plan/plan-graph.js';
import type { Pause } from '../run/pause.js';
import type { ExecutionServices } from './execution-services.js';

/** So many waits are told of. */
const mostHeld = 100;

/** Nodes that wait for nothing in the plan and may not start yet: for a while, or until a limit has room for them. */
export class LaterStarts {
  /** What nodes wait for that start so late that the run does not wait for them. */
  readonly held: Pause[] = [];
  /** By index: how to forget about it. */
  private readonly timers = new Map<number, () => void>();
  private refused = 0;

  /**
   * @param makeReady a node may start
   * @param advance told when it may since a moment ago
   */
  constructor(
    private readonly services: Pick<ExecutionServices, 'now' | 'setTimer' | 'pauseAfterMs'>,
    private readonly makeReady: (placed: GraphNode) => void,
    private readonly advance: () => void,
  ) {}

  /** How many start by themselves when their time has come. */
  get timed(): number {
    return this.timers.size;
  }

  /** How many will be told when they may try again. */
  get untimed(): number {
    return this.refused;
  }

  /** @param pause what it waits for, when nobody will tell it */
  putOff(placed: GraphNode, pause: Pause | undefined): void {
    if (pause === undefined) this.refused++;
    else if ('resumeAt' in pause) this.startLater(placed, pause);
    else this.hold(pause);
  }

  startLater(placed: GraphNode, pause: Pause & { readonly resumeAt: string }): void {
    const delayMs = Date.parse(pause.resumeAt) - this.services.now();
    if (delayMs <= 0) this.makeReady(placed);
    else if (delayMs > this.services.pauseAfterMs) this.hold(pause);
    else {
      const start = () => {
        this.timers.delete(placed.index);
        this.startNow(placed);
      };
      this.timers.set(placed.index, this.services.setTimer(start, delayMs));
    }
  }

  /** For a node that was put off until it is told. */
  tryAgain(placed: GraphNode): void {
    this.refused--;
    this.startNow(placed);
  }

  /** Nothing starts by itself any more. */
  cancel(): void {
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }

  private startNow(placed: GraphNode): void {
    this.makeReady(placed);
    this.advance();
  }

  /** Many nodes may wait for the same: some of them are enough to tell. */
  private hold(pause: Pause): void {
    if (this.held.length < mostHeld) this.held.push(pause);
  }
}
