import type { RunLog } from '../run/run-log.js';
import type { RunState } from '../run/run-state.js';

/** The log of a run that outlives its process. */
export interface RunRecorder extends RunLog {
  /** Saves the checkpoint with which a new run begins. */
  begin(): Promise<void>;
  /** Saves what is recorded so far as a listed checkpoint and answers its id once it is stored. */
  checkpoint(): Promise<string>;
  /** Removes a place to return to, never what is recorded of this run. @returns whether something was removed */
  deleteCheckpoint(checkpointId: string): Promise<boolean>;
  /** Waits for what is under way, and lets go. Twice is fine. */
  close(): Promise<void>;
}

/** How often a node of the run became complete: those that were opened again count each time. */
export function completionsOf({ completed, reopened }: Pick<RunState, 'completed' | 'reopened'>): number {
  return completed.length + reopened;
}

/**
 * Whether a run has come so far since its last automatic checkpoint that the next one is due.
 * @param listedUpTo its completions then
 */
export function isCheckpointDue(state: RunState, listedUpTo: number, interval: number | undefined): boolean {
  const isLast = state.completed.length === state.graph.nodes.length; // the end follows at once, with a checkpoint of its own
  if (interval === undefined || isLast) return false;
  return Math.floor(completionsOf(state) / interval) > Math.floor(listedUpTo / interval);
}
