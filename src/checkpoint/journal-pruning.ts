import { journalsAfter, openingOf } from './journal-opening.js';
import { allDeletedIds, listedPositions, type SurveyedJournal } from './journal-survey.js';
import type { JournalOpening } from './persistence-manager.js';
import type { Replayed } from './replay.js';

/** Ids of the checkpoints of a plan that are listed positions in its journals. */
export function listedPositionIds(journals: readonly SurveyedJournal[]): Set<string> {
  const deletedIds = allDeletedIds(journals);
  return new Set(journals.flatMap((one) => listedPositions(one, deletedIds)).map(({ checkpointId }) => checkpointId));
}

/** What is deleted when these checkpoints are pruned. */
function deletedThen(journals: readonly SurveyedJournal[], doomedIds: ReadonlySet<string>): Set<string> {
  return new Set([...allDeletedIds(journals), ...doomedIds]);
}

/** Whether the journals of a plan hold something that is to go: a position, or a whole journal behind the latest. */
export function isPruningDue(journals: readonly SurveyedJournal[], doomedIds: ReadonlySet<string>): boolean {
  if ([...listedPositionIds(journals)].some((id) => doomedIds.has(id))) return true;
  const deletedIds = deletedThen(journals, doomedIds);
  const [latest, ...earlier] = journals;
  return earlier.some(
    (one) => one.head?.runId === latest?.head?.runId || listedPositions(one, deletedIds).length === 0,
  );
}

/**
 * The latest journal of a plan once more without any of these checkpoints, whatever their number. Journals of earlier
 * runs in which nothing is listed any more are replaced by it.
 * @param latest what the first of the journals amounts to
 * @param journals all of the plan, intact, the highest epoch first
 */
export function prunedOpening(
  { header, headerText, records }: Replayed,
  journals: readonly SurveyedJournal[],
  { doomedIds, epoch }: { readonly doomedIds: ReadonlySet<string>; readonly epoch: number },
): Promise<JournalOpening> {
  const positions = (journals[0]?.positions ?? []).filter(({ seq }) => seq <= records.length);
  const deletedIds = deletedThen(journals, doomedIds);
  const run = { identity: header, epoch, records, positions, headerText };
  return openingOf(run, journals, 'strict', { deletedIds });
}

/** The journals of a plan that stay when these checkpoints are pruned; the new one begins as the latest. */
export function keptJournals(
  { header }: Replayed,
  journals: readonly SurveyedJournal[],
  doomedIds: ReadonlySet<string>,
): readonly SurveyedJournal[] {
  const deletedIds = deletedThen(journals, doomedIds);
  const replaced = new Set(journalsAfter(header, journals, { deletedIds }).replaced);
  return journals.filter((one) => one === journals[0] || !replaced.has(one));
}
