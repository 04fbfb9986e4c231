import {
  byLatest,
  byNewest,
  type Checkpoint,
  type CheckpointSummary,
  type DamagedSummary,
  type IntactSummary,
  isDamaged,
  isIntact,
} from '../checkpoint/checkpoint.js';
import { parseRollingId, planIdOfOlderId } from '../checkpoint/checkpoint-id.js';
import { CheckpointCorruptError, VibeError } from '../errors.js';
import type { CheckedStore } from './checked-store.js';

export interface LatestQuery {
  readonly planId: string;
  readonly vibeKey: string;
  readonly onCorrupt: 'throw' | 'fallback';
}

export interface Latest<Run> {
  readonly checkpoint: Checkpoint;
  readonly run: Run;
  /** Damage that was passed over because the caller said so. */
  readonly passedOver: readonly CheckpointCorruptError[];
}

/**
 * The latest state of a plan that can be gone on from; `undefined` when there is none and nothing is damaged.
 *
 * @param open makes a run of a checkpoint, or throws a CheckpointCorruptError
 * @throws CheckpointCorruptError when something newer is damaged and `onCorrupt` is `'throw'`, or nothing intact is left
 * @throws CheckpointVersionError when something newer was written by a newer version, whatever `onCorrupt` says
 */
export async function findLatest<Run>(
  store: CheckedStore,
  summaries: readonly CheckpointSummary[],
  query: LatestQuery,
  open: (checkpoint: Checkpoint) => Run,
): Promise<Latest<Run> | undefined> {
  const intact = summaries
    .filter(isIntact)
    .filter(({ vibeKey }) => vibeKey === query.vibeKey)
    .sort(byLatest);
  const damages: Damage[] = [];
  let best: { checkpoint: Checkpoint; run: Run } | undefined;
  for (const summary of intact) {
    const loaded = await orDamage(query.planId, summary, async () => {
      const checkpoint = await store.loadCheckpoint(summary.checkpointId);
      if (checkpoint === undefined) throw new Vanished(summary.checkpointId);
      return { checkpoint, run: open(checkpoint) };
    });
    if (loaded.damage !== undefined) damages.push(loaded.damage);
    else {
      best = loaded.value;
      break;
    }
  }
  for (const damaged of summaries.filter(isDamaged)) {
    if (best !== undefined && !mayBeLater(damaged, best.checkpoint, intact, query)) continue;
    const { damage } = await orDamage(query.planId, damaged, () => store.loadCheckpoint(damaged.checkpointId));
    if (damage !== undefined) damages.push(damage);
  }
  damages.sort((a, b) => byNewest(a.summary, b.summary));
  const [newest] = damages;
  if (newest !== undefined && (query.onCorrupt === 'throw' || best === undefined)) {
    throw withFallback(newest.error, best?.checkpoint.checkpointId);
  }
  return best && { ...best, passedOver: damages.map(({ error }) => error) };
}

/** A checkpoint was deleted between the list and the look at it: the list is out of date. */
export class Vanished extends Error {
  override readonly name = 'Vanished';
}

interface Damage {
  readonly summary: CheckpointSummary;
  readonly error: CheckpointCorruptError;
}

/**
 * Whether damage may hide results that the best state lacks: by epoch and position where its head still tells them, and
 * otherwise unless it is known to be older. Older damage is listed and changes nothing.
 */
function mayBeLater(
  { checkpointId, createdAt, damaged: { head } }: DamagedSummary,
  best: Checkpoint,
  intact: readonly IntactSummary[],
  { vibeKey }: LatestQuery,
): boolean {
  if (head !== undefined && head.vibeKey !== vibeKey) return false;
  if (head !== undefined) return head.epoch > best.epoch || (head.epoch === best.epoch && head.seq > best.seq);
  if (planIdOfOlderId(checkpointId) !== undefined && best.epoch > 0) return false; // never beats a run of ours
  const rolling = parseRollingId(checkpointId);
  if (rolling !== undefined && rolling.epoch !== best.epoch) return rolling.epoch > best.epoch;
  if (rolling !== undefined) return best.state === 'running'; // an epoch ends with a listed checkpoint
  // A copy of the best state may have been made much later: the first one tells when the run was there.
  const isSame = ({ epoch, seq }: IntactSummary) => epoch === best.epoch && seq === best.seq;
  const first = (best.epoch === 0 ? undefined : intact.filter(isSame).sort(byNewest).at(-1)) ?? best;
  return createdAt > first.createdAt || (createdAt === first.createdAt && checkpointId > first.checkpointId);
}

/** What the work answers, or the damage that it met, told of the plan that was asked for. */
async function orDamage<T>(
  planId: string,
  summary: CheckpointSummary,
  work: () => Promise<T>,
): Promise<{ value: T; damage?: undefined } | { value?: undefined; damage: Damage }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!VibeError.is(error) || error.code !== 'CHECKPOINT_CORRUPT') throw error;
    const { reason, location } = error as CheckpointCorruptError;
    const told = { planId, reason, location, checkpointId: summary.checkpointId };
    return { damage: { summary, error: new CheckpointCorruptError(told, { cause: error.cause }) } };
  }
}

function withFallback(damage: CheckpointCorruptError, fallbackCheckpointId?: string): CheckpointCorruptError {
  const { planId, reason, location, checkpointId, cause } = damage;
  return new CheckpointCorruptError({ planId, reason, location, checkpointId, fallbackCheckpointId }, { cause });
}
