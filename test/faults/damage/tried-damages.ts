import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { fastDirectory } from '../helpers/fast-directory.js';
import { atLevel } from '../helpers/level.js';
import { tellCount } from '../helpers/tell-count.js';
import { tryDamaged } from './check-damaged.js';
import { type Damage, journalIn } from './damages.js';
import { expectedOf } from './expectations.js';
import { type SoundStore, soundStores } from './sound-stores.js';

/** Long enough for thousands of damages in one test. */
export const timeout = 1_800_000;

/** So many damaged stores are tried at a time: while one waits for the disk, another goes on. */
const atOnce = 4;

/** The stores that the tests of a file damage, and a place to do it. At the end it says how many damages there were. */
export function damagedStores(what: string) {
  let base = '';
  let stores: SoundStore[] = [];
  let tried = 0;
  tellCount(what, () => tried);

  beforeAll(async () => {
    base = await mkdtemp(join(fastDirectory, 'vibe-aigc-damage-'));
    stores = await soundStores(base);
  }, 120_000);

  afterAll(async () => {
    if (base) await rm(base, { recursive: true, force: true });
  });

  return {
    get base() {
      return base;
    },
    get stores() {
      return stores;
    },
    *journals(): Generator<readonly [SoundStore, string]> {
      for (const store of stores) {
        const path = journalIn(store.files);
        if (path !== undefined) yield [store, path];
      }
    },
    /** Tries damages, and tells what was taken wrongly: each kind of failure once, with its first example and how often. */
    async failuresOf(damages: Iterable<readonly [SoundStore, Damage]>): Promise<string[]> {
      const failures = new Map<string, { first: string; count: number }>();
      const ends: Record<string, number> = {};
      const rest = eachOf(damages);
      await Promise.all(Array.from({ length: atOnce }, tryRest));
      async function tryRest(): Promise<void> {
        for (const [store, damage] of rest) {
          tried++;
          const expected = expectedOf(store, damage);
          const isThorough = tried % atLevel(4, 1) === 0; // to load all checkpoints and to call again takes its time
          const { problems, ended } = await tryDamaged(
            base,
            damage.files,
            isThorough ? expected : { ...expected, checkpoints: undefined, isOnce: true },
          );
          ends[ended] = (ends[ended] ?? 0) + 1;
          if (problems.length === 0) continue;
          const kind = `${store.name}: ${problems.join('; ')}`.replace(/\/\d+\//g, '/N/');
          const { first, count } = failures.get(kind) ?? { first: damage.label, count: 0 };
          failures.set(kind, { first, count: count + 1 });
        }
      }
      console.info(`${expect.getState().currentTestName}: ${JSON.stringify(ends)}`);
      return [...failures].map(([kind, { first, count }]) => `${kind} (${count} times, first with ${first})`);
    },
  };
}

/** From which several can take in turn. */
function* eachOf<T>(items: Iterable<T>): Generator<T> {
  yield* items;
}
