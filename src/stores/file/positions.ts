import { lstat, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Checkpoint, type CheckpointSummary, shortDescription } from '../../checkpoint/checkpoint.js';
import { parseRollingId, rollingIdOfRun } from '../../checkpoint/checkpoint-id.js';
import type { CheckpointQuery } from '../../checkpoint/checkpoint-query.js';
import { isMark } from '../../checkpoint/journal-codec.js';
import { vibeKeyInHeader } from '../../checkpoint/journal-header.js';
import { hasPosition, loadPosition, positionSummaries } from '../../checkpoint/journal-positions.js';
import { type SurveyedJournal, surveyJournal } from '../../checkpoint/journal-survey.js';
import type { StoredJournal } from '../../checkpoint/persistence-manager.js';
import { checkpointOf, replayJournal } from '../../checkpoint/replay.js';
import { CheckpointCorruptError, VibeError } from '../../errors.js';
import { errorCode, ForeignFile, sha256, versionOf, whenMissing } from './documents.js';
import { journalEpochs, readJournal } from './journal.js';
import { parseLine } from './journal-lines.js';
import { eachLine } from './journal-reader.js';
import { ownerOf } from './listing.js';
import { checkpointIdOfDocument, isPlanDirectory, journalName } from './names.js';

// Checkpoints that are places in a journal: which directories have them, and how much of a journal is read for a list.

/** A larger journal is not checked as a whole when it is listed: its header and its marks are. */
const checkedBytes = 1024 * 1024;

/**
 * The positions in some plan directories. A plan of which nothing else is listed has one more, the end of its journal
 * under a rolling id: deleting checkpoints removes places to return to, and not the run.
 * @param recall asked for a journal before it is read
 */
export async function listPositions(
  root: string,
  directories: readonly string[],
  { planId, vibeKey }: CheckpointQuery,
  recall: Recall,
): Promise<CheckpointSummary[]> {
  const summaries: CheckpointSummary[] = [];
  for (const name of directories) {
    const directory = join(root, name);
    const journals = await surveyDirectory(directory, name, (at, epoch) => surveyFile(at, epoch, { vibeKey, recall }));
    const listed = positionSummaries(journals, planId ?? name);
    for (const summary of listed) summaries.push(summary);
    if (listed.length === 0 && journals[0] !== undefined && !(await hasDocuments(directory))) {
      summaries.push(endSummary(journals[0], planId ?? name));
    }
  }
  return summaries.filter((one) => vibeKey === undefined || one.damaged !== undefined || one.vibeKey === vibeKey);
}

/** A journal that was read a moment ago, if nobody has written to the file since. */
type Recall = (location: string, version: string) => StoredJournal | undefined;

/** Where in a store a checkpoint is that has no file. */
export interface FoundPosition {
  readonly planId: string;
  /** Set when it is the end of the journal of this epoch. */
  readonly endOfEpoch?: number;
  readonly journals: readonly SurveyedJournal[];
}

/** `undefined` when no journal has it. */
export async function findPosition(
  root: string,
  directories: readonly string[],
  checkpointId: string,
): Promise<FoundPosition | undefined> {
  const rolling = parseRollingId(checkpointId);
  for (const name of directories) {
    const directory = join(root, name);
    const marks = await surveyDirectory(directory, name, (at, epoch) => surveyFile(at, epoch));
    const end = rolling && marks.find((one) => endIdOf(one) === checkpointId);
    if (end === undefined && !hasPosition(marks, checkpointId)) continue;
    const planId = marks.find(({ head }) => head !== undefined)?.head?.planId ?? (await ownerOf(root, name));
    const journals = await surveyDirectory(directory, planId, readJournal);
    return { planId, journals, ...(end !== undefined && { endOfEpoch: end.journal.epoch }) };
  }
  return undefined;
}

/** @throws CheckpointCorruptError when what came before it cannot be read back */
export async function loadFound(found: FoundPosition, checkpointId: string): Promise<Checkpoint | undefined> {
  const { planId, journals, endOfEpoch } = found;
  if (endOfEpoch === undefined) return loadPosition(journals, planId, checkpointId, sha256);
  const surveyed = journals.find(({ journal }) => journal.epoch === endOfEpoch);
  if (surveyed === undefined) return undefined;
  const { journal, positions } = surveyed;
  const replay = await replayJournal(journal, planId, sha256);
  const reason = journal.damage?.reason ?? (replay.ok ? undefined : replay.reason);
  if (reason !== undefined || replay.value === undefined) {
    throw new CheckpointCorruptError({ planId, reason: reason ?? '', location: journal.location, checkpointId });
  }
  return checkpointOf(replay.value, { checkpointId, createdAt: positions.at(-1)?.createdAt ?? epochZero });
}

const epochZero = new Date(0).toISOString();

function endSummary(surveyed: SurveyedJournal, planId: string): CheckpointSummary {
  const { head, journal, positions } = surveyed;
  const last = positions.at(-1);
  const id = {
    checkpointId: endIdOf(surveyed),
    planId: head?.planId ?? planId,
    createdAt: last?.createdAt ?? epochZero,
  };
  const { epoch, damage } = journal;
  if (head === undefined) return { ...id, damaged: { reason: damage?.reason ?? 'its header is damaged' } };
  const { runId, vibeKey, vibeDescription, totalNodes } = head;
  const { seq = 0, state = 'running', completed = 0, total = totalNodes } = last ?? {};
  const at = { runId, vibeKey, epoch, seq };
  if (damage !== undefined) return { ...id, damaged: { reason: damage.reason, head: at } };
  const about = { completedNodes: completed, totalNodes: total, vibeDescription: shortDescription(vibeDescription) };
  return { ...id, ...at, state, ...about };
}

/** The rolling id of the end of a journal. Where even the header is damaged, it names no run. */
export function endIdOf({ head, journal }: SurveyedJournal): string {
  return rollingIdOfRun({ runId: head?.runId, epoch: journal.epoch }, sha256);
}

async function hasDocuments(directory: string): Promise<boolean> {
  const names = await readdir(directory).catch(whenMissing<string[]>([]));
  return names.some((name) => checkpointIdOfDocument(name) !== undefined);
}

async function surveyDirectory(
  directory: string,
  planId: string,
  read: (directory: string, epoch: number) => Promise<StoredJournal | undefined>,
): Promise<SurveyedJournal[]> {
  for (let look = 1; ; look++) {
    try {
      const journals: SurveyedJournal[] = [];
      for (const epoch of await journalEpochs(directory)) {
        const journal = await read(directory, epoch);
        const surveyed = journal && readable(() => surveyJournal(journal, planId));
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
  const reason = 'it is the journal of another plan';
  const damage = { reason, linesWritten: Number.MAX_SAFE_INTEGER, linesBehind: [] };
  return { ...surveyed, head: undefined, journal: { ...journal, damage } };
}

/** What a newer version wrote has checkpoints that only it can list. */
function readable<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (VibeError.is(error) && error.code === 'CHECKPOINT_VERSION_UNSUPPORTED') return undefined;
    throw error;
  }
}

/** The header and the marks of a journal, all of a small one checked; `undefined` when it is of another vibe. */
async function surveyFile(
  directory: string,
  epoch: number,
  { vibeKey, recall }: { readonly vibeKey?: string | undefined; readonly recall?: Recall } = {},
): Promise<StoredJournal | undefined> {
  const location = join(directory, journalName(epoch));
  const stats = await lstat(location);
  const known = recall?.(location, versionOf(stats));
  if (known !== undefined) return known;
  if (stats.size <= checkedBytes) return readJournal(directory, epoch);
  const lines: string[] = [];
  let isOther = false;
  let isFirst = true;
  const take = (raw: Buffer) => {
    const isHeader = isFirst;
    isFirst = false;
    if (!isHeader && !isMark(startOfText(raw))) return true;
    const line = parseLine(raw);
    if (line === undefined) return true;
    lines.push(line.text);
    isOther = isHeader && vibeKey !== undefined && vibeKeyInHeader(line.text) !== vibeKey;
    return !isOther;
  };
  try {
    await eachLine(location, take);
  } catch (error) {
    if (!(error instanceof ForeignFile)) throw error;
  }
  return isOther ? undefined : { epoch, location, lines, isTorn: false };
}

/** What tells a mark from a record: the first characters of the text, which begins with the first brace of the line. */
function startOfText(raw: Buffer): string {
  const at = raw.indexOf(0x7b);
  return raw.toString('latin1', at, at + 20);
}
