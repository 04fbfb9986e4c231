import { byLatest, type Checkpoint, isIntact } from '../checkpoint/checkpoint.js';
import { CheckpointCorruptError, VibeError } from '../errors.js';
import type { CheckedStore } from './checked-store.js';

/**
 * Loads a checkpoint that the caller named; `undefined` when there is none.
 * @throws CheckpointCorruptError that tells its plan, and the latest intact checkpoint of that plan
 */
export async function loadNamed(store: CheckedStore, checkpointId: string): Promise<Checkpoint | undefined> {
  try {
    return await store.loadCheckpoint(checkpointId);
  } catch (error) {
    if (!VibeError.is(error) || error.code !== 'CHECKPOINT_CORRUPT') throw error;
    const { reason, location, planId: guessed, cause } = error as CheckpointCorruptError;
    const all = await store.listCheckpoints();
    const planId = all.find((summary) => summary.checkpointId === checkpointId)?.planId ?? guessed;
    const others = all.filter((summary) => summary.planId === planId && summary.checkpointId !== checkpointId);
    const fallbackCheckpointId = others.filter(isIntact).sort(byLatest)[0]?.checkpointId;
    throw new CheckpointCorruptError({ planId, reason, location, checkpointId, fallbackCheckpointId }, { cause });
  }
}
