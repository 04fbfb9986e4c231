import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastDirectory } from '../helpers/fast-directory.js';
import { atLevel, testSeed } from '../helpers/level.js';
import { paidNodes } from '../helpers/poster-run.js';
import { randomFrom } from '../helpers/random.js';
import { tryDamaged } from './check-damaged.js';
import {
  bytesOf,
  cutAt,
  type Damage,
  filesIn,
  flipBit,
  journalIn,
  rearranged,
  replaced,
  withoutFile,
  zeroBlock,
} from './damages.js';
import { expectedOf } from './expectations.js';
import { encodeJournal, nodesIn, readJournal } from './journal-lines.js';
import { type SoundStore, soundStores } from './sound-stores.js';

const seed = testSeed();
const random = randomFrom(seed);
const timeout = 1_800_000;
let base: string;
let stores: SoundStore[];

beforeAll(async () => {
  base = await mkdtemp(join(fastDirectory, 'vibe-aigc-damage-'));
  stores = await soundStores(base);
}, 120_000);

afterAll(async () => {
  if (base) await rm(base, { recursive: true, force: true });
});

/** Tries damages, and tells what was taken wrongly: each kind of failure once, with its first example and how often. */
async function failuresOf(damages: Iterable<readonly [SoundStore, Damage]>): Promise<string[]> {
  const failures = new Map<string, { first: string; count: number }>();
  const ends: Record<string, number> = {};
  for (const [store, damage] of damages) {
    const { problems, ended } = await tryDamaged(base, damage.files, expectedOf(store, damage));
    ends[ended] = (ends[ended] ?? 0) + 1;
    if (problems.length === 0) continue;
    const kind = `${store.name}: ${problems.join('; ')}`.replace(/\/\d+\//g, '/N/');
    const { first, count } = failures.get(kind) ?? { first: damage.label, count: 0 };
    failures.set(kind, { first, count: count + 1 });
  }
  console.info(`${expect.getState().currentTestName}: ${JSON.stringify(ends)}`);
  return [...failures].map(([kind, { first, count }]) => `${kind} (${count} times, first with ${first})`);
}

function* everyJournal(): Generator<readonly [SoundStore, string]> {
  for (const store of stores) {
    const path = journalIn(store.files);
    if (path !== undefined) yield [store, path];
  }
}

describe('what damage does to a run', () => {
  it('is nothing when there is none: what was acknowledged is known', () => {
    for (const { name, acknowledged, known } of stores) {
      const missing = acknowledged.filter((nodeId) => paidNodes.includes(nodeId) && !known.includes(nodeId));
      expect(missing, name).toEqual([]);
    }
  });

  it(`is never a wrong result, for a bit that flipped anywhere, seed ${seed}`, { timeout }, async () => {
    const flips = Array.from({ length: atLevel(300, 6_000) }, () => {
      const store = random.pick(stores);
      return [store, flipBit(store.files, random)] as const;
    });
    expect(await failuresOf(flips)).toEqual([]);
  });

  it(`is never a wrong result, for a block of zeros, seed ${seed}`, { timeout }, async () => {
    const blocks = Array.from({ length: atLevel(40, 1_000) }, () => {
      const store = random.pick(stores);
      return [store, zeroBlock(store.files, random)] as const;
    });
    expect(await failuresOf(blocks)).toEqual([]);
  });

  it('is never a wrong result, for a file that is missing or empty', { timeout }, async () => {
    const missing = stores.flatMap((store) =>
      filesIn(store.files).flatMap((path) => [
        [store, withoutFile(store.files, path)] as const,
        [store, cutAt(store.files, path, 0)] as const,
      ]),
    );
    expect(await failuresOf(missing)).toEqual([]);
  });

  it('is never a wrong result, for a journal that is cut off anywhere', { timeout }, async () => {
    const cuts = function* () {
      // Each offset in one of the stores, and in another one the next.
      const step = atLevel(32, 1) * stores.length;
      for (const [index, [store, path]] of [...everyJournal()].entries()) {
        for (let length = index * atLevel(32, 1); length < bytesOf(store.files, path).length; length += step) {
          yield [store, cutAt(store.files, path, length)] as const;
        }
      }
    };
    expect(await failuresOf(cuts())).toEqual([]);
  });

  it('is never a wrong result, for lines that are doubled, swapped or missing', { timeout }, async () => {
    const changes = function* () {
      for (const [store, path] of everyJournal()) {
        const all = [...rearranged(store.files, path)];
        for (const damage of atLevel(random.sample(all, 30), all)) yield [store, damage] as const;
      }
    };
    expect(await failuresOf(changes())).toEqual([]);
  });

  it('is never a wrong result, for the journal of another plan', { timeout }, async () => {
    const laidOver = function* () {
      for (const [store, path] of everyJournal()) {
        for (const [other, otherPath] of everyJournal()) {
          if (other === store) continue;
          const { lines } = readJournal(bytesOf(other.files, otherPath));
          const foreign = lines.map(({ json, ...line }, index) => ({
            ...line,
            json: index === 0 ? JSON.stringify({ ...JSON.parse(json), plan_id: 'another', run_id: 'run-other' }) : json,
          }));
          yield [
            store,
            replaced(store.files, path, encodeJournal(foreign), `is that of ${other.name}, another plan`),
          ] as const;
        }
      }
    };
    expect(await failuresOf(laidOver())).toEqual([]);
  });
});

describe('the reader of journals that these tests have', () => {
  it('reads what the library writes, and writes it again byte by byte', () => {
    for (const [{ files, known }, path] of everyJournal()) {
      const { lines, isDamaged } = readJournal(bytesOf(files, path));
      expect(isDamaged).toBe(false);
      expect(new Set(nodesIn(lines))).toEqual(new Set(known));
      expect(Buffer.from(encodeJournal(lines))).toEqual(Buffer.from(bytesOf(files, path)));
    }
  });
});
