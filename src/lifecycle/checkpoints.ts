import { byLatest, type Checkpoint, type CheckpointSummary, type IntactSummary } from '../checkpoint/checkpoint.js';
import { isRollingId } from '../checkpoint/checkpoint-id.js';
import { recoverRunState, UnusableState } from '../checkpoint/recovery.js';
import { CheckpointMismatchError, CheckpointNotFoundError, PlanInvalidError, VibeError } from '../errors.js';
import { issuesOf } from '../plan/issues.js';
import { isPlainObject } from '../plan/json-value.js';
import { buildPlanGraph } from '../plan/plan-graph.js';
import { isTooDeep, tooDeepIssue } from '../plan/workflow-plan.js';
import { type ExecutionState, executionStateOf, executionStateSchema } from '../run/execution-state.js';
import type { RunState } from '../run/run-state.js';
import { checkPlanId, rollingIdOf, vibeKeyOf } from './identity.js';
import type { PlannerServices } from './planner-services.js';

export interface CreateCheckpointRequest {
  /** The plan that the state belongs to. */
  readonly planId: string;
  /** What to save. May be left out while that plan is running in this planner: its live state then. */
  readonly executionState?: ExecutionState;
}

/** Saves a listed checkpoint and answers its id. */
export async function createCheckpoint(request: CreateCheckpointRequest, planner: PlannerServices): Promise<string> {
  const planId = checkPlanId(request.planId);
  if (request.executionState !== undefined) {
    return saveState(checkedState(request.executionState, planId), planner);
  }
  const live = planner.liveRuns.find(planId);
  if (live === undefined) {
    const reason = `plan ${JSON.stringify(planId)} is not running in this planner`;
    throw new TypeError(`createCheckpoint needs "executionState": ${reason}.`);
  }
  if (live.recorder !== undefined) return live.recorder.checkpoint();
  // A run that records nothing has no epoch: this is where it gets one, so that it can be resumed.
  const summaries = await planner.store.listCheckpoints({ planId });
  const epoch = 1 + summaries.reduce((highest, summary) => Math.max(highest, summary.epoch ?? 0), 0);
  return saveState({ ...executionStateOf(live.state), epoch }, planner);
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

/** @throws CheckpointNotFoundError */
export async function getCheckpoint(checkpointId: string, { store }: PlannerServices): Promise<Checkpoint> {
  const checkpoint = await store.loadCheckpoint(checkpointId);
  if (checkpoint === undefined) throw new CheckpointNotFoundError(checkpointId);
  return checkpoint;
}

/**
 * Removes a place to return to, never progress: where the store has nothing but checkpoints to prove what was paid, the
 * latest state of a plan goes on existing as its rolling save.
 */
export async function deleteCheckpoint(checkpointId: string, planner: PlannerServices): Promise<boolean> {
  const { store } = planner;
  const checkpoint = await loadIfIntact(checkpointId, planner);
  if (checkpoint === 'unknown') return false;
  if (checkpoint !== 'damaged') {
    if (isRollingId(checkpointId)) return false;
    await keepProgress(checkpoint, planner);
  }
  return store.deleteCheckpoint(checkpointId);
}

async function keepProgress(checkpoint: Checkpoint, { store, liveRuns }: PlannerServices): Promise<void> {
  const { planId, runId, checkpointId } = checkpoint;
  const recorder = liveRuns.find(planId)?.recorder;
  if (recorder !== undefined) return recorder.roll();
  const intact = (await store.listCheckpoints({ planId })).filter((summary) => summary.damaged === undefined);
  if (isOnlyProof(checkpointId, intact))
    await store.saveCheckpoint({ ...checkpoint, checkpointId: rollingIdOf(runId) });
}

function isOnlyProof(checkpointId: string, intact: IntactSummary[]): boolean {
  const [latest, next] = intact.sort(byLatest);
  if (latest?.checkpointId !== checkpointId) return false;
  return next === undefined || next.epoch !== latest.epoch || next.seq !== latest.seq;
}

async function loadIfIntact(
  checkpointId: string,
  { store }: PlannerServices,
): Promise<Checkpoint | 'unknown' | 'damaged'> {
  try {
    return (await store.loadCheckpoint(checkpointId)) ?? 'unknown';
  } catch (error) {
    if (VibeError.is(error) && error.code === 'CHECKPOINT_CORRUPT') return 'damaged';
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
  const graph = buildPlanGraph(plan, () => true);
  const vibeKey = vibeKeyOf(vibe);
  let state: RunState;
  try {
    state = recoverRunState({ planId, runId, vibe, vibeKey, epoch, plan, graph, parent }, stored);
  } catch (error) {
    if (error instanceof UnusableState)
      throw new CheckpointMismatchError(planId, `the executionState: ${error.message}`);
    throw error;
  }
  const { completedNodes, pendingNodes } = executionStateOf(state);
  return { completedNodes, pendingNodes, vibeKey };
}
