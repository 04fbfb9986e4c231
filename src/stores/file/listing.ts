import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type CheckpointSummary, type DamagedSummary, summarize } from '../../checkpoint/checkpoint.js';
import { createdAtOfId, createdAtOfOlderId, isTimedId, planIdOfOlderId } from '../../checkpoint/checkpoint-id.js';
import { type CheckpointQuery, selectCheckpoints } from '../../checkpoint/checkpoint-query.js';
import { decodeCheckpoint, decodeHead } from '../../checkpoint/codec.js';
import { findDamage, hasChecksumLine, isOlderFormat } from '../../checkpoint/sealed-document.js';
import { errorCode, ForeignFile, modifiedAt, readDocument, sha256, whenMissing } from './documents.js';
import { checkpointIdOfDocument, isEncoded, isPlanDirectory } from './names.js';
import { type Ends, EndsReader, readEnds } from './read-ends.js';

/** Of a larger file, a list reads only so much of its two ends. */
const endBytes = 64 * 1024;
/** A list checks so many bytes of smaller files as a whole, the newest first; of the others only the two ends. */
const wholeBytes = 8 * 1024 * 1024;
const readsAtOnce = 16;

/** The checkpoint directory itself, where the Python original keeps its files. */
export const flat = '.';

export interface Document {
  readonly directory: string;
  readonly checkpointId: string;
}

/** A document that was found. */
interface FoundDocument extends Document {
  readonly path: string;
}

/**
 * Lists the checkpoints in some plan directories, newest first. Names of ours give the order, so that a limit reads
 * little more files than it lists; files that somebody named otherwise are all read.
 * @param others checkpoints that are no files, to be listed with them
 */
export async function listDocuments(
  root: string,
  directories: readonly string[],
  query: CheckpointQuery,
  others: readonly CheckpointSummary[],
): Promise<CheckpointSummary[]> {
  const { timed, untimed } = await findDocuments(root, directories);
  const summaries = await summariesOf(root, untimed, query, Number.POSITIVE_INFINITY);
  const { before, limit } = query;
  const isTimed = before !== undefined && isTimedId(before);
  const candidates = isTimed ? timed.filter(({ checkpointId }) => checkpointId < before) : timed;
  // A mark that is no name of ours says nothing about other names: everything is read then.
  const enough = before === undefined || isTimed ? (limit ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  const files = new Set([...timed, ...untimed].map(({ checkpointId }) => checkpointId));
  const withoutFiles = others.filter(({ checkpointId }) => !files.has(checkpointId));
  return selectCheckpoints(
    [...withoutFiles, ...summaries, ...(await summariesOf(root, candidates, query, enough))],
    query,
  );
}

async function findDocuments(
  root: string,
  directories: readonly string[],
): Promise<{ timed: FoundDocument[]; untimed: FoundDocument[] }> {
  const timed: FoundDocument[] = [];
  const untimed: FoundDocument[] = [];
  for (const directory of [...directories, flat]) {
    const place = join(root, directory);
    for (const name of await namesIn(place)) {
      const checkpointId = checkpointIdOfDocument(name);
      if (checkpointId === undefined || !mayLieIn(directory, checkpointId)) continue;
      const document = { directory, checkpointId, path: place + sep + name };
      (isTimedId(checkpointId) ? timed : untimed).push(document);
    }
  }
  timed.sort((a, b) => (a.checkpointId < b.checkpointId ? 1 : -1));
  return { timed, untimed };
}

/** Reads documents in their order until enough of them are what is asked for. */
async function summariesOf(
  root: string,
  documents: readonly FoundDocument[],
  { planId, vibeKey }: CheckpointQuery,
  enough: number,
): Promise<CheckpointSummary[]> {
  const summaries: CheckpointSummary[] = [];
  const reader = new EndsReader(endBytes);
  const budget: Budget = { wholeBytes };
  for (let next = 0; next < documents.length && summaries.length < enough; next += readsAtOnce) {
    const group = documents.slice(next, next + readsAtOnce);
    const read = await Promise.all(group.map((document) => summaryOf(reader, budget, root, document, planId)));
    summaries.push(
      ...selectCheckpoints(
        read.filter((summary) => summary !== undefined),
        { planId, vibeKey },
      ),
    );
  }
  return summaries;
}

/** What a list may still check as a whole. */
interface Budget {
  wholeBytes: number;
}

function spend(budget: Budget, bytes: number): boolean {
  budget.wholeBytes -= bytes;
  return budget.wholeBytes >= 0;
}

/** What the ends of a file say of it, and what is wrong with it. */
function judge({ head, tail, size }: Ends, budget: Budget) {
  if (isOlderFormat(head)) return 'older';
  const isChecked = size <= endBytes && spend(budget, size);
  const reason = !isChecked && hasChecksumLine(tail) ? undefined : findDamage(head, sha256)?.reason;
  return { decoded: decodeHead(head, sha256), reason };
}

/** `undefined` when the file was deleted meanwhile. */
async function summaryOf(
  reader: EndsReader,
  budget: Budget,
  root: string,
  document: FoundDocument,
  planId: string | undefined,
): Promise<CheckpointSummary | undefined> {
  try {
    const judged = await reader.read(document.path, (ends) => judge(ends, budget));
    if (judged === 'older') return await olderSummary(root, document, planId);
    const { decoded, reason } = judged;
    if (!decoded.ok) return await damagedSummary(root, document, planId, reason ?? decoded.reason);
    const summary = decoded.value;
    const stranger = strangerOf(summary, document);
    if (reason === undefined && stranger === undefined) return summary;
    if (stranger !== undefined) return await damagedSummary(root, document, planId, stranger);
    const { runId, vibeKey, epoch, seq } = summary;
    const damaged = { reason: reason ?? '', head: { runId, vibeKey, epoch, seq } };
    return { checkpointId: document.checkpointId, planId: summary.planId, createdAt: summary.createdAt, damaged };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (error instanceof ForeignFile) return damagedSummary(root, document, planId, error.message);
    throw error;
  }
}

async function olderSummary(
  root: string,
  document: FoundDocument,
  planId: string | undefined,
): Promise<CheckpointSummary> {
  const decoded = decodeCheckpoint(await readDocument(document.path), sha256);
  const reason = decoded.ok ? strangerOf(decoded.value, document) : decoded.reason;
  if (decoded.ok && reason === undefined) return summarize(decoded.value);
  return damagedSummary(root, document, planId, reason ?? '');
}

/** Whether a checkpoint may lie in a directory: ours never lie flat. */
export function mayLieIn(directory: string, checkpointId: string): boolean {
  return directory !== flat || planIdOfOlderId(checkpointId) !== undefined;
}

/** What is wrong with an intact file in this place; `undefined` when it is at home here. */
export function strangerOf(
  { planId, checkpointId }: { readonly planId: string; readonly checkpointId: string },
  document: Document,
): string | undefined {
  const isAtHome = document.directory === flat || isPlanDirectory(document.directory, planId);
  if (!isAtHome) return 'it is the file of another plan';
  return checkpointId === document.checkpointId ? undefined : 'it is the file of another checkpoint';
}

/** Neither the file nor the caller can say whose it is: its neighbours can, or else the directory's name. */
async function damagedSummary(
  root: string,
  { directory, checkpointId, path }: FoundDocument,
  planId: string | undefined,
  reason: string,
): Promise<DamagedSummary> {
  const createdAt = createdAtOfId(checkpointId) ?? createdAtOfOlderId(checkpointId) ?? (await modifiedAt(path));
  const told = directory === flat ? planIdOfOlderId(checkpointId) : planId;
  const owner = told ?? (await ownerOf(root, directory));
  return { checkpointId, planId: owner, createdAt, damaged: { reason } };
}

/** The plan that a directory belongs to, as its first intact file has it; else the directory's own name. */
export async function ownerOf(root: string, directory: string): Promise<string> {
  if (!isEncoded(directory)) return directory;
  for (const name of await namesIn(join(root, directory))) {
    if (checkpointIdOfDocument(name) === undefined) continue;
    const { head } = await readEnds(join(root, directory, name), endBytes).catch(nothingRead);
    const decoded = decodeHead(head, sha256);
    if (decoded.ok && isPlanDirectory(directory, decoded.value.planId)) return decoded.value.planId;
  }
  return directory;
}

/** A neighbour that cannot be read has nothing to say; its own line in the list says why. */
function nothingRead(): { head: Uint8Array } {
  return { head: new Uint8Array() };
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(whenMissing<string[]>([]));
}
