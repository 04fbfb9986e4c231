import type { LostResult, StaleInput } from '../checkpoint/lost-results.js';

/** What was found of the latest run of a plan, and what became of it. Lists of nodes are in the order of the plan. */
export interface RepairReport {
  readonly planId: string;
  /** The latest run, the one that was repaired. */
  readonly runId: string;
  /** The new checkpoint, which has everything that is kept. Absent when there was nothing to repair, or `dryRun`. */
  readonly checkpointId?: string;
  /** Ids of nodes whose result is there. */
  readonly kept: readonly string[];
  /** Nodes that had a result which is lost, as far as anything shows it: a resume pays for them again. */
  readonly paidAgain: readonly LostResult[];
  /** Ids of all nodes that a resume runs: those to be paid again, and those that were never done. */
  readonly toRun: readonly string[];
  /** Nodes that are kept although an input of theirs is made again, or was made again since. */
  readonly staleInputs: readonly StaleInput[];
  /** What is damaged. Empty: nothing is. */
  readonly damage: readonly RepairedDamage[];
}

/** A damaged file, or another damaged part of a store. */
export interface RepairedDamage {
  /** Where it was found. */
  readonly location: string;
  readonly reason: string;
  /**
   * Where it is now; the same place, when an earlier call set it aside and it has results that the run lacks. Absent
   * with `dryRun`, and in a store that leaves it where it is: there `deleteCheckpoint` removes damaged checkpoints.
   */
  readonly movedTo?: string;
  /** Listed checkpoints that are not to be had any more. */
  readonly checkpointIds: readonly string[];
}
