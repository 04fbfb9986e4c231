import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Checkpoint, CheckpointSummary } from '../../checkpoint/checkpoint.js';
import { shortDescription } from '../../checkpoint/checkpoint.js';
import { type CheckpointQuery, selectCheckpoints } from '../../checkpoint/checkpoint-query.js';
import { isMark, type Position } from '../../checkpoint/journal-codec.js';
import {
  allDeletedIds,
  listedPositions,
  type SurveyedJournal,
  surveyJournal,
} from '../../checkpoint/journal-survey.js';
import type { StoredJournal } from '../../checkpoint/persistence-manager.js';
import { checkpointOf, replayJournal } from '../../checkpoint/replay.js';
import { CheckpointCorruptError, VibeError } from '../../errors.js';
import { errorCode, ForeignFile } from './documents.js';
import { journalEpochs, readJournal } from './journal.js';
import { parseLine } from './journal-lines.js';
import { eachLine } from './journal-reader.js';
import { isPlanDirectory, ownerOf } from './listing.js';
import { journalName } from './names.js';

// Checkpoints that are places in a journal.

/** A larger journal is not checked as a whole when it is listed: its header and its marks are. */
const checkedBytes = 1024 * 1024;

export async function listPositions(
  root: string,
  directories: readonly string[],
  query: CheckpointQuery,
): Promise<CheckpointSummary[]> {
  const summaries: CheckpointSummary[] = [];
  for (const name of directories) {
    const journals = await surveyDirectory(join(root, name), name, surveyFile);
    summaries.push(...summariesIn(journals, query.planId ?? name));
  }
  return selectCheckpoints(summaries, { ...query, limit: undefined, before: undefined });
}

/** The journals of a plan's directory in which a checkpoint is a position; `undefined` when there is none. */
export async function findPosition(
  root: string,
  directories: readonly string[],
  checkpointId: string,
): Promise<{ directory: string; planId: string } | undefined> {
  for (const directory of directories) {
    const journals = await surveyDirectory(join(root, directory), directory, surveyFile);
    const deletedIds = allDeletedIds(journals);
    const holds = (surveyed: SurveyedJournal) =>
      listedPositions(surveyed, deletedIds).some((position) => position.checkpointId === checkpointId);
    if (!current(journals).some(holds)) continue;
    const planId = journals.find(({ head }) => head !== undefined)?.head?.planId ?? (await ownerOf(root, directory));
    return { directory, planId };
  }
  return undefined;
}

/** @throws CheckpointCorruptError when what came before the position cannot be read back */
export async function loadPosition(
  root: string,
  directory: string,
  planId: string,
  checkpointId: string,
): Promise<Checkpoint | undefined> {
  const path = join(root, directory);
  const whole = await surveyDirectory(path, planId, readJournal);
  const deletedIds = allDeletedIds(whole);
  for (const surveyed of current(whole)) {
    const position = listedPositions(surveyed, deletedIds).find((at) => at.checkpointId === checkpointId);
    if (position === undefined) continue;
    const { journal } = surveyed;
    const replay = await replayJournal(journal, planId, position.seq);
    const reached = replay.value?.records.length ?? 0;
    if (replay.value !== undefined && reached >= position.seq) {
      return { ...checkpointOf(replay.value, position), state: position.state };
    }
    const reason = replay.ok ? (journal.damage?.reason ?? 'the records before it are missing') : replay.reason;
    throw new CheckpointCorruptError({ planId, reason, location: journal.location, checkpointId });
  }
  return undefined;
}

function summariesIn(journals: readonly SurveyedJournal[], fallbackPlanId: string): CheckpointSummary[] {
  const deletedIds = allDeletedIds(journals);
  return current(journals).flatMap((surveyed) =>
    listedPositions(surveyed, deletedIds).map((position) => summaryOf(position, surveyed, fallbackPlanId)),
  );
}

function summaryOf(position: Position, { head, journal }: SurveyedJournal, fallbackPlanId: string): CheckpointSummary {
  const { checkpointId, createdAt, state, seq, completed } = position;
  const { planId = fallbackPlanId } = head ?? {};
  const id = { checkpointId, planId, createdAt };
  if (head === undefined || seq > intactRecords(journal)) {
    const reason = journal.damage?.reason ?? 'the records before it are missing';
    const { runId, vibeKey, epoch } = head ?? {};
    const known = runId !== undefined && vibeKey !== undefined && epoch !== undefined;
    return { ...id, damaged: { reason, ...(known && { head: { runId, vibeKey, epoch, seq } }) } };
  }
  const { runId, vibeKey, vibeDescription, totalNodes } = head;
  const about = { vibeKey, epoch: journal.epoch, seq, vibeDescription: shortDescription(vibeDescription) };
  return { ...id, runId, state, ...about, completedNodes: completed, totalNodes };
}

function intactRecords({ lines, damage }: StoredJournal): number {
  if (damage === undefined) return Number.POSITIVE_INFINITY; // what is torn off was never a position
  return lines.reduce((count, line) => (isMark(line) ? count : count + 1), -1);
}

/** Without those that a later journal of the same run has taken over. */
function current(journals: readonly SurveyedJournal[]): SurveyedJournal[] {
  const runIds = new Set<string>();
  return journals.filter(({ head, journal }) => {
    if (head === undefined) return true;
    if (runIds.has(head.runId)) return false;
    if (journal.damage === undefined) runIds.add(head.runId);
    return true;
  });
}

async function surveyDirectory(
  directory: string,
  planId: string,
  read: (directory: string, epoch: number) => Promise<StoredJournal>,
): Promise<SurveyedJournal[]> {
  for (let look = 1; ; look++) {
    try {
      const journals: SurveyedJournal[] = [];
      for (const epoch of await journalEpochs(directory)) {
        const surveyed = await readable(async () => surveyJournal(await read(directory, epoch), planId));
        if (surveyed !== undefined) journals.push(atHome(surveyed, basename(directory)));
      }
      return journals;
    } catch (error) {
      // A new epoch began meanwhile, and has taken over what this one held.
      if (errorCode(error) !== 'ENOENT' || look === maxLooks) throw error;
    }
  }
}

const maxLooks = 5;

/** A journal that was put here from elsewhere proves nothing. */
function atHome(surveyed: SurveyedJournal, directory: string): SurveyedJournal {
  const { head, journal } = surveyed;
  if (head === undefined || (isPlanDirectory(directory, head.planId) && head.epoch === journal.epoch)) return surveyed;
  const damage = {
    reason: 'it is the journal of another plan',
    linesWritten: Number.MAX_SAFE_INTEGER,
    linesBehind: [],
  };
  return { ...surveyed, head: undefined, journal: { ...journal, damage } };
}

/** What a newer version wrote has checkpoints that only it can list. */
async function readable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (VibeError.is(error) && error.code === 'CHECKPOINT_VERSION_UNSUPPORTED') return undefined;
    throw error;
  }
}

/** The header and the marks of a journal; all of a small one is checked. */
async function surveyFile(directory: string, epoch: number): Promise<StoredJournal> {
  const location = join(directory, journalName(epoch));
  if ((await lstat(location)).size <= checkedBytes) return readJournal(directory, epoch);
  const lines: string[] = [];
  let number = 0;
  try {
    await eachLine(location, (raw) => {
      number++;
      if (number > 1 && !isMark(raw.slice(textAt(raw)))) return;
      const line = parseLine(raw);
      if (line !== undefined) lines.push(line.text);
    });
  } catch (error) {
    if (!(error instanceof ForeignFile)) throw error;
  }
  return { epoch, location, lines, isTorn: false };
}

/** Where the text of a line begins: behind four spaces. */
function textAt(raw: string): number {
  let at = 0;
  for (let spaces = 0; spaces < 4; spaces++) at = raw.indexOf(' ', at) + 1;
  return at;
}
