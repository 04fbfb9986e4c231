import { byLatest, type CheckpointSummary, isIntact } from '../checkpoint/checkpoint.js';
import { isRollingId } from '../checkpoint/checkpoint-id.js';
import { allDeletedIds, listedPositions } from '../checkpoint/journal-survey.js';
import type { DocumentRemains, JournalRemains, Remains } from '../checkpoint/persistence-manager.js';
import { type RemainingJournal, readRemainingJournal } from '../checkpoint/remaining-journal.js';
import { CheckpointCorruptError } from '../errors.js';
import type { CheckedStore } from './checked-store.js';
import { rollingIdOf, sha256 } from './identity.js';
import type { StoredPlan } from './stored-plan.js';

/** What is left of the latest run of a plan. */
export interface RunRemains {
  readonly runId: string;
  /** Its own, the highest epoch first; those that were set aside last. */
  readonly journals: readonly RemainingJournal[];
  /** Its own checkpoints that are not known to be damaged, those with most nodes first. */
  readonly documents: readonly DocumentRemains[];
  /** Ids of nodes that damaged checkpoints of it still name as completed. */
  readonly named: readonly string[];
  /** What is damaged in the plan, and not by a journal of another run. */
  readonly damagedDocuments: readonly DocumentRemains[];
  readonly damagedEpochs: ReadonlyMap<number, string>;
  /** Checkpoints that are listed and have no file. */
  readonly positionIds: ReadonlySet<string>;
}

/**
 * Finds the latest run of a plan, the one with the highest epoch, by everything that is intact. `undefined` when there
 * is nothing at all.
 * @throws CheckpointCorruptError when it cannot be told which run that is
 * @throws CheckpointVersionError for what a newer version of this library wrote
 */
export async function findRemains(
  planId: string,
  stored: StoredPlan,
  store: CheckedStore,
): Promise<RunRemains | undefined> {
  const positionIds = positionsOf(stored);
  const remains = (await store.inspect(planId)) ?? remainsOf(stored, positionIds, store.location);
  const journals: RemainingJournal[] = [];
  for (const journal of remains.journals) journals.push(await readRemainingJournal(journal, planId, sha256));
  const summaries = new Map(stored.summaries.map((summary) => [summary.checkpointId, summary]));
  const runOf = (journal: RemainingJournal) => journal.header?.runId ?? runByCheckpoints(journal, summaries);
  const evidence = evidenceOf(journals, remains.documents, summaries, runOf);
  const [latest] = evidence;
  const hidden = journals.find((one) => !one.isSetAside && runOf(one) === undefined);
  if (latest === undefined && hidden === undefined && remains.documents.length === 0) return undefined;
  const isAlone = new Set(evidence.map(({ runId }) => runId)).size === 1;
  if (latest === undefined || (hidden !== undefined && hidden.epoch > latest.epoch && !isAlone)) {
    throw beyondRepair(planId, hidden, remains.documents, stored);
  }
  const { runId } = latest;
  const own = journals.filter((journal) => runOf(journal) === runId);
  const isOwn = ({ checkpointId }: DocumentRemains) => {
    const other = runOfSummary(summaries.get(checkpointId));
    return other === undefined ? isAlone : other === runId;
  };
  const damaged = remains.documents.filter(({ damage }) => damage !== undefined);
  const intact = new Map(remains.documents.filter(({ damage }) => damage === undefined).map((one) => [idOf(one), one]));
  const listed = stored.summaries.filter(isIntact).filter((one) => one.runId === runId);
  return {
    runId,
    journals: own.sort((a, b) => Number(a.isSetAside) - Number(b.isSetAside) || b.epoch - a.epoch),
    documents: listed
      .sort((a, b) => b.completedNodes - a.completedNodes || byLatest(a, b))
      .flatMap((one) => intact.get(idOf(one)) ?? []),
    named: damaged.filter(isOwn).flatMap(({ damage }) => damage?.completedNodes ?? []),
    damagedDocuments: damaged,
    damagedEpochs: damagedEpochsOf(stored, planId, runId),
    positionIds,
  };
}

/** A run that something intact speaks of; nothing that was set aside is later than what is in use. */
function evidenceOf(
  journals: readonly RemainingJournal[],
  documents: readonly DocumentRemains[],
  summaries: ReadonlyMap<string, CheckpointSummary>,
  runOf: (journal: RemainingJournal) => string | undefined,
): Array<{ runId: string; epoch: number }> {
  const found: Array<{ runId: string; epoch: number; isSetAside: boolean; createdAt: string }> = [];
  for (const journal of journals) {
    const runId = runOf(journal);
    const { epoch, isSetAside } = journal;
    if (runId !== undefined) found.push({ runId, epoch, isSetAside, createdAt: '' });
  }
  for (const { checkpointId } of documents) {
    const summary = summaries.get(checkpointId);
    const runId = runOfSummary(summary);
    if (summary === undefined || runId === undefined) continue;
    const epoch = summary.epoch ?? summary.damaged?.head?.epoch ?? 0;
    found.push({ runId, epoch, isSetAside: false, createdAt: summary.createdAt });
  }
  return found.sort(
    (a, b) => Number(a.isSetAside) - Number(b.isSetAside) || b.epoch - a.epoch || (a.createdAt < b.createdAt ? 1 : -1),
  );
}

/**
 * A journal that lost its header is of the run whose checkpoints it has; where it lost those lines too, of the run that
 * has a checkpoint of its epoch, since an epoch belongs to one run.
 */
function runByCheckpoints(
  { positions, epoch, isForeign }: RemainingJournal,
  summaries: ReadonlyMap<string, CheckpointSummary>,
): string | undefined {
  const files = positions.filter(({ hasFile }) => hasFile);
  for (const { checkpointId } of files) {
    const runId = runOfSummary(summaries.get(checkpointId));
    if (runId !== undefined) return runId;
  }
  if (files.length > 0 || isForeign) return undefined;
  const isOfEpoch = (one: CheckpointSummary) => (one.epoch ?? one.damaged?.head?.epoch) === epoch;
  return runOfSummary([...summaries.values()].find(isOfEpoch));
}

function runOfSummary(summary: CheckpointSummary | undefined): string | undefined {
  return summary?.runId ?? summary?.damaged?.head?.runId;
}

/** Checkpoints of the list that are places in a journal, or the end of one. */
function positionsOf({ summaries, journals: { surveyed } }: StoredPlan): Set<string> {
  const deletedIds = allDeletedIds(surveyed);
  const places = new Set(surveyed.flatMap((one) => listedPositions(one, deletedIds)).map(idOf));
  for (const { head, journal } of surveyed) places.add(rollingIdOf({ runId: head?.runId, epoch: journal.epoch }));
  return new Set(summaries.map(idOf).filter((id) => places.has(id)));
}

/** The same of a store that tells no more than its list and its journals do. */
function remainsOf(
  { summaries, journals: { surveyed } }: StoredPlan,
  positionIds: ReadonlySet<string>,
  place: string,
): Remains {
  const documents = summaries
    .filter(({ checkpointId }) => !positionIds.has(checkpointId))
    .map(({ checkpointId, damaged }): DocumentRemains => {
      const location = `${checkpointId} in ${place}`;
      if (damaged === undefined) return { checkpointId, location };
      return { checkpointId, location, damage: { reason: damaged.reason, completedNodes: [] } };
    });
  const journals = surveyed.map(({ journal: { epoch, location, lines, damage } }): JournalRemains => {
    const numbered = lines.map((text, index) => ({ number: index + 1, text }));
    const behind = new Map((damage?.linesBehind ?? []).map((line) => [line.number, line]));
    const after = [...behind.values()].filter(({ number }) => number > lines.length);
    const all = [...numbered, ...after.sort((a, b) => a.number - b.number)];
    return { epoch, location, isSetAside: false, lines: all, fragments: [] };
  });
  return { journals, documents };
}

/** Damaged journals, but those of earlier runs: what is intact in them can still be returned to. */
function damagedEpochsOf({ journals }: StoredPlan, planId: string, runId: string): Map<number, string> {
  const damaged = new Map<number, string>();
  for (const { journal, head } of journals.surveyed) {
    const { epoch } = journal;
    const state = journals.states.find((one) => one.epoch === epoch);
    const reason =
      state?.damage ?? journal.damage?.reason ?? (head === undefined ? 'its header is damaged' : undefined);
    const isOther = head !== undefined && head.runId !== runId && head.planId === planId && head.epoch === epoch;
    if (reason !== undefined && !isOther) damaged.set(epoch, reason);
  }
  return damaged;
}

/** Nothing intact tells what the latest run was to make: nothing may be made of it. */
export function beyondRepair(
  planId: string,
  journal: Pick<RemainingJournal, 'epoch' | 'location'> | undefined,
  documents: readonly DocumentRemains[],
  { summaries }: StoredPlan,
): CheckpointCorruptError {
  const damaged = documents.find(({ damage }) => damage !== undefined);
  const checkpointId = journal ? rollingIdOf({ runId: undefined, epoch: journal.epoch }) : damaged?.checkpointId;
  const intact = summaries.filter(isIntact).filter((one) => !isRollingId(one.checkpointId));
  return new CheckpointCorruptError({
    planId,
    reason: 'nothing intact is left that tells the vibe and the plan of its latest run, so it cannot be repaired',
    location: journal?.location ?? damaged?.location ?? '',
    checkpointId,
    fallbackCheckpointId: intact.sort(byLatest)[0]?.checkpointId,
    isBeyondRepair: true,
  });
}

function idOf({ checkpointId }: { readonly checkpointId: string }): string {
  return checkpointId;
}
