import { CheckpointVersionError } from '../errors.js';
import { decodeMark, isMark, type Position } from './journal-codec.js';
import { decodeHead, type JournalHead } from './journal-header.js';
import type { StoredJournal } from './persistence-manager.js';
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
