import { inTurns } from '../turns.js';
import { encodeDeleted, encodePosition, type Position } from './journal-codec.js';
import { encodingHeader, type JournalHeader } from './journal-header.js';
import { allDeletedIds, listedPositions, type SurveyedJournal } from './journal-survey.js';
import type { Durability, JournalOpening } from './persistence-manager.js';

export interface OpeningRun {
  readonly identity: Omit<JournalHeader, 'epoch' | 'carried'>;
  readonly epoch: number;
  /** The texts of its records so far. */
  readonly records: readonly string[];
  readonly positions: readonly Position[];
  /** How an earlier journal of the run begins, if the plan is still the same. */
  readonly headerText?: string | undefined;
}

export interface OpeningDetails {
  readonly deletedIds?: ReadonlySet<string>;
  /** Epochs of journals whose lines are as they were written and make no run. */
  readonly broken?: ReadonlySet<number>;
}

/** How the next journal of a plan begins: what the run has so far, and what is still deleted elsewhere. */
export async function openingOf(
  { identity, epoch, records, positions, headerText }: OpeningRun,
  journals: readonly SurveyedJournal[],
  durability: Durability,
  { deletedIds = allDeletedIds(journals), broken }: OpeningDetails = {},
): Promise<JournalOpening> {
  const { replaced, aside, kept } = journalsAfter(identity, journals, { deletedIds, broken });
  const stillDeleted = kept.flatMap((surveyed) => surveyed.positions).filter((at) => deletedIds.has(at.checkpointId));
  const carried = [
    ...records,
    ...positions.filter((at) => !deletedIds.has(at.checkpointId)).map(encodePosition),
    ...stillDeleted.map(({ checkpointId }) => encodeDeleted(checkpointId)),
  ];
  const header = { ...identity, epoch, carried: carried.length };
  return {
    lines: [await inTurns(encodingHeader(header, durability, headerText)), ...carried],
    durability,
    replaces: replaced.map(({ journal }) => journal.epoch),
    setsAside: aside.map(({ journal }) => journal.epoch),
  };
}

/**
 * What becomes of the journals of a plan when the next one begins: it replaces the intact journals of the same run, and
 * those of earlier runs in which no listed checkpoint is left.
 */
export function journalsAfter(
  { runId }: Pick<JournalHeader, 'runId'>,
  journals: readonly SurveyedJournal[],
  {
    deletedIds,
    broken,
  }: { readonly deletedIds: ReadonlySet<string>; readonly broken?: ReadonlySet<number> | undefined },
): Record<'replaced' | 'aside' | 'kept', readonly SurveyedJournal[]> {
  const isOwn = ({ head }: SurveyedJournal) => head?.runId === runId;
  const isOver = (surveyed: SurveyedJournal) => listedPositions(surveyed, deletedIds).length === 0;
  const isLatest = ({ journal }: SurveyedJournal) => journal.epoch === journals[0]?.journal.epoch;
  const isIntact = ({ journal, head }: SurveyedJournal) =>
    journal.damage === undefined && head !== undefined && broken?.has(journal.epoch) !== true;
  const replaced: SurveyedJournal[] = [];
  const aside: SurveyedJournal[] = [];
  const kept: SurveyedJournal[] = [];
  for (const surveyed of journals) {
    if (isIntact(surveyed)) (isOwn(surveyed) || isOver(surveyed) ? replaced : kept).push(surveyed);
    else (isOwn(surveyed) || isLatest(surveyed) ? aside : kept).push(surveyed);
  }
  return { replaced, aside, kept };
}
