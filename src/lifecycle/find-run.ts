import { byLatest, type Checkpoint, type DamagedSummary, isIntact, summarize } from '../checkpoint/checkpoint.js';
import { checkPlanId } from '../checkpoint/checkpoint-id.js';
import type { Replayed } from '../checkpoint/replay.js';
import {
  type CheckpointCorruptError,
  CheckpointMismatchError,
  CheckpointNotFoundError,
  PersistenceError,
  VibeError,
} from '../errors.js';
import { findLatest, Vanished } from './find-latest.js';
import { derivedPlanId, storedVibeKey, vibeKeyOf } from './identity.js';
import { loadNamed } from './load-named.js';
import { locatePlan } from './locate-plan.js';
import { checkSamePlan, type OpenRun, openStoredRun } from './open-run.js';
import type { PlannerServices } from './planner-services.js';
import type { RunCall } from './run-call.js';
import { readStoredPlan, type StoredPlan } from './stored-plan.js';

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

/** What a call found in the store once the plan was its own. */
export interface Found {
  readonly start?: StoredStart;
  readonly stored: StoredPlan;
}

/** Says which plan is meant, before anything is locked. */
export async function findTarget(call: RunCall, { store, host }: PlannerServices): Promise<Target> {
  const vibeKey = vibeKeyOf(call.vibe);
  const derivedId = derivedPlanId(call.vibe, call.storedVibe);
  const name = call.planId === undefined ? call.plan?.id : checkPlanId(call.planId);
  if (call.checkpointId !== undefined) return findNamedCheckpoint(call, call.checkpointId, vibeKey, store);
  if (name !== undefined) return { planId: name, vibeKey, isNamed: true, strays: [] };
  if (call.mode === 'new') {
    return { planId: `${derivedId}-${host.newId().slice(0, 12)}`, vibeKey, isNamed: true, strays: [] };
  }
  return { ...(await locatePlan(store, vibeKey, derivedId)), vibeKey, isNamed: false };
}

/**
 * With the plan locked: the state to go on from, if any.
 * @param seen what the store had of the plan when it was locked
 * @param epoch of this call
 */
export async function findStart(
  call: RunCall,
  target: Target,
  { seen, ...ours }: { readonly seen: StoredPlan | undefined; readonly epoch: number; readonly newRunId: string },
  planner: PlannerServices,
): Promise<Found> {
  const read = () => readStoredPlan(planner.store, target.planId, planner.host.log);
  for (let look = 1, stored = seen ?? (await read()); ; look++) {
    try {
      const start = await lookForStart(call, target, { stored, ...ours }, planner);
      return { stored, ...(start !== undefined && { start }) };
    } catch (error) {
      if (!(error instanceof Vanished)) throw error;
      if (look === maxLooks) {
        throw new PersistenceError(target.planId, `the store lists ${error.message} and does not load it`);
      }
    }
    stored = await read();
  }
}

type OpenCheckpoint = (checkpoint: Checkpoint, replayed?: Replayed) => OpenRun;

/** How often to list again when what was listed is gone by the time it is read. */
const maxLooks = 5;

async function lookForStart(
  call: RunCall,
  target: Target,
  { stored, epoch, newRunId }: { readonly stored: StoredPlan; readonly epoch: number; readonly newRunId: string },
  planner: PlannerServices,
): Promise<StoredStart | undefined> {
  if (call.mode === 'new') return undefined;
  if (target.checkpoint === undefined) checkSameVibe(stored, target);
  if (call.fresh) return undefined;

  const { planId, vibeKey } = target;
  const isBranch = call.checkpointId !== undefined;
  const open: OpenCheckpoint = (checkpoint, replayed) => {
    const { runId, checkpointId, createdAt, unknownFields } = checkpoint;
    const { startedAt = createdAt, endedAt = createdAt, activeMs, ...rest } = checkpoint;
    if (isBranch) {
      // A new run has times of its own.
      const names = { planId, runId: newRunId, vibeKey, epoch, parent: { runId, checkpointId } };
      return openStoredRun(rest, names, planner.lookup);
    }
    const names = { planId, runId, vibeKey, epoch, parent: checkpoint.parent, unknownFields };
    return openStoredRun({ ...rest, startedAt, endedAt, activeMs }, names, planner.lookup, replayed?.state);
  };
  const start =
    target.checkpoint === undefined
      ? await findLatestStart(call, target, stored, planner, open)
      : { checkpoint: target.checkpoint, run: open(target.checkpoint), passedOver: [] };
  if (start !== undefined) checkSamePlan(start.checkpoint, call.plan, planner.redactor);
  return start;
}

/**
 * A plan that the caller named must hold the vibe of the call, even when it is to start over. Under the id that a vibe
 * gives, other checkpoints may lie, and are passed over; a journal is the run itself.
 */
function checkSameVibe({ summaries, journals }: StoredPlan, { planId, vibeKey, isNamed }: Target): void {
  const ofJournals = journals.states.flatMap(({ checkpoint }) => (checkpoint ? [summarize(checkpoint)] : []));
  const [latest] = [...ofJournals, ...(isNamed ? summaries.filter(isIntact) : [])].sort(byLatest);
  if (latest === undefined || latest.vibeKey === vibeKey) return;
  const reason = `it belongs to another vibe (${JSON.stringify(latest.vibeDescription.slice(0, 80))}); use another planId`;
  throw new CheckpointMismatchError(planId, reason, latest.checkpointId);
}

async function findLatestStart(
  call: RunCall,
  { damage, ...query }: Target,
  stored: StoredPlan,
  { store }: PlannerServices,
  open: OpenCheckpoint,
): Promise<StoredStart | undefined> {
  const latest = await findLatest(store, stored, { ...query, onCorrupt: call.onCorrupt }, open);
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
    const checkpoint = await loadNamed(store, checkpointId);
    if (checkpoint === undefined) throw new CheckpointNotFoundError(checkpointId);
    const { planId } = checkpoint;
    const mismatch = mismatchOf(checkpoint, call.planId ?? call.plan?.id, vibeKey);
    if (mismatch !== undefined) throw new CheckpointMismatchError(planId, mismatch, checkpointId);
    return { ...named, planId, checkpoint };
  } catch (error) {
    if (!VibeError.is(error) || error.code !== 'CHECKPOINT_CORRUPT' || call.onCorrupt === 'throw') throw error;
    const damage = error as CheckpointCorruptError;
    return { ...named, planId: call.planId ?? damage.planId, damage };
  }
}

function mismatchOf(checkpoint: Checkpoint, planId: string | undefined, vibeKey: string): string | undefined {
  const which = `checkpoint ${JSON.stringify(checkpoint.checkpointId)}`;
  if (storedVibeKey(checkpoint) !== vibeKey)
    return `${which} belongs to another vibe; call with the vibe it was made for`;
  if (planId === undefined || planId === checkpoint.planId) return undefined;
  return `${which} belongs to this plan, not to ${JSON.stringify(planId)}; leave planId out`;
}
