import { isDeepStrictEqual } from 'node:util';
import { WorkflowPersistenceManager } from 'vibe-aigc';
import type { LedgerEntry } from '../child/protocol.js';
import type { Scratch } from './scratch.js';
import type { EndedProcess } from './victim-process.js';

type EntryOf<Type extends LedgerEntry['type']> = Extract<LedgerEntry, { type: Type }>;

/**
 * What the entries of some processes, in the order in which things happened, have against the promises of the library:
 * what was acknowledged is never called again, a node has one key in a run, and a run that was planned is gone on with.
 */
export function brokenPromises(entries: readonly LedgerEntry[]): string[] {
  const broken: string[] = [];
  const acknowledged = new Set<string>();
  const keys = new Map<string, string>();
  let calledInThisCall = new Set<string>();
  let planned: string | undefined;
  let isComplete = false;
  for (const entry of entries) {
    if (entry.type === 'calling') calledInThisCall = new Set();
    if (entry.type === 'planned') {
      if (planned !== undefined) broken.push(`run ${entry.runId} was planned, though ${planned} had been`);
      planned = entry.runId;
    }
    if (entry.type === 'finished') isComplete ||= entry.status === 'completed';
    if (entry.type === 'called') {
      const { nodeId, runId, key } = entry;
      if (acknowledged.has(nodeId)) broken.push(`${nodeId} was called again after it was acknowledged`);
      if (isComplete) broken.push(`${nodeId} was called after the run was complete`);
      if (calledInThisCall.has(nodeId)) broken.push(`${nodeId} was called twice in one call`);
      if (planned !== undefined && planned !== runId)
        broken.push(`${nodeId} was called in ${runId}, not in ${planned}`);
      const known = keys.get(`${runId} ${nodeId}`) ?? key;
      if (known !== key) broken.push(`${nodeId} was called with the keys ${known} and ${key}`);
      keys.set(`${runId} ${nodeId}`, key);
      calledInThisCall.add(nodeId);
    }
    if (entry.type === 'acknowledged') {
      if (acknowledged.has(entry.nodeId)) broken.push(`${entry.nodeId} was acknowledged twice`);
      acknowledged.add(entry.nodeId);
    }
    if (entry.type === 'corrupt') broken.push(`a checkpoint was called damaged: ${entry.reason}`);
  }
  return broken;
}

/** What a process that nothing hinders has against the outputs of an uninterrupted run. */
export function unfinished({ entries, exitCode, signal, printed }: EndedProcess, calm: EndedProcess): string[] {
  const last = entries.findLast((entry) => entry.type === 'finished' || entry.type === 'rejected');
  if (printed !== '') return [`a process printed ${printed}`];
  if (exitCode !== 0) return [`a process ended with ${signal ?? `code ${exitCode}`}`];
  if (last === undefined) return ['a process ended with neither a result nor an error'];
  if (last.type === 'rejected') return [`a process was rejected: ${last.name}: ${last.message}`];
  if (last.status !== 'completed') return [`a process finished as ${last.status}`];
  return isDeepStrictEqual(last.outputs, resultOf(calm).outputs) ? [] : ['the outputs differ'];
}

/** Calls that a failing disk ended otherwise than with a PersistenceError that carries all that was paid for. */
export function untypedEnds(entries: readonly LedgerEntry[]): string[] {
  const wrong: string[] = [];
  let called: string[] = [];
  for (const entry of entries) {
    if (entry.type === 'calling') called = [];
    if (entry.type === 'called') called.push(entry.nodeId);
    if (entry.type !== 'rejected') continue;
    if (entry.code !== 'PERSISTENCE_FAILED') wrong.push(`rejected with ${entry.name} ${entry.code}: ${entry.message}`);
    const missing = called.filter((nodeId) => !entry.carried?.includes(nodeId));
    if (missing.length > 0) wrong.push(`the error does not carry the outputs of ${missing.join(', ')}`);
  }
  return wrong;
}

/** Checkpoints that were announced as saved and listed, and are not in the list, or do not load. */
export async function lostCheckpoints({ checkpointDir }: Scratch, entries: readonly LedgerEntry[]): Promise<string[]> {
  const store = new WorkflowPersistenceManager({ checkpointDir });
  const listed = await store.listCheckpoints();
  const lost: string[] = [];
  for (const entry of entries) {
    if (entry.type !== 'saved' || !entry.listed) continue;
    const { checkpointId } = entry;
    const summary = listed.find((other) => other.checkpointId === checkpointId);
    if (summary === undefined) lost.push(`${checkpointId} was saved and is not listed`);
    else if (summary.damaged) lost.push(`${checkpointId} is damaged: ${summary.damaged.reason}`);
    const loaded = await store.loadCheckpoint(checkpointId).catch((error: Error) => error);
    if (loaded === undefined || loaded instanceof Error) lost.push(`${checkpointId} does not load: ${loaded?.message}`);
  }
  await (store as { close?(): Promise<void> }).close?.();
  return lost;
}

/** Files that nobody is going to finish. */
export async function leftOvers(scratch: Scratch): Promise<string[]> {
  const files = await scratch.files();
  return files.filter((file) => file.includes('.tmp-')).map((file) => `${file} was left over`);
}

export function callsOf({ entries }: EndedProcess): EntryOf<'called'>[] {
  return entries.filter((entry) => entry.type === 'called');
}

function resultOf({ entries }: EndedProcess): EntryOf<'finished'> {
  const finished = entries.find((entry) => entry.type === 'finished');
  if (finished === undefined)
    throw new Error(`The uninterrupted run did not finish: ${JSON.stringify(entries.at(-1))}`);
  return finished;
}
