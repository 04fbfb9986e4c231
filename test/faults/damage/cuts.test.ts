import { describe, expect, it } from 'vitest';
import { atLevel, isFull, spread } from '../helpers/level.js';
import { bytesOf, cutAt, filesIn, lineCuts } from './damages.js';
import type { SoundStore } from './sound-stores.js';
import { damagedStores, timeout } from './tried-damages.js';

const place = damagedStores('cuts');

type Cut = readonly [store: SoundStore, path: string, length: number];

/** Each length that each file of these stores can be cut to. */
function everyCut(stores: readonly SoundStore[]): Cut[] {
  return stores.flatMap((store) =>
    filesIn(store.files).flatMap((path) =>
      Array.from({ length: bytesOf(store.files, path).length }, (_, length) => [store, path, length] as const),
    ),
  );
}

/** Where a cut is most likely to be taken for an end. */
function cutsAtLines(stores: readonly SoundStore[]): Cut[] {
  return stores.flatMap((store) =>
    filesIn(store.files).flatMap((path) => lineCuts(store.files, path).map((length) => [store, path, length] as const)),
  );
}

/** At the full level every byte of every file of one plan directory. */
function chosenCuts(stores: readonly SoundStore[]): Cut[] {
  const one = stores.filter(({ name }) => name === 'killed with few checkpoints');
  const others = isFull ? stores.filter((store) => !one.includes(store)) : stores;
  return [
    ...(isFull ? everyCut(one) : []),
    ...spread(everyCut(others), atLevel(170, 2_000)),
    ...spread(cutsAtLines(others), atLevel(80, 1_500)),
  ];
}

describe('what damage does to a run', () => {
  it('is never a wrong result, for a file that is cut off anywhere', { timeout }, async () => {
    const cuts = function* () {
      for (const [store, path, length] of chosenCuts(place.stores))
        yield [store, cutAt(store.files, path, length)] as const;
    };
    expect(await place.failuresOf(cuts())).toEqual([]);
  });
});
