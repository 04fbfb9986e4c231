import { byLatest, type Checkpoint, isIntact } from '../checkpoint/checkpoint.js';
import { prunedOpening } from '../checkpoint/journal-pruning.js';
import type { StoredBlob } from '../checkpoint/persistence-manager.js';
import type { RetentionPolicy } from '../checkpoint/retention.js';
import { PlanLockedError } from '../errors.js';
import type { HandlerLookup } from '../execution/node-handler.js';
import type { CheckedStore } from './checked-store.js';
import { whileHeld } from './checkpoints.js';
import { findLatest } from './find-latest.js';
import type { HeldPlan } from './hold-plan.js';
import { openStoredRun } from './open-run.js';
import { damageIn } from './plan-damage.js';
import { findLock } from './plan-lock.js';
import type { PlannerServices } from './planner-services.js';
import { emptyInbox, readSignals } from './run-mailbox.js';
import { readStoredPlan, type StoredPlan } from './stored-plan.js';
import { unnamedBlobs } from './unnamed-blobs.js';
import { isNothing, type Pruning, whatToPrune } from './what-to-prune.js';

/** What became of a plan. */
export interface PrunedPlan {
  /** Listed checkpoints that are gone, newest first. */
  readonly deletedIds: readonly string[];
  /** Nothing is left of it. */
  readonly isFree: boolean;
  /** Blobs that nothing named any more, and that are gone. */
  readonly blobs: readonly StoredBlob[];
}

export interface PruneRequest {
  readonly planId: string;
  readonly policy: RetentionPolicy;
  /** Only say what would become of it. */
  readonly dryRun: boolean;
}

/**
 * Prunes one plan. It is looked at first, and held only when there is something to do.
 * @throws VibeError that says why the plan is left alone: it is damaged, of a newer version, or locked
 */
export async function prunePlan(request: PruneRequest, planner: PlannerServices): Promise<PrunedPlan> {
  const { planId, dryRun } = request;
  const lock = findLock(planner.store.place, planId);
  if (lock !== undefined) throw new PlanLockedError(planId, { ...lock.holder });
  const seen = await readStoredPlan(planner.store, planId, planner.host.log);
  const pruning = await decide(request, seen, planner);
  const blobs = await unnamedBlobs(planId, seen, pruning, planner.store);
  if (dryRun || (isNothing(pruning) && blobs.length === 0 && !(await hasSignals(planId, pruning, planner.store)))) {
    return { deletedIds: pruning.checkpointIds, isFree: pruning.lastIds !== undefined, blobs };
  }
  return whileHeld({ planId, runId: 'prunes checkpoints' }, planner, (held) => pruneHeld(request, held, planner));
}

/** Somebody may have run the plan, or pruned it, before it was ours. */
async function pruneHeld(request: PruneRequest, held: HeldPlan, planner: PlannerServices): Promise<PrunedPlan> {
  const { planId } = request;
  const { store, host } = planner;
  const stored = held.stored ?? (await readStoredPlan(store, planId, host.log));
  const pruning = await decide(request, stored, planner);
  const blobs = await unnamedBlobs(planId, stored, pruning, store);
  if (pruning.isComplete && store.inbox !== undefined) await emptyInbox(planId, store.inbox, host);
  if (isNothing(pruning) && blobs.length === 0) return { deletedIds: [], isFree: false, blobs };
  await held.lease?.check();
  // Of a plan that goes as a whole they go first: whatever interrupts this, somebody comes for the rest.
  if (pruning.lastIds !== undefined) await removeBlobs(planId, blobs, store);
  const gone = new Set(
    pruning.lastIds === undefined
      ? await removeSome(planId, pruning, stored, held, store)
      : await removeAll(planId, pruning, pruning.lastIds, stored, held, store),
  );
  if (pruning.lastIds === undefined) await removeBlobs(planId, blobs, store);
  const deletedIds = pruning.checkpointIds.filter((id) => gone.has(id));
  return { deletedIds, isFree: pruning.lastIds !== undefined, blobs };
}

/** Whether a process died between the end of the run and the emptying of its inbox. */
async function hasSignals(planId: string, { isComplete }: Pruning, { inbox }: CheckedStore): Promise<boolean> {
  return isComplete && inbox !== undefined && (await readSignals(planId, inbox)).length > 0;
}

async function removeBlobs(planId: string, blobs: readonly StoredBlob[], store: CheckedStore): Promise<void> {
  if (blobs.length === 0) return;
  const sha256s = blobs.map(({ sha256 }) => sha256);
  await store.blobs?.remove(planId, sha256s);
}

async function decide(
  { planId, policy }: PruneRequest,
  stored: StoredPlan,
  { store, host }: PlannerServices,
): Promise<Pruning> {
  const damage = await damageIn(planId, stored, store);
  if (damage !== undefined) throw damage;
  return whatToPrune(stored, await latestStates(planId, stored, store), policy, host.now());
}

/** The state that a call would go on from, for each vibe that the plan has states of. It is known to be whole. */
async function latestStates(planId: string, stored: StoredPlan, store: CheckedStore): Promise<Checkpoint[]> {
  const ofJournals = stored.journals.states.flatMap(({ checkpoint }) => checkpoint ?? []);
  const vibeKeys = new Set([...stored.summaries.filter(isIntact), ...ofJournals].map(({ vibeKey }) => vibeKey));
  const latest: Checkpoint[] = [];
  for (const vibeKey of vibeKeys) {
    const found = await findLatest(store, stored, { planId, vibeKey, onCorrupt: 'throw' }, (checkpoint) =>
      openStoredRun(checkpoint, { planId, runId: checkpoint.runId, vibeKey, epoch: checkpoint.epoch }, served),
    );
    if (found !== undefined) latest.push(found.checkpoint);
  }
  return latest;
}

/** Whether the handlers are here that a run needs does not matter to what is kept of it. */
const served: HandlerLookup = () => ({ identity: { name: '' }, run: () => undefined });

/** Documents first: where the disk is full, that is what makes room to write the journal. */
async function removeSome(
  planId: string,
  { checkpointIds, rollingIds, positionIds, isJournalDue }: Pruning,
  { journals }: StoredPlan,
  { epoch, lease }: HeldPlan,
  store: CheckedStore,
): Promise<readonly string[]> {
  const gone = await store.deleteMany(planId, [...checkpointIds, ...rollingIds], positionIds);
  const latest = journals.states[0]?.replayed;
  if (!isJournalDue || latest === undefined || lease === undefined) return gone;
  const opening = await prunedOpening(latest, journals.surveyed, { doomedIds: new Set(checkpointIds), epoch });
  await (await store.beginJournal(planId, lease, opening)).close();
  return [...gone, ...positionIds];
}

/** In an order in which whatever is left at any moment still has the result of the plan, until nothing has. */
async function removeAll(
  planId: string,
  { checkpointIds, rollingIds, positionIds }: Pruning,
  lastIds: ReadonlySet<string>,
  { summaries }: StoredPlan,
  { lease }: HeldPlan,
  store: CheckedStore,
): Promise<readonly string[]> {
  const doomed = new Set([...checkpointIds, ...rollingIds]);
  const earliestFirst = summaries
    .filter(isIntact)
    .sort((a, b) => byLatest(b, a))
    .map(({ checkpointId }) => checkpointId)
    .filter((id) => doomed.has(id));
  const gone = await store.deleteMany(
    planId,
    earliestFirst.filter((id) => !lastIds.has(id)),
    positionIds,
  );
  await store.removeJournals(planId, lease);
  const last = await store.deleteMany(
    planId,
    earliestFirst.filter((id) => lastIds.has(id)),
  );
  return [...gone, ...last, ...positionIds];
}
