import { CheckpointVersionError } from '../errors.js';
import { inTurns } from '../turns.js';
import { decodeMark, encodeDeleted, encodePosition, isMark, type Position } from './journal-codec.js';
import { decodeHead, encodingHeader, type JournalHead, type JournalHeader } from './journal-header.js';
import type { Durability, JournalOpening, StoredJournal } from './persistence-manager.js';
import type { Replayed } from './replay.js';

/** What a journal holds besides the records of its run, which are not looked into. */
export interface SurveyedJournal {
  readonly journal: StoredJournal;
  /** `undefined` when the first line is damaged. */
  readonly head: JournalHead | undefined;
  /** Also those that stand behind a damage. */
  readonly positions: readonly Position[];
  readonly deletedIds: readonly string[];
}

/** @throws CheckpointVersionError for what a newer version of this library wrote */
export function surveyJournal(journal: StoredJournal, planId: string): SurveyedJournal {
  const head = journal.lines[0] === undefined ? undefined : decodeHead(journal.lines[0]);
  if (head?.ok === false && head.kind === 'version') throw new CheckpointVersionError(planId, head.reason);
  return { journal, head: head?.ok ? head.value : undefined, ...marksOf(journal) };
}

/** The same of a journal whose first line has been read already. */
export function surveyReplayed(journal: StoredJournal, { header, state }: Replayed): SurveyedJournal {
  const { planId, runId, epoch, carried, vibeKey, vibe } = header;
  const totalNodes = state.graph.sizeAfter(0); // a position says when there are more
  const head = { planId, runId, epoch, carried, vibeKey, vibeDescription: vibe.description, totalNodes };
  return { journal, head, ...marksOf(journal) };
}

function marksOf(journal: StoredJournal): Pick<SurveyedJournal, 'positions' | 'deletedIds'> {
  const positions: Position[] = [];
  const deletedIds: string[] = [];
  for (const line of [...journal.lines, ...(journal.damage?.linesBehind ?? []).map(({ text }) => text)]) {
    if (!isMark(line)) continue;
    const mark = decodeMark(line);
    if (!mark.ok) continue;
    if (mark.value.kind === 'deleted') deletedIds.push(mark.value.checkpointId);
    else positions.push(mark.value.position);
  }
  return { positions, deletedIds };
}

/** Positions that exist: not deleted, and without a file, which would say so itself. */
export function listedPositions(surveyed: SurveyedJournal, deletedIds: ReadonlySet<string>): Position[] {
  return surveyed.positions.filter(({ checkpointId, hasFile }) => !hasFile && !deletedIds.has(checkpointId));
}

/** A deletion may stand in another journal than what it deletes. */
export function allDeletedIds(journals: readonly SurveyedJournal[]): Set<string> {
  return new Set(journals.flatMap(({ deletedIds }) => deletedIds));
}

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

/**
 * How the next journal of a plan begins: what the run has so far, and what is still deleted elsewhere. It replaces the
 * intact journals of the same run, and those of earlier runs in which no listed checkpoint is left.
 */
export async function openingOf(
  { identity, epoch, records, positions, headerText }: OpeningRun,
  journals: readonly SurveyedJournal[],
  durability: Durability,
  { deletedIds = allDeletedIds(journals), broken = new Set() }: OpeningDetails = {},
): Promise<JournalOpening> {
  const isOwn = ({ head }: SurveyedJournal) => head?.runId === identity.runId;
  const isOver = (surveyed: SurveyedJournal) => listedPositions(surveyed, deletedIds).length === 0;
  const isLatest = ({ journal }: SurveyedJournal) => journal.epoch === journals[0]?.journal.epoch;
  const intact = journals.filter(
    ({ journal, head }) => journal.damage === undefined && head !== undefined && !broken.has(journal.epoch),
  );
  const replaced = intact.filter((surveyed) => isOwn(surveyed) || isOver(surveyed));
  const aside = journals.filter((surveyed) => !intact.includes(surveyed) && (isOwn(surveyed) || isLatest(surveyed)));
  const kept = journals.filter((surveyed) => !replaced.includes(surveyed) && !aside.includes(surveyed));
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
