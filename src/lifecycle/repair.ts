import { checkPlanId, isRollingId } from '../checkpoint/checkpoint-id.js';
import { recoverRun } from '../checkpoint/recovery.js';
import { CheckpointNotFoundError, type LockHolder } from '../errors.js';
import { executionStateOf } from '../run/execution-state.js';
import type { RunState } from '../run/run-state.js';
import { assessNodes } from './assess-nodes.js';
import { whileHeld } from './checkpoints.js';
import { createEmitter } from './emitter.js';
import type { HeldPlan } from './hold-plan.js';
import { rollingIdOf } from './identity.js';
import type { LiveRun } from './live-runs.js';
import type { PlannerServices } from './planner-services.js';
import { beyondRepair, findRemains, type RunRemains } from './remains.js';
import type { RepairedDamage, RepairReport } from './repair-report.js';
import { type SalvagedRun, salvageRun } from './salvage-run.js';
import { startRecorder } from './start-recorder.js';
import { readStoredPlan, type StoredPlan } from './stored-plan.js';

export interface RepairCall {
  readonly planId: string;
  readonly dryRun: boolean;
  readonly onLostInput: 'keep' | 'rerun';
  readonly signal?: AbortSignal | undefined;
}

/** Puts the latest run of a plan together again from all that is intact: find, lock, salvage, save, put aside, report. */
export async function repairCheckpoints(
  call: RepairCall,
  planner: PlannerServices,
  { signal }: LiveRun,
): Promise<RepairReport> {
  const planId = checkPlanId(call.planId);
  call.signal?.throwIfAborted();
  if (!(await isKnown(planId, planner))) throw new CheckpointNotFoundError(undefined, planId);
  const emit = createEmitter({ planId, runId: '' }, [planner.onProgress], planner.host);
  const waiting = { signal, onWaiting: (holder: LockHolder) => emit?.({ type: 'lock_waiting', holder }) };
  const names = { planId, runId: `repairs ${planId}` };
  return whileHeld(names, planner, (held) => repairHeld({ ...call, signal }, held, planner), waiting);
}

/** Looked at before the plan is locked: a lock would make a directory for a plan that nobody has heard of. */
async function isKnown(planId: string, { store }: PlannerServices): Promise<boolean> {
  if ((await store.listCheckpoints({ planId, limit: 1 })).length > 0) return true;
  const remains = (await store.inspect(planId)) ?? { journals: await store.readJournals(planId) };
  return remains.journals.length > 0;
}

async function repairHeld(
  { planId, dryRun, onLostInput, signal }: RepairCall,
  held: HeldPlan,
  planner: PlannerServices,
): Promise<RepairReport> {
  const { store, host } = planner;
  const stored = held.stored ?? (await readStoredPlan(store, planId, host.log));
  held.stored = undefined;
  const remains = await findRemains(planId, stored, store);
  if (remains === undefined) throw new CheckpointNotFoundError(undefined, planId);
  const found = await salvageRun(remains, { planId, epoch: held.epoch }, stored, store);
  if (found === undefined) throw beyondRepair(planId, remains.journals[0], remains.damagedDocuments, stored);

  const { state, ...nodes } = assessNodes(found, remains, planner.lookup, onLostInput);
  const dropped = nodes.paidAgain.filter(({ nodeId }) => found.salvage.has(nodeId)).map(({ nodeId }) => nodeId);
  const beginning = keepsBeginning(found, dropped) ? found.earlier : undefined;
  const isMore = found.salvage.completedResults > found.knownResults;
  const damage = [
    ...damageOf(found, remains, stored, beginning?.replayed?.records.length ?? 0),
    ...(isMore ? setAsideOf(remains) : []),
  ];
  const report = { planId, runId: remains.runId, ...nodes, damage };
  if (dryRun || (damage.length === 0 && !isMore)) return report;

  signal?.throwIfAborted();
  const journals = beginning === undefined ? withoutRecords(stored) : stored;
  const checkpointId = await saveRun(state, journals, held, planner);
  const locations = damage.filter(({ movedTo }) => movedTo === undefined).map(({ location }) => location);
  const moved = await store.setAside(planId, held.lease, locations);
  const told = damage.map((one) => {
    const movedTo = moved.get(one.location);
    return movedTo === undefined ? one : { ...one, movedTo };
  });
  return { ...report, checkpointId, damage: told };
}

/** The next journal begins with the records of the last one, unless something in them is dropped. */
function keepsBeginning({ earlier }: SalvagedRun, dropped: readonly string[]): boolean {
  return !dropped.some((nodeId) => earlier?.replayed?.state.results.get(nodeId)?.status === 'completed');
}

function withoutRecords({ summaries, journals }: StoredPlan): StoredPlan {
  const states = journals.states.map((state) => ({ ...state, replayed: undefined }));
  return { summaries, journals: { ...journals, states } };
}

/** @param recordsKept so many records of its journal the run begins with: places among them can still be returned to */
function damageOf(
  { unusable }: SalvagedRun,
  { runId, damagedDocuments, damagedEpochs, positionIds }: RunRemains,
  { journals: { surveyed } }: StoredPlan,
  recordsKept: number,
): RepairedDamage[] {
  const damaged: RepairedDamage[] = [];
  const own = surveyed.filter(({ head }) => head?.runId === runId).flatMap(({ positions }) => positions);
  const left = new Set(own.filter(({ seq }) => seq <= recordsKept).map(({ checkpointId }) => checkpointId));
  for (const { journal, positions } of surveyed) {
    const reason = damagedEpochs.get(journal.epoch);
    if (reason === undefined) continue;
    const lost = positions.map(({ checkpointId }) => checkpointId).filter((id) => positionIds.has(id) && !left.has(id));
    damaged.push({ location: journal.location, reason, checkpointIds: [...new Set(lost)] });
  }
  for (const { checkpointId, location, damage } of [...damagedDocuments, ...unusable]) {
    const checkpointIds = isRollingId(checkpointId) ? [] : [checkpointId];
    damaged.push({ location, reason: damage?.reason ?? '', checkpointIds });
  }
  return damaged;
}

/** An earlier call went on without them. */
function setAsideOf({ journals }: RunRemains): RepairedDamage[] {
  const reason = 'it was set aside earlier';
  return journals
    .filter(({ isSetAside }) => isSetAside)
    .map(({ location }) => ({ location, reason, movedTo: location, checkpointIds: [] }));
}

/** As a run that goes on: its next journal, and a checkpoint that has everything. Damage stays where it is until then. */
async function saveRun(
  state: RunState,
  stored: StoredPlan,
  { lease }: HeldPlan,
  planner: PlannerServices,
): Promise<string> {
  const now = new Date(planner.host.now()).toISOString();
  const checkpoint = { ...executionStateOf(state), checkpointId: rollingIdOf(state), createdAt: now };
  const run = { identity: state, makeState: recoverRun(state, checkpoint) };
  const recorded = {
    run,
    state: undefined,
    checkpoint,
    isNewRun: false,
    stored,
    lease,
    leavesDamaged: planner.store.setsAside,
  };
  const { recorder } = await startRecorder(recorded, planner, () => {});
  try {
    return await recorder.checkpoint();
  } finally {
    await recorder.close();
  }
}
