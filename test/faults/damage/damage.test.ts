import { describe, expect, it } from 'vitest';
import { atLevel, testSeed } from '../helpers/level.js';
import { paidNodes } from '../helpers/poster-run.js';
import { randomFrom } from '../helpers/random.js';
import {
  bytesOf,
  cutAt,
  type Damage,
  filesIn,
  rearranged,
  replaced,
  swapped,
  withForeignLines,
  withoutFile,
} from './damages.js';
import { filesOfAnotherPlan, withForeignFiles, withStrayFiles } from './foreign-files.js';
import { encodeJournal, nodesIn, readJournal, splitLines } from './journal-lines.js';
import type { SoundStore } from './sound-stores.js';
import { damagedStores, timeout } from './tried-damages.js';

const seed = testSeed();
const random = randomFrom(seed);
const place = damagedStores('lines and files');

/** All of them, or with every change so many. */
function some(all: Array<readonly [SoundStore, Damage]>, count: number): Array<readonly [SoundStore, Damage]> {
  return atLevel(random.sample(all, count), all);
}

function ofEach(damagesOf: (store: SoundStore) => Iterable<Damage>): Array<readonly [SoundStore, Damage]> {
  return place.stores.flatMap((store) => [...damagesOf(store)].map((damage) => [store, damage] as const));
}

describe('what damage does to a run', () => {
  it('is nothing when there is none: what was acknowledged is known', () => {
    for (const { name, acknowledged, known } of place.stores) {
      const missing = acknowledged.filter((nodeId) => paidNodes.includes(nodeId) && !known.includes(nodeId));
      expect(missing, name).toEqual([]);
    }
  });

  it('is never a wrong result, for a file that is missing or empty', { timeout }, async () => {
    const missing = ofEach(({ files }) =>
      filesIn(files).flatMap((path) => [withoutFile(files, path), cutAt(files, path, 0)]),
    );
    expect(await place.failuresOf(missing)).toEqual([]);
  });

  it(`is never a wrong result, for lines that are doubled, swapped or missing, seed ${seed}`, { timeout }, async () => {
    const changes = [...place.journals()].flatMap(([store, path]) =>
      some(
        [...rearranged(store.files, path)].map((damage) => [store, damage] as const),
        10,
      ),
    );
    const inDocuments = ofEach(function* ({ files }) {
      for (const path of filesIn(files)) if (path.endsWith('.json')) yield* rearranged(files, path);
    });
    expect(await place.failuresOf([...changes, ...random.sample(inDocuments, atLevel(20, 1_500))])).toEqual([]);
  });

  it(`is never a wrong result, for lines of another run, seed ${seed}`, { timeout }, async () => {
    const foreign = [...place.journals()].flatMap(([store, path]) =>
      [...place.journals()].flatMap(([other, otherPath]) => {
        if (other === store) return [];
        const lines = splitLines(bytesOf(other.files, otherPath));
        return [...withForeignLines(store.files, path, lines)].map((damage) => [store, damage] as const);
      }),
    );
    expect(await place.failuresOf(some(foreign, 20))).toEqual([]);
  });

  it(`is never a wrong result, for files with each other's content, seed ${seed}`, { timeout }, async () => {
    expect(
      await place.failuresOf(
        some(
          ofEach(({ files }) => swapped(files)),
          20,
        ),
      ),
    ).toEqual([]);
  });

  it('is never a wrong result, for the journal of another plan', { timeout }, async () => {
    const laidOver = function* () {
      for (const [store, path] of place.journals()) {
        for (const [other, otherPath] of place.journals()) {
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
    expect(await place.failuresOf(laidOver())).toEqual([]);
  });

  it('is never a wrong result, for files of another plan with right sums', { timeout }, async () => {
    const others = await filesOfAnotherPlan(place.base);
    expect(await place.failuresOf(ofEach(({ files }) => withForeignFiles(files, others, 'another plan')))).toEqual([]);
  });

  it('is never a wrong result, for files that are nobody’s, and copies', { timeout }, async () => {
    expect(await place.failuresOf(ofEach(({ files }) => withStrayFiles(files)))).toEqual([]);
  });
});

describe('the reader of journals that these tests have', () => {
  it('reads what the library writes, and writes it again byte by byte', () => {
    for (const [{ files, known }, path] of place.journals()) {
      const { lines, isDamaged } = readJournal(bytesOf(files, path));
      expect(isDamaged).toBe(false);
      expect(new Set(nodesIn(lines))).toEqual(new Set(known));
      expect(Buffer.compare(encodeJournal(lines), bytesOf(files, path))).toBe(0);
    }
  });
});
