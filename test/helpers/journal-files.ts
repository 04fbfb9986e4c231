import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  MetaPlanner,
  type MetaPlannerOptions,
  type PersistenceManager,
  type WorkflowPersistenceManager,
} from 'vibe-aigc';
import { parseLine } from '../../src/stores/file/journal-lines.js';
import { tides } from './scripted-run.js';

/** n0 -> n1 -> ... */
export function chainPlan(length: number, id = 'chain') {
  const rootNodes = Array.from({ length }, (_, at) => ({
    id: `n${at}`,
    type: 'generate' as const,
    description: `Do n${at}`,
    dependencies: at === 0 ? [] : [`n${at - 1}`],
  }));
  return { id, sourceVibe: tides, rootNodes };
}

/** Pays for a node each time it is called, with an output of so many characters; fails where it is told to. */
export function payer(outputSize = 10, failAt?: string) {
  const bill = { calls: [] as string[], failAt };
  const pay = (node: { id: string }) => {
    bill.calls.push(node.id);
    if (node.id === bill.failAt) throw new Error('rate limit');
    return { did: node.id, pad: 'x'.repeat(outputSize) };
  };
  return Object.assign(bill, { handlers: { default: pay } });
}

export function plannerFor(
  persistenceManager: PersistenceManager,
  { handlers }: ReturnType<typeof payer>,
  more: MetaPlannerOptions = {},
): MetaPlanner {
  return new MetaPlanner({ persistenceManager, handlers, concurrency: 1, ...more });
}

/** Paths of the journals of a plan, the lowest epoch first. */
export async function journalPaths({ checkpointDir }: WorkflowPersistenceManager, planId: string): Promise<string[]> {
  const names = (await readdir(join(checkpointDir, planId))).filter((name) => /^\.journal-\d+$/.test(name));
  return names.sort().map((name) => join(checkpointDir, planId, name));
}

/** Changes one letter in the line of a journal that has this text. */
export async function rotLine(path: string, find: (line: string, index: number) => boolean): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  const at = lines.findIndex((line, index) => line !== '' && find(line, index));
  const line = lines[at];
  if (line === undefined) throw new Error(`no such line in ${path}`);
  lines[at] = `${line.slice(0, -3)}#${line.slice(-2)}`;
  await writeFile(path, lines.join('\n'));
}

/** A line as the format of journals has it. */
export function frameLine(number: number, flushed: number, prev: string, text: string): { line: string; sum: string } {
  const covered = `${number} ${flushed} ${prev} ${text}`;
  const sum = createHash('sha256').update(covered).digest('hex').slice(0, 32);
  return { line: `${number} ${flushed} ${prev} ${sum} ${text}\n`, sum };
}

/** A journal with right checksums, as somebody who knows the format would write it. */
export async function rewriteJournal(path: string, change: (texts: string[]) => string[]): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  let prev = 'head';
  let rewritten = '';
  for (const [index, text] of change(lines.map((line) => parseLine(line)?.text ?? '')).entries()) {
    const { line, sum } = frameLine(index + 1, index, prev, text);
    prev = sum;
    rewritten += line;
  }
  await writeFile(path, rewritten);
}

/** Ids of listed checkpoints that have no file, newest first. */
export async function positionIds(store: WorkflowPersistenceManager, planId: string): Promise<string[]> {
  const files = new Set(await readdir(join(store.checkpointDir, planId)));
  const ids = (await store.listCheckpoints({ planId })).map(({ checkpointId }) => checkpointId);
  return ids.filter((id) => !files.has(`${id}.json`) && !id.startsWith('cp-live-'));
}
