import type { GraphNode } from '../plan/plan-graph.js';
import type { Pause } from '../run/pause.js';
import type { AttemptOutcome } from './attempt-outcome.js';

/** Says whether an attempt may begin now: limits and budgets, also of other runs of the planner. */
export interface Admission {
  /** @param again to be called once when a refusal without a pause is worth another try; never before `enter` returns */
  enter(placed: GraphNode, again: () => void): Admitted | Refused;
  /** The run is over: nothing calls back any more, and no timer is left. */
  close(): void;
}

export interface Admitted {
  readonly isAdmitted: true;
  /** Called once, when the attempt is over. `undefined`: it was left by a pause. */
  leave(outcome: AttemptOutcome | undefined): void;
  /** The run ends without the attempt, which is still at work: it leaves when its handler really ends, if ever. */
  leaveBehind(): void;
  /**
   * The attempt has failed over a time limit, and its handler is still at work: it leaves when that really ends, or after
   * a while, so that a handler that hangs holds nobody up for ever.
   */
  leaveLater(): void;
}

export interface Refused {
  readonly isAdmitted: false;
  /** With a time, the node is tried again then, or the run pauses; without one it pauses. Left out: `again` is called. */
  readonly pause?: Pause;
}
