import { describe, expect, it } from 'vitest';
import { atLevel, testSeed } from '../helpers/level.js';
import { randomFrom } from '../helpers/random.js';
import { filesIn, flipBit, zeroBlock, zeroed } from './damages.js';
import { damagedStores, timeout } from './tried-damages.js';

const seed = testSeed();
const random = randomFrom(seed);
const place = damagedStores('flips and zeros');

describe('what damage does to a run', () => {
  it(`is never a wrong result, for a bit that flipped anywhere, seed ${seed}`, { timeout }, async () => {
    const flips = Array.from({ length: atLevel(250, 6_000) }, () => {
      const store = random.pick(place.stores);
      return [store, flipBit(store.files, random)] as const;
    });
    expect(await place.failuresOf(flips)).toEqual([]);
  });

  it(`is never a wrong result, for a block of zeros, seed ${seed}`, { timeout }, async () => {
    const blocks = Array.from({ length: atLevel(20, 1_000) }, () => {
      const store = random.pick(place.stores);
      return [store, zeroBlock(store.files, random)] as const;
    });
    expect(await place.failuresOf(blocks)).toEqual([]);
  });

  it('is never a wrong result, for a file of zeros, or one that ends in them', { timeout }, async () => {
    const files = place.stores.flatMap((store) =>
      filesIn(store.files).flatMap((path) => [...zeroed(store.files, path)].map((damage) => [store, damage] as const)),
    );
    expect(await place.failuresOf(atLevel(random.sample(files, 20), files))).toEqual([]);
  });
});
