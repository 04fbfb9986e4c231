import { truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  MemoryPersistenceManager,
  MetaPlanner,
  type NodeHandler,
  type PersistenceManager,
  WorkflowPersistenceManager,
} from 'vibe-aigc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storedEntries } from '../../helpers/stored-bytes.js';
import { fastDirectory } from '../helpers/fast-directory.js';
import { atLevel } from '../helpers/level.js';

const mebibyte = 1024 * 1024;
const vibe = { description: 'A film about tides' };
const node = (id: string, ...dependencies: string[]) => ({
  id,
  type: 'generate' as const,
  description: '',
  dependencies,
});
const plan = { id: 'film', sourceVibe: vibe, rootNodes: [node('large'), node('next', 'large')] };

let base: string;
let checkpointDir: string;

beforeEach(async () => {
  base = await mkdtemp(join(fastDirectory, 'vibe-aigc-limits-'));
  checkpointDir = join(base, 'checkpoints');
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

const stores: Readonly<Record<string, () => PersistenceManager>> = {
  'files on disk': () => new WorkflowPersistenceManager({ checkpointDir }),
  'the memory store': () => new MemoryPersistenceManager(),
};

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

function manyKeys(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, key) => [`k${key}`, key]));
}

const keys = atLevel(100_000, 1_000_000);
const large = atLevel(4, 63);
const within: Readonly<Record<string, () => unknown>> = {
  [`a text of ${large} MiB`]: () => 'x'.repeat(large * mebibyte - 100),
  [`${large} MiB of letters that take three bytes`]: () => '\u4e2d'.repeat((large * mebibyte - 100) / 3),
  [`control characters that are ${large} MiB when they are escaped`]: () => '\0'.repeat((large * mebibyte - 100) / 6),
  [`an object of ${keys} keys`]: () => manyKeys(keys),
  [`a list of ${keys} items`]: () => Array.from({ length: keys }, (_, item) => item),
  'nesting of 1,000 levels': () => nested(1_000),
  'keys that are texts of 100,000 characters': () => ({ ['k'.repeat(100_000)]: 1, ['\u2028'.repeat(100_000)]: 2 }),
  'halves of surrogate pairs': () => ['\ud800', '\udfff', { '\ud800': '\udc00\ud800' }],
};

const beyond: Readonly<Record<string, () => unknown>> = {
  [`a text of ${atLevel(65, 100)} MiB`]: () => 'x'.repeat(atLevel(65, 100) * mebibyte),
  'control characters that are 66 MiB when they are escaped': () => '\0'.repeat(11 * mebibyte),
  'a list of so many small texts that they take 64 MiB': () => new Array(3 * mebibyte).fill('x'),
  'a list with nothing in it, of four billion places': () => new Array(2 ** 32 - 1),
  'nesting of 1,001 levels': () => nested(1_001),
  'nesting of 100,000 levels': () => nested(100_000),
};

for (const [kind, makeStore] of Object.entries(stores)) {
  describe(`within the limits, on ${kind}`, () => {
    for (const [name, make] of Object.entries(within)) {
      it(`${name} is kept, and comes back as it was`, async () => {
        const [store, output] = [makeStore(), make()];
        const seen: unknown[] = [];
        const planner = (isFailing: boolean) => {
          const generate: NodeHandler = ({ id }, { inputs }) => {
            if (id === 'large') return output;
            seen.push(inputs.large);
            if (isFailing) throw new Error('no');
            return 'done';
          };
          return new MetaPlanner({ persistenceManager: store, handlers: { generate } });
        };
        expect((await planner(true).executeWithResume(vibe, { plan })).status).toBe('failed');
        expect((await planner(false).executeWithResume(vibe, { plan })).status).toBe('completed');
        const expected = JSON.stringify(output);
        expect(seen.map((input) => JSON.stringify(input) === expected)).toEqual([true, true]);
      });
    }
  });

  describe(`beyond the limits, on ${kind}`, () => {
    for (const [name, make] of Object.entries(beyond)) {
      it(`${name} makes its node fail, and nothing of it is stored`, async () => {
        const planner = new MetaPlanner({ persistenceManager: makeStore(), handlers: { default: make } });
        const { status, failures } = await planner.executeWithResume(vibe, { plan });
        expect(status).toBe('failed');
        expect(failures.map(({ error }) => error.code)).toEqual(['OUTPUT_NOT_SERIALIZABLE']);
        const sizes = storedEntries(checkpointDir).map(({ bytes }) => bytes?.length ?? 0);
        expect(Math.max(0, ...sizes)).toBeLessThan(20_000);
      });
    }

    it('what nests too deep is refused wherever it comes from', async () => {
      const store = makeStore();
      const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: () => 1 } });
      const deep = nested(100_000);
      const metadata = { deep };
      const parameters = { deep };
      const rootNodes = [{ ...node('a'), parameters }];
      const decomposer = () => ({ rootNodes });
      const decomposing = new MetaPlanner({ persistenceManager: store, decomposer, handlers: { default: () => 1 } });
      await expect(planner.executeWithResume({ ...vibe, metadata })).rejects.toMatchObject({ code: 'VIBE_INVALID' });
      await expect(planner.executePlan({ ...plan, rootNodes })).rejects.toMatchObject({ code: 'PLAN_INVALID' });
      await expect(decomposing.executeWithResume(vibe)).rejects.toMatchObject({ code: 'DECOMPOSITION_FAILED' });
      await planner.executeWithResume(vibe, { plan });
      const [{ checkpointId = '' } = {}] = await planner.listCheckpoints();
      const state = await planner.getCheckpoint(checkpointId);
      const first = state.nodeResults.large;
      const nodeResults = { ...state.nodeResults, large: { ...first, output: deep } } as typeof state.nodeResults;
      const saved = planner.createCheckpoint({ planId: 'film', executionState: { ...state, nodeResults } });
      await expect(saved).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' });
    });

    it('words of megabytes are kept, and lists stay short', async () => {
      const planner = new MetaPlanner({ persistenceManager: makeStore(), handlers: { default: () => 1 } });
      const wordy = { description: `A film ${'about tides '.repeat(200_000)}`, constraints: ['x'.repeat(mebibyte)] };
      const nodes = [{ ...node('a'), description: 'y'.repeat(mebibyte) }];
      const { planId } = await planner.executeWithResume(wordy, {
        plan: { id: 'wordy', sourceVibe: wordy, rootNodes: nodes },
      });
      const listed = await planner.listCheckpoints({ planId });
      expect(listed.map(({ damaged, vibeDescription = '' }) => [damaged, vibeDescription.length])).toEqual(
        listed.map(() => [undefined, 1_000]),
      );
      expect((await planner.executeWithResume(wordy, { planId })).status).toBe('completed');
    });
  });
}

describe('a file that is larger than any of ours', () => {
  /** Holes take no room on the disk. */
  async function laid(size: number, isJournal: boolean): Promise<{ planner: MetaPlanner; checkpointId: string }> {
    const persistenceManager = new WorkflowPersistenceManager({ checkpointDir });
    const planner = new MetaPlanner({ persistenceManager, handlers: { default: () => 1 } });
    const { persistenceInfo } = await planner.executeWithResume(vibe, { plan });
    const checkpointId = persistenceInfo.lastCheckpointId ?? '';
    const path = join(checkpointDir, 'film', isJournal ? '.journal-1' : `${checkpointId}.json`);
    writeFileSync(path, '');
    truncateSync(path, size);
    return { planner, checkpointId };
  }

  it('is refused before it is read, in the place of a checkpoint', async () => {
    const { planner, checkpointId } = await laid(2 ** 36, false);
    const listed = await planner.listCheckpoints();
    expect(listed.find((one) => one.checkpointId === checkpointId)?.damaged).toBeDefined();
    await expect(planner.getCheckpoint(checkpointId)).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
    expect((await planner.executeWithResume(vibe, { plan })).status).toBe('completed'); // its journal has everything
  });

  it('is read no further than a line can be long, in the place of a journal', async () => {
    const { planner } = await laid(2 ** 36, true);
    const { status } = await planner.executeWithResume(vibe, { plan, onCorrupt: 'fallback' });
    expect(status).toBe('completed');
  });
});
