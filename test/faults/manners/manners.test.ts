import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storedEntries } from '../../helpers/stored-bytes.js';
import type { Report, Visit } from './visit.js';

const guest = fileURLToPath(new URL('./guest.ts', import.meta.url));
const preload = fileURLToPath(new URL('./preload.cjs', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
let directory: string;

/** The library in one file with the program, its dependencies where they are, so that each can be told from the other. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vibe-aigc-manners-'));
  await symlink(join(root, 'node_modules'), join(directory, 'node_modules'));
  await build({
    config: false,
    silent: true,
    entry: { guest },
    outDir: join(directory, 'program'),
    format: 'esm',
    target: 'node20',
    platform: 'node',
    removeNodeProtocol: false,
    noExternal: ['vibe-aigc'],
    external: ['nanoid', 'zod', 'write-file-atomic'],
    splitting: false,
    outExtension: () => ({ js: '.mjs' }),
  });
}, 120_000);

afterAll(async () => {
  if (directory) await rm(directory, { recursive: true, force: true });
});

interface Ended extends Report {
  readonly exitCode: number | null;
  readonly printed: string;
  /** Names of what lies in the plan directories. */
  readonly left: readonly string[];
}

async function received(given: Partial<Visit>): Promise<Ended> {
  const checkpointDir = await mkdtemp(join(directory, 'checkpoints-'));
  const rest = { durability: 'strict', ending: 'completed', recordsTo: 'files', runs: 1, closes: true } as const;
  const visit: Visit = { checkpointDir, ...rest, ...given };
  const program = join(directory, 'program', 'guest.mjs');
  const child = spawn(process.execPath, ['--require', preload, program, JSON.stringify(visit)], {
    env: { SOME_SECRET: 'x', NODE_DEBUG: '', PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const streams = [child.stdout, child.stderr, child.stdio[3] as Readable];
  const [[exitCode], out, err, report] = await Promise.all([
    once(child, 'close'),
    ...streams.map((stream) => text(stream as Readable)),
  ]);
  const left = storedEntries(checkpointDir).flatMap(({ path, bytes }) => (bytes ? [path.replace(/^.*\//, '')] : []));
  return { ...(JSON.parse(report as string) as Report), exitCode, printed: `${out}${err}`, left };
}

const visits: Readonly<Record<string, Partial<Visit> & { readonly status: string }>> = {
  'a run at strict': { status: 'completed' },
  'a run at relaxed': { durability: 'relaxed', status: 'completed' },
  'ten runs at once': { runs: 10, status: 'completed' },
  'ten runs at once at relaxed': { runs: 10, durability: 'relaxed', status: 'completed' },
  'a run that fails': { ending: 'failed', status: 'failed' },
  'a run that fails at relaxed': { ending: 'failed', durability: 'relaxed', status: 'failed' },
  'a run that is cancelled': { ending: 'cancelled', status: 'cancelled' },
  'a run that is cancelled at relaxed': { ending: 'cancelled', durability: 'relaxed', status: 'cancelled' },
  'a run that is cancelled while it waits an hour': { ending: 'retrying', status: 'cancelled' },
  'a run whose attempt takes too long': { ending: 'timed out', status: 'failed' },
  'a run whose store fails': { ending: 'store fails', status: 'PERSISTENCE_FAILED' },
  'a run with a heartbeat': { waitsForHeartbeat: true, status: 'completed' },
  'a run in memory': { recordsTo: 'memory', status: 'completed' },
  'a run that is not recorded': { recordsTo: 'nothing', status: 'completed' },
  'a run of a planner that is never closed': { closes: false, status: 'completed' },
  'a run at relaxed of a planner that is never closed': { closes: false, durability: 'relaxed', status: 'completed' },
};

describe('a guest', () => {
  for (const [name, { status, ...visit }] of Object.entries(visits)) {
    it(`leaves the process as it was, and lets it end by itself: ${name}`, async () => {
      const { before, after, reads, listens, left, ...ended } = await received(visit);
      expect(ended).toEqual({ status, exitCode: 0, printed: '' });
      expect(before.resources).toEqual([]);
      expect(after).toEqual(before); // listeners, what keeps it alive, and descriptors
      expect(reads.filter(isOurs)).toEqual([]);
      expect(listens.filter((line) => !/ node$|\/signal-exit\//.test(line))).toEqual([]);
      expect(
        left.filter((file) => !/^(cp-[a-z0-9-]+\.json|\.journal-1|\.lock-1|\.lock-1\.released)$/.test(file)),
      ).toEqual([]);
      const isOnDisk = visit.recordsTo === undefined;
      expect(left.filter((file) => file === '.lock-1.released')).toHaveLength(isOnDisk ? (visit.runs ?? 1) : 0);
    });
  }

  it('that is rude would be noticed', async () => {
    const { before, after, reads, listens, printed } = await received({ isRude: true });
    expect(after.listeners).toMatchObject({ ...before.listeners, SIGUSR2: 1 });
    expect(after.resources.filter((name) => name === 'Timeout')).toHaveLength(1);
    if (process.platform === 'linux')
      expect(after.descriptors.some((one) => one.endsWith(process.execPath))).toBe(true);
    expect(reads.filter(isOurs).map((line) => line.split(' ')[0])).toEqual(['HOME']);
    expect(listens.filter(isOurs).map((line) => line.split(' ')[0])).toEqual(['SIGUSR2']);
    expect(printed).toBe('my home is false');
  });

  it('is not alone: while write-file-atomic works it listens, and Node looks at variables of its own to load it', async () => {
    const { reads, listens } = await received({});
    expect(reads.filter((line) => !/^(NODE_|WATCH_)/.test(line))).toEqual([]);
    const theirs = listens.filter((line) => line.includes('/signal-exit/')).map((line) => line.split(' ')[0]);
    expect(theirs).toEqual(expect.arrayContaining(['SIGINT', 'SIGTERM', 'SIGHUP']));
  });
});

/** Read by the one file that holds the library and the program, which reads nothing. */
function isOurs(line: string): boolean {
  return line.includes(join(directory, 'program'));
}
