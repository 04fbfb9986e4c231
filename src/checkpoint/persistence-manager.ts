import type { Checkpoint, CheckpointSummary } from './checkpoint.js';
import type { CheckpointQuery } from './checkpoint-query.js';

/**
 * Where checkpoints are kept. Four methods make a store; the planner filters and sorts again whatever a list returns.
 * `vibe-aigc/testing` has the suite that every store must pass.
 */
export interface PersistenceManager {
  /** Stores the checkpoint whole or not at all. Saving an id again replaces it. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** `undefined` when the id is unknown. @throws CheckpointCorruptError when it exists but cannot be read back. */
  loadCheckpoint(checkpointId: string): Promise<Checkpoint | undefined>;
  /** Newest first. A damaged checkpoint is listed as damaged, never left out in silence. */
  listCheckpoints(query?: CheckpointQuery): Promise<CheckpointSummary[]>;
  /** `true` when something was removed. Works on damaged checkpoints too. */
  deleteCheckpoint(checkpointId: string): Promise<boolean>;
  /** For whoever made the store: a planner leaves one that it was given open. */
  close?(): Promise<void>;
  /** The absolute directory, for a store that has one: shown in results, and two stores of one directory share their locks. */
  readonly checkpointDir?: string;
}
