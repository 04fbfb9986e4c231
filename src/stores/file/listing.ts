import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointSummary, DamagedSummary } from '../../checkpoint/checkpoint.js';
import { createdAtOfId } from '../../checkpoint/checkpoint-id.js';
import { type CheckpointQuery, selectCheckpoints } from '../../checkpoint/checkpoint-query.js';
import { decodeHead, findDamage, hasChecksumLine } from '../../checkpoint/codec.js';
import { errorCode, ForeignFile, modifiedAt, readEnds, sha256 } from './documents.js';
import { checkpointIdOfDocument, documentName, existingDirectory, planDirectoryNames } from './names.js';

/** A file that is not larger is checked as a whole when it is listed; of a larger one, only its two ends are read. */
const endBytes = 64 * 1024;
const readsAtOnce = 16;

interface Document {
  readonly directory: string;
  readonly checkpointId: string;
}

/**
 * Lists the checkpoints in some plan directories, newest first. Names of ours give the order, so that a limit reads
 * little more files than it lists; files that somebody named otherwise are all read.
 */
export async function listDocuments(
  root: string,
  directories: readonly string[],
  query: CheckpointQuery,
): Promise<CheckpointSummary[]> {
  const { timed, untimed } = await findDocuments(root, directories);
  const summaries = await summariesOf(root, untimed, query, Number.POSITIVE_INFINITY);
  const { before, limit } = query;
  const isTimed = before !== undefined && createdAtOfId(before) !== undefined;
  const candidates = isTimed ? timed.filter(({ checkpointId }) => checkpointId < before) : timed;
  // A mark that is no name of ours says nothing about other names: everything is read then.
  const enough = before === undefined || isTimed ? (limit ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  return selectCheckpoints([...summaries, ...(await summariesOf(root, candidates, query, enough))], query);
}

async function findDocuments(
  root: string,
  directories: readonly string[],
): Promise<{ timed: Document[]; untimed: Document[] }> {
  const timed: Document[] = [];
  const untimed: Document[] = [];
  for (const directory of directories) {
    for (const name of await namesIn(join(root, directory))) {
      const checkpointId = checkpointIdOfDocument(name);
      if (checkpointId === undefined) continue;
      (createdAtOfId(checkpointId) === undefined ? untimed : timed).push({ directory, checkpointId });
    }
  }
  timed.sort((a, b) => (a.checkpointId < b.checkpointId ? 1 : -1));
  return { timed, untimed };
}

/** Reads documents in their order until enough of them are what is asked for. */
async function summariesOf(
  root: string,
  documents: readonly Document[],
  { planId, vibeKey }: CheckpointQuery,
  enough: number,
): Promise<CheckpointSummary[]> {
  const summaries: CheckpointSummary[] = [];
  for (let next = 0; next < documents.length && summaries.length < enough; next += readsAtOnce) {
    const group = documents.slice(next, next + readsAtOnce);
    const read = await Promise.all(group.map((document) => summaryOf(root, document, planId)));
    summaries.push(
      ...selectCheckpoints(
        read.filter((summary) => summary !== undefined),
        { planId, vibeKey },
      ),
    );
  }
  return summaries;
}

/** `undefined` when the file was deleted meanwhile. */
async function summaryOf(
  root: string,
  document: Document,
  planId: string | undefined,
): Promise<CheckpointSummary | undefined> {
  const path = join(root, document.directory, documentName(document.checkpointId));
  try {
    const { head, tail, size } = await readEnds(path, endBytes);
    const summary = decodeHead(head);
    const isAtHome = summary.ok && isPlanDirectory(document.directory, summary.value.planId);
    const reason = size > endBytes && hasChecksumLine(tail) ? undefined : findDamage(head, sha256)?.reason;
    if (summary.ok && isAtHome && reason === undefined && summary.value.checkpointId === document.checkpointId) {
      return summary.value;
    }
    const stranger = summary.ok ? `it is the file of another ${isAtHome ? 'checkpoint' : 'plan'}` : summary.reason;
    return await damagedSummary(path, document, isAtHome ? summary.value.planId : planId, reason ?? stranger);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (error instanceof ForeignFile) return damagedSummary(path, document, planId, error.message);
    throw error;
  }
}

/** Where neither the file nor the caller can say whose it is, the name of the directory stands for the plan. */
async function damagedSummary(
  path: string,
  { directory, checkpointId }: Document,
  planId: string | undefined,
  reason: string,
): Promise<DamagedSummary> {
  const createdAt = createdAtOfId(checkpointId) ?? (await modifiedAt(path));
  return { checkpointId, planId: planId ?? directory, createdAt, damaged: { reason } };
}

function isPlanDirectory(directory: string, planId: string): boolean {
  return existingDirectory(planDirectoryNames(planId), new Set([directory])) !== undefined;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
