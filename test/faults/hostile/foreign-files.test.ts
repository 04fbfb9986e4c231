import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MetaPlanner, VibeError } from 'vibe-aigc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fastDirectory } from '../helpers/fast-directory.js';

let base: string;
let checkpointDir: string;
let calls: string[];

beforeEach(async () => {
  base = await mkdtemp(join(fastDirectory, 'vibe-aigc-foreign-'));
  checkpointDir = join(base, 'checkpoints');
  calls = [];
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

const vibes = { ours: { description: 'A film about tides' }, theirs: { description: 'A song about tides' } };
type Owner = keyof typeof vibes;
const node = (id: string, ...dependencies: string[]) => ({
  id,
  type: 'generate' as const,
  description: '',
  dependencies,
});
const rootNodes = [node('first'), node('second', 'first'), node('third', 'second')];

/** Two plans of the same nodes: whoever takes one for the other finds nothing strange in it. */
function run(owner: Owner, failAt = '', directory = checkpointDir) {
  const planner = new MetaPlanner({
    checkpointDir: directory,
    checkpointInterval: 1,
    handlers: {
      default: ({ id }) => {
        calls.push(id);
        if (id === failAt) throw new Error('no');
        return { of: owner, id };
      },
    },
  });
  return planner.executeWithResume(vibes[owner], { plan: { id: owner, sourceVibe: vibes[owner], rootNodes } });
}

const place = (owner: Owner, name = '') => join(checkpointDir, owner, name);
const newest = (owner: Owner, pattern: RegExp) =>
  readdirSync(place(owner))
    .filter((name) => pattern.test(name))
    .sort()
    .at(-1) ?? '';

/** Lays a file of theirs over one of ours, under our name. */
function lay(pattern: RegExp): void {
  writeFileSync(place('ours', newest('ours', pattern)), readFileSync(place('theirs', newest('theirs', pattern))));
}

/** Each with its journals, and with checkpoint files alone. */
const overlays: Readonly<Record<string, () => void>> = {
  'a checkpoint': () => lay(/\.json$/),
  'a journal': () => lay(/^\.journal-\d+$/),
  'a lock': () => lay(/^\.lock-\d+$/),
  'a checkpoint and a journal': () => {
    lay(/\.json$/);
    lay(/^\.journal-\d+$/);
  },
  'all files': () => {
    rmSync(place('ours'), { recursive: true });
    cpSync(place('theirs'), place('ours'), { recursive: true });
  },
  'all files beside ours': () => cpSync(place('theirs'), place('ours'), { recursive: true }),
  'the directory, and ours in its place': () => {
    renameSync(place('ours'), join(checkpointDir, 'between'));
    renameSync(place('theirs'), place('ours'));
    renameSync(join(checkpointDir, 'between'), place('theirs'));
  },
};

function dropJournals(): void {
  for (const owner of ['ours', 'theirs'] as const) {
    for (const name of readdirSync(place(owner))) if (name.startsWith('.journal-')) rmSync(place(owner, name));
  }
}

describe('files of another plan, with right checksums, laid over ours', () => {
  for (const [what, overlay] of Object.entries(overlays)) {
    for (const withJournals of [true, false]) {
      if (!withJournals && what.includes('journal')) continue;
      for (const theirEnd of ['', 'third']) {
        const when = `${withJournals ? 'with' : 'without'} journals, theirs ${theirEnd === '' ? 'complete' : 'failed'}`;
        it(`are never taken for ours: ${what}, ${when}`, async () => {
          await run('theirs', theirEnd);
          await run('ours', 'second');
          if (!withJournals) dropJournals();
          overlay();
          calls = [];
          const ended = await run('ours').catch((error) => error);
          if (VibeError.is(ended)) {
            expect(['CHECKPOINT_CORRUPT', 'CHECKPOINT_MISMATCH', 'PLAN_LOCKED']).toContain(ended.code);
            expect(calls).toEqual([]);
          } else {
            expect(ended).toMatchObject({ status: 'completed', planId: 'ours' });
            expect(Object.values(ended.outputs)).toEqual(rootNodes.map(({ id }) => ({ of: 'ours', id })));
            // What was paid is not paid again, unless nothing of ours is left: then it is as if it had been deleted.
            const isGone = what === 'all files' && !withJournals;
            expect(calls).toEqual(isGone ? ['first', 'second', 'third'] : ['second', 'third']);
          }
        });
      }
    }
  }
});

describe('older files of our own, laid over newer ones', () => {
  it('take nothing back as long as one newer file is left', async () => {
    await run('ours', 'second');
    cpSync(place('ours'), join(base, 'earlier'), { recursive: true });
    await run('ours', 'third');
    for (const name of readdirSync(join(base, 'earlier'))) cpSync(join(base, 'earlier', name), place('ours', name));
    calls = [];
    expect((await run('ours')).status).toBe('completed');
    expect(calls).toEqual(['third']);
  });

  it('cannot be told from the truth when all newer ones are gone: what came after is paid again', async () => {
    await run('ours', 'second');
    cpSync(checkpointDir, join(base, 'earlier'), { recursive: true });
    await run('ours', 'third');
    calls = [];
    const { status, outputs } = await run('ours', '', join(base, 'earlier'));
    expect({ status, calls }).toEqual({ status: 'completed', calls: ['second', 'third'] });
    expect(Object.keys(outputs)).toEqual(['first', 'second', 'third']);
  });
});
