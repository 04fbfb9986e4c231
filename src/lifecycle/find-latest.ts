import {
  byLatest,
  byNewest,
  type Checkpoint,
  type CheckpointSummary,
  type IntactSummary,
} from '../checkpoint/checkpoint.js';
import { isRollingId } from '../checkpoint/checkpoint-id.js';
import { CheckpointCorruptError, CheckpointMismatchError, VibeError } from '../errors.js';
import type { CheckedStore } from './checked-store.js';
import { rollingIdOf } from './identity.js';

export interface LatestQuery {
  readonly planId: string;
  readonly vibeKey: string;
  /** Whether the caller named the plan: then it must hold this vibe. */
  readonly isNamed: boolean;
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
 * @throws CheckpointMismatchError when the named plan belongs to another vibe
 */
export async function findLatest<Run>(
  store: CheckedStore,
  summaries: readonly CheckpointSummary[],
  query: LatestQuery,
  open: (checkpoint: Checkpoint) => Run,
): Promise<Latest<Run> | undefined> {
  const intact = intactOf(summaries, query);
  const damages: CheckpointCorruptError[] = [];
  let best: { checkpoint: Checkpoint; run: Run } | undefined;
  for (const { checkpointId } of intact) {
    const loaded = await orDamage(query.planId, checkpointId, async () => {
      const checkpoint = await store.loadCheckpoint(checkpointId);
      return checkpoint && { checkpoint, run: open(checkpoint) };
    });
    if (loaded.damage !== undefined) damages.push(loaded.damage);
    else if (loaded.value !== undefined) {
      best = loaded.value;
      break;
    }
  }
  for (const damaged of summaries.filter((summary) => summary.damaged !== undefined).sort(byNewest)) {
    if (best !== undefined && !mayBeLater(damaged, best.checkpoint, intact)) continue;
    const { checkpointId } = damaged;
    const { damage } = await orDamage(query.planId, checkpointId, () => store.loadCheckpoint(checkpointId));
    if (damage !== undefined) damages.push(damage);
  }
  const [newest] = damages;
  if (newest !== undefined && (query.onCorrupt === 'throw' || best === undefined)) {
    throw withFallback(newest, best?.checkpoint.checkpointId);
  }
  return best && { ...best, passedOver: damages };
}

function intactOf(summaries: readonly CheckpointSummary[], { planId, vibeKey, isNamed }: LatestQuery): IntactSummary[] {
  const intact = summaries.filter((summary) => summary.damaged === undefined).sort(byLatest);
  const latest = intact[0];
  if (isNamed && latest !== undefined && latest.vibeKey !== vibeKey) {
    const reason = `it belongs to another vibe (${JSON.stringify(latest.vibeDescription.slice(0, 80))}); use another planId`;
    throw new CheckpointMismatchError(planId, reason, latest.checkpointId);
  }
  return intact.filter((summary) => summary.vibeKey === vibeKey);
}

/** Older damage is listed and changes nothing. */
function mayBeLater(damaged: CheckpointSummary, best: Checkpoint, intact: readonly IntactSummary[]): boolean {
  if (isRollingId(damaged.checkpointId)) {
    const owner = intact.find(({ runId }) => rollingIdOf(runId) === damaged.checkpointId);
    if (owner !== undefined && (owner.runId !== best.runId || best.state === 'completed')) return false;
  }
  return (
    damaged.createdAt > best.createdAt ||
    (damaged.createdAt === best.createdAt && damaged.checkpointId > best.checkpointId)
  );
}

/** What the work answers, or the damage that it met, told of the plan that was asked for. */
async function orDamage<T>(
  planId: string,
  checkpointId: string,
  work: () => Promise<T>,
): Promise<{ value: T; damage?: undefined } | { value?: undefined; damage: CheckpointCorruptError }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!VibeError.is(error) || error.code !== 'CHECKPOINT_CORRUPT') throw error;
    const { reason, location } = error as CheckpointCorruptError;
    const damage = { planId, reason, location, checkpointId };
    return { damage: new CheckpointCorruptError(damage, { cause: error.cause }) };
  }
}

function withFallback(damage: CheckpointCorruptError, fallbackCheckpointId?: string): CheckpointCorruptError {
  const { planId, reason, location, checkpointId, cause } = damage;
  return new CheckpointCorruptError({ planId, reason, location, checkpointId, fallbackCheckpointId }, { cause });
}
