import { type DamagedSummary, isDamaged } from '../checkpoint/checkpoint.js';
import { CheckpointCorruptError, CheckpointVersionError, VibeError } from '../errors.js';
import type { CheckedStore } from './checked-store.js';
import { rollingIdOf } from './identity.js';
import type { StoredPlan } from './stored-plan.js';

/** The first thing in a stored plan that cannot be read, as the error that loading it gives; `undefined`: all is well. */
export async function damageIn(
  planId: string,
  { summaries, journals }: StoredPlan,
  store: CheckedStore,
): Promise<VibeError | undefined> {
  const damaged = summaries.find(isDamaged);
  if (damaged !== undefined) return damageOf(planId, damaged, store);
  const state = journals.states.find(({ damage }) => damage !== undefined);
  const unread = journals.surveyed.find(({ head, journal }) => head === undefined || journal.damage !== undefined);
  const { epoch, location } = state ?? unread?.journal ?? {};
  if (epoch === undefined || location === undefined) return undefined;
  const reason = `its journal: ${state?.damage ?? unread?.journal.damage?.reason ?? 'its first line is damaged'}`;
  const checkpointId = rollingIdOf({ runId: state?.runId ?? unread?.head?.runId, epoch });
  return new CheckpointCorruptError({ planId, reason, location, checkpointId });
}

/** A list says of everything that cannot be read that it is damaged: also of what a newer version wrote. */
export async function damageOf(
  planId: string,
  { checkpointId, damaged }: DamagedSummary,
  store: CheckedStore,
): Promise<VibeError> {
  const told = { planId, reason: damaged.reason, location: `checkpoint ${checkpointId}`, checkpointId };
  try {
    await store.loadCheckpoint(checkpointId);
  } catch (error) {
    if (!VibeError.is(error)) throw error;
    if (error.code === 'CHECKPOINT_VERSION_UNSUPPORTED') {
      return new CheckpointVersionError(planId, (error as CheckpointVersionError).found, checkpointId);
    }
    if (error.code === 'CHECKPOINT_CORRUPT') told.location = (error as CheckpointCorruptError).location;
  }
  return new CheckpointCorruptError(told);
}
