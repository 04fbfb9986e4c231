import type { Checkpoint, CheckpointSummary, DamagedSummary } from '../checkpoint/checkpoint.js';
import { type CheckpointCorruptError, CheckpointMismatchError, CheckpointNotFoundError, VibeError } from '../errors.js';
import { findLatest } from './find-latest.js';
import { checkPlanId, derivedPlanId, vibeKeyOf } from './identity.js';
import { locatePlan } from './locate-plan.js';
import { checkSamePlan, type OpenRun, openStoredRun } from './open-run.js';
import type { PlannerServices } from './planner-services.js';
import type { RunCall } from './run-call.js';

/** Which plan a call is about. */
export interface Target {
  readonly planId: string;
  readonly vibeKey: string;
  /** Whether the caller named the plan or the checkpoint. */
  readonly isNamed: boolean;
  /** Damaged checkpoints that may be anybody's. */
  readonly strays: readonly DamagedSummary[];
  /** The checkpoint asked for by id. */
  readonly checkpoint?: Checkpoint;
  /** It exists and cannot be read. */
  readonly damage?: CheckpointCorruptError;
}

/** A stored state that a call goes on from. */
export interface StoredStart {
  readonly checkpoint: Checkpoint;
  readonly run: OpenRun;
  readonly passedOver: readonly CheckpointCorruptError[];
}

/** Says which plan is meant, before anything is locked. */
export async function findTarget(call: RunCall, { store, host }: PlannerServices): Promise<Target> {
  const vibeKey = vibeKeyOf(call.vibe);
  const derivedId = derivedPlanId(call.vibe);
  const name = call.planId === undefined ? call.plan?.id : checkPlanId(call.planId);
  if (call.checkpointId !== undefined) return findNamedCheckpoint(call, call.checkpointId, vibeKey, store);
  if (name !== undefined) return { planId: name, vibeKey, isNamed: true, strays: [] };
  if (call.mode === 'new') {
    return { planId: `${derivedId}-${host.newId().slice(0, 12)}`, vibeKey, isNamed: true, strays: [] };
  }
  if (call.fresh) return { planId: derivedId, vibeKey, isNamed: false, strays: [] };
  return { ...(await locatePlan(store, vibeKey, derivedId)), vibeKey, isNamed: false };
}

/** With the plan locked: the state to go on from, if any, and the epoch that this call has. */
export async function findStart(
  call: RunCall,
  target: Target,
  newRunId: string,
  planner: PlannerServices,
): Promise<{ epoch: number; start?: StoredStart }> {
  const { planId, vibeKey } = target;
  const summaries = await planner.store.listCheckpoints({ planId });
  const epoch = 1 + summaries.reduce((highest, summary) => Math.max(highest, summary.epoch ?? 0), 0);
  if (call.mode === 'new' || call.fresh) return { epoch };

  const isBranch = call.checkpointId !== undefined;
  const open = (checkpoint: Checkpoint): OpenRun => {
    const { runId, checkpointId } = checkpoint;
    const names = isBranch
      ? { planId, runId: newRunId, vibeKey, epoch, parent: { runId, checkpointId } }
      : { planId, runId, vibeKey, epoch, parent: checkpoint.parent };
    return openStoredRun(checkpoint, names, planner.lookup);
  };
  const start =
    target.checkpoint === undefined
      ? await findLatestStart(call, target, summaries, planner, open)
      : { checkpoint: target.checkpoint, run: open(target.checkpoint), passedOver: [] };
  if (start !== undefined) checkSamePlan(start.checkpoint, call.plan);
  return { epoch, start };
}

async function findLatestStart(
  call: RunCall,
  { damage, ...query }: Target,
  summaries: readonly CheckpointSummary[],
  { store }: PlannerServices,
  open: (checkpoint: Checkpoint) => OpenRun,
): Promise<StoredStart | undefined> {
  const latest = await findLatest(store, summaries, { ...query, onCorrupt: call.onCorrupt }, open);
  if (damage === undefined) return latest;
  if (latest === undefined) throw damage;
  const isReported = latest.passedOver.some(({ checkpointId }) => checkpointId === damage.checkpointId);
  return isReported ? latest : { ...latest, passedOver: [damage, ...latest.passedOver] };
}

async function findNamedCheckpoint(
  call: RunCall,
  checkpointId: string,
  vibeKey: string,
  store: PlannerServices['store'],
): Promise<Target> {
  const named = { vibeKey, isNamed: true, strays: [] };
  try {
    const checkpoint = await store.loadCheckpoint(checkpointId);
    if (checkpoint === undefined) throw new CheckpointNotFoundError(checkpointId);
    const { planId } = checkpoint;
    const mismatch = mismatchOf(checkpoint, call.planId ?? call.plan?.id, vibeKey);
    if (mismatch !== undefined) throw new CheckpointMismatchError(planId, mismatch, checkpointId);
    return { ...named, planId, checkpoint };
  } catch (error) {
    if (!VibeError.is(error) || error.code !== 'CHECKPOINT_CORRUPT' || call.onCorrupt === 'throw') throw error;
    const damage = error as CheckpointCorruptError;
    const listed = (await store.listCheckpoints()).find((summary) => summary.checkpointId === checkpointId);
    return { ...named, planId: call.planId ?? listed?.planId ?? damage.planId, damage };
  }
}

function mismatchOf(checkpoint: Checkpoint, planId: string | undefined, vibeKey: string): string | undefined {
  const which = `checkpoint ${JSON.stringify(checkpoint.checkpointId)}`;
  if (vibeKeyOf(checkpoint.vibe) !== vibeKey)
    return `${which} belongs to another vibe; call with the vibe it was made for`;
  if (planId === undefined || planId === checkpoint.planId) return undefined;
  return `${which} belongs to this plan, not to ${JSON.stringify(planId)}; leave planId out`;
}
