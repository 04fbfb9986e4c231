import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type DiskState, readState } from '../helpers/disk-state.js';
import { fastDirectory } from '../helpers/fast-directory.js';
import type { Stop } from './leave-stores.js';

/** What a process left that is gone. */
export interface LeftStore {
  readonly name: string;
  readonly files: DiskState;
  /** Ids of nodes that it had told to be completed. */
  readonly acknowledged: readonly string[];
}

type Left = Omit<Stop, 'checkpointDir'> & { readonly name: string; readonly firstKilledIn?: string };

const lefts: readonly Left[] = [
  { name: 'killed with few checkpoints', durability: 'strict', killedIn: 'review' },
  { name: 'killed with a checkpoint of every node', durability: 'strict', checkpointInterval: 1, killedIn: 'mix' },
  { name: 'killed twice', durability: 'strict', byHand: true, firstKilledIn: 'frame-2', killedIn: 'final' },
  { name: 'killed at relaxed', durability: 'relaxed', byHand: true, killedIn: 'final' },
  { name: 'finished', durability: 'strict', checkpointInterval: 3 },
];

/** Stores of several kinds, left by processes that were killed. */
export async function leaveStores(): Promise<LeftStore[]> {
  const base = await mkdtemp(join(fastDirectory, 'vibe-aigc-damage-'));
  try {
    const stops = lefts.map(({ name, ...left }, index) => ({ ...left, checkpointDir: join(base, String(index)) }));
    const first = stops.map(({ firstKilledIn, ...stop }) => ({ ...stop, killedIn: firstKilledIn ?? stop.killedIn }));
    const reports = await leave(join(base, 'first'), first);
    const again = await leave(
      join(base, 'second'),
      stops.filter(({ firstKilledIn }) => firstKilledIn !== undefined),
    );
    return lefts.map(({ name, firstKilledIn }, index) => {
      const later = firstKilledIn === undefined ? [] : (again.shift() ?? []);
      const files = readState(join(base, String(index)));
      return { name, files, acknowledged: [...(reports[index] ?? []), ...later] };
    });
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

async function leave(reportFile: string, stops: readonly Stop[]): Promise<string[][]> {
  const argv = [inject('leaveStoresProgram'), JSON.stringify(stops), reportFile];
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const [, signal] = await once(child, 'close');
  if (signal !== 'SIGKILL') throw new Error(`It was to be killed, and ended by itself: ${stderr}`);
  return JSON.parse(await readFile(reportFile, 'utf8')) as string[][];
}
