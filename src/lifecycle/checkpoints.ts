import { byLatest, type Checkpoint, type CheckpointSummary, isIntact } from '../checkpoint/checkpoint.js';
import { checkPlanId, isRollingId } from '../checkpoint/checkpoint-id.js';
import { listedPositionIds } from '../checkpoint/journal-pruning.js';
import { recoverRun, UnusableState } from '../checkpoint/recovery.js';
import { storedGraph } from '../checkpoint/stored-graph.js';
import {
  CheckpointMismatchError,
  CheckpointNotFoundError,
  type LockHolder,
  PlanInvalidError,
  VibeError,
} from '../errors.js';
import { issuesOf } from '../plan/issues.js';
import { isPlainObject } from '../plan/json-value.js';
import { isTooDeep, tooDeepIssue } from '../plan/workflow-plan.js';
import { type ExecutionState, executionStateOf, executionStateSchema } from '../run/execution-state.js';
import type { RunState } from '../run/run-state.js';
import type { CheckedStore } from './checked-store.js';
import { findLiveRun } from './find-live-run.js';
import { type HeldPlan, type HoldRequest, holdPlan } from './hold-plan.js';
import { rollingIdOf, storedVibeKey, vibeKeyOf } from './identity.js';
import type { StartedRun } from './live-runs.js';
import { loadNamed } from './load-named.js';
import { findLock, Look, lockPlan, type PlanLock } from './plan-lock.js';
import type { PlannerServices } from './planner-services.js';
import { redactState } from './redact-state.js';
import { readStoredPlan } from './stored-plan.js';
import { epochOf, isLatestInJournal } from './what-to-prune.js';

export interface CreateCheckpointRequest {
  /** The plan that the state belongs to. */
  readonly planId: string;
  /** What to save. May be left out while that plan is running in this process: its live state then. */
  readonly executionState?: ExecutionState;
}

/** Saves a listed checkpoint and answers its id. */
export async function createCheckpoint(request: CreateCheckpointRequest, planner: PlannerServices): Promise<string> {
  const planId = checkPlanId(request.planId);
  if (request.executionState !== undefined) {
    const state = redactState(checkedState(request.executionState, planId), planner.redactor);
    if (findLock(planner.store.place, planId)?.isHeld) return saveState(state, planner);
    return whileHeld(state, planner, () => saveState(state, planner));
  }
  const live = findLiveRun(planId, planner);
  if (live === undefined) {
    const reason = `plan ${JSON.stringify(planId)} is not running in this process`;
    throw new TypeError(`createCheckpoint needs "executionState": ${reason}.`);
  }
  if (live.recorder !== undefined) return live.recorder.checkpoint();
  const { epoch } = await holdFor(live, planner);
  return saveState({ ...executionStateOf(live.state), epoch }, planner);
}

/** A run that records nothing has no epoch. With its first checkpoint it gets one, and holds its plan from then on. */
function holdFor(live: StartedRun, planner: PlannerServices): Promise<{ readonly epoch: number }> {
  if (live.held !== undefined) return live.held;
  const { planId, runId } = live.state;
  const request = requestOf({ planId, runId }, planner);
  const lock: PlanLock = { holder: { pid: process.pid, ...request }, live };
  const unlock = lockPlan(planner.store.place, planId, lock);
  const held = holdPlan(request, planner).then((plan) => {
    lock.isHeld = true;
    return plan;
  });
  live.held = held;
  // The run may end before the plan is held: its end waits for that.
  live.onEnd.push(async () => {
    await held.then(
      ({ lease }) => lease?.release(),
      () => {},
    );
    unlock();
  });
  held.catch(() => {
    unlock();
    live.held = undefined;
  });
  return live.held;
}

/**
 * Does something with a plan that nobody runs meanwhile. Without `waiting`, nobody is waited for; a call of this process
 * that wants the plan waits until it is done.
 */
export async function whileHeld<T>(
  { planId, runId }: { readonly planId: string; readonly runId: string },
  planner: PlannerServices,
  work: (held: HeldPlan) => Promise<T>,
  waiting: Pick<HoldRequest, 'signal' | 'onWaiting'> = {},
): Promise<T> {
  const request = requestOf({ planId, runId }, planner);
  const look = new Look();
  const unlock = lockPlan(planner.store.place, planId, { holder: { pid: process.pid, ...request }, look });
  const onWaiting = waiting.onWaiting && {
    onWaiting: (holder: LockHolder) => {
      look.end(false); // nobody knows for how long
      waiting.onWaiting?.(holder);
    },
  };
  try {
    const held = await holdPlan({ ...request, ...waiting, ...onWaiting }, planner);
    try {
      return await work(held);
    } finally {
      await held.lease?.release();
    }
  } finally {
    unlock();
    look.end(true);
  }
}

function requestOf({ planId, runId }: { planId: string; runId: string }, { host }: PlannerServices) {
  return { planId, runId, since: new Date(host.now()).toISOString() };
}

/** Listed checkpoints, newest first; the rolling save of a run under way is no place to return to. */
export async function listCheckpoints(
  query: { readonly planId?: string; readonly limit?: number },
  { store }: PlannerServices,
): Promise<CheckpointSummary[]> {
  const { planId, limit } = query;
  const isListed = ({ checkpointId, damaged }: CheckpointSummary) =>
    damaged !== undefined || !isRollingId(checkpointId);
  if (limit !== undefined) {
    const asked = limit + rollingMargin;
    const some = await store.listCheckpoints({ planId, limit: asked });
    const listed = some.filter(isListed);
    if (listed.length >= limit || some.length < asked) return listed.slice(0, limit);
  }
  return (await store.listCheckpoints({ planId })).filter(isListed).slice(0, limit);
}

/** How many rolling saves a limited list makes room for before it reads everything. */
const rollingMargin = 16;

/** @throws CheckpointNotFoundError, CheckpointCorruptError */
export async function getCheckpoint(checkpointId: string, { store }: PlannerServices): Promise<Checkpoint> {
  const checkpoint = await loadNamed(store, checkpointId);
  if (checkpoint === undefined) throw new CheckpointNotFoundError(checkpointId);
  return checkpoint;
}

/**
 * Removes a place to return to, never progress: where the store has nothing but checkpoints to prove what was paid, the
 * latest state of a plan goes on existing as its rolling save. A position in the journal of an earlier run stays, and so
 * does what it answers, as long as the latest run has no journal of its own.
 * @throws PlanLockedError while the plan is being taken up by a run
 */
export async function deleteCheckpoint(checkpointId: string, planner: PlannerServices): Promise<boolean> {
  const { store } = planner;
  const checkpoint = await loadIfUsable(checkpointId, store);
  if (checkpoint === undefined) return store.deleteCheckpoint(checkpointId);
  if (isRollingId(checkpointId)) return false;
  const { planId } = checkpoint;
  const recorder = findLiveRun(planId, planner)?.recorder;
  if (recorder !== undefined) return recorder.deleteCheckpoint(checkpointId);
  if (await isHeldByEarlierRun(checkpoint, planner)) return false;
  if (!(await isOnlyProof(checkpoint, planner))) return store.deleteCheckpoint(checkpointId);
  return whileHeld(checkpoint, planner, async () => {
    await store.saveCheckpoint({ ...checkpoint, checkpointId: rollingIdOf(checkpoint) });
    return store.deleteCheckpoint(checkpointId);
  });
}

/**
 * Whether it is a position, and the latest run has no journal: a position goes by writing the latest journal once more,
 * which would make the earlier run the latest.
 */
async function isHeldByEarlierRun({ planId, checkpointId, epoch }: Checkpoint, { store, host }: PlannerServices) {
  if (!store.isJournaled) return false;
  const summaries = await store.listCheckpoints({ planId });
  if (!summaries.some((one) => epochOf(one) > epoch)) return false; // in a journal that is the latest
  const stored = await readStoredPlan(store, planId, host.log);
  return listedPositionIds(stored.journals.surveyed).has(checkpointId) && !isLatestInJournal(stored);
}

/** Whether nothing else in the store has got as far as this checkpoint. */
async function isOnlyProof(checkpoint: Checkpoint, { store, host }: PlannerServices): Promise<boolean> {
  const { planId, checkpointId } = checkpoint;
  const [latest, next] = (await store.listCheckpoints({ planId })).filter(isIntact).sort(byLatest);
  if (latest?.checkpointId !== checkpointId) return false;
  // Where nobody counted, equal positions prove nothing.
  const isCounted = latest.epoch > 0;
  if (isCounted && next !== undefined && next.epoch === latest.epoch && next.seq === latest.seq) return false;
  const { journals } = await readStoredPlan(store, planId, host.log);
  const { epoch, seq } = latest;
  const isAsFar = (end: Checkpoint) => end.epoch > epoch || (end.epoch === epoch && end.seq >= seq);
  return !journals.states.some(
    ({ damage, checkpoint: end }) => damage === undefined && end !== undefined && isAsFar(end),
  );
}

/**
 * `undefined` for what is unknown, or cannot be gone on from and so proves nothing.
 * @throws PersistenceError when the store cannot say: it may be all that proves what was paid
 */
async function loadIfUsable(checkpointId: string, store: CheckedStore): Promise<Checkpoint | undefined> {
  try {
    const checkpoint = await store.loadCheckpoint(checkpointId);
    if (checkpoint !== undefined) recount(checkpoint);
    return checkpoint;
  } catch (error) {
    if (!VibeError.is(error)) throw error;
    // What is no JSON will never be any; whatever else a store failed with may pass.
    if (error.code !== 'PERSISTENCE_FAILED' || error.cause instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function saveState(state: ExecutionState, { store, ids }: PlannerServices): Promise<string> {
  const { vibeKey = vibeKeyOf(state.vibe), epoch = 0, seq = 0 } = state;
  const checkpoint: Checkpoint = { ...state, ...ids.next(), vibeKey, epoch, seq };
  await store.saveCheckpoint(checkpoint);
  return checkpoint.checkpointId;
}

/** A state from outside: checked, and counted anew from its results. */
function checkedState(given: ExecutionState, planId: string): ExecutionState {
  const plan = isPlainObject(given) ? given.workflowPlan : undefined;
  if (isPlainObject(plan) && isTooDeep(plan.rootNodes)) throw new PlanInvalidError(planId, [tooDeepIssue]);
  const parsed = executionStateSchema.safeParse(given);
  if (!parsed.success) {
    const problems = issuesOf(parsed.error, 'executionState').map(({ path, message }) => `${path}: ${message}`);
    throw new TypeError(`createCheckpoint got an executionState that is none: ${problems.slice(0, 10).join('; ')}.`);
  }
  const state = parsed.data;
  if (state.planId !== planId) {
    throw new CheckpointMismatchError(planId, `the executionState is of plan ${JSON.stringify(state.planId)}`);
  }
  return { ...state, ...recount(state) };
}

function recount(stored: ExecutionState): Pick<ExecutionState, 'completedNodes' | 'pendingNodes' | 'vibeKey'> {
  const { planId, runId, vibe, workflowPlan: plan, parent, epoch = 0 } = stored;
  const graph = storedGraph(stored, () => true);
  const vibeKey = storedVibeKey(stored);
  let state: RunState;
  try {
    state = recoverRun({ planId, runId, vibe, vibeKey, epoch, plan, graph, parent }, stored)();
  } catch (error) {
    if (error instanceof UnusableState)
      throw new CheckpointMismatchError(planId, `the executionState: ${error.message}`);
    throw error;
  }
  const { completedNodes, pendingNodes } = executionStateOf(state);
  return { completedNodes, pendingNodes, vibeKey };
}
