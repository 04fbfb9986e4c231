/** Choices that can be made again: whoever reports a failure reports the seed. */
export interface Random {
  readonly seed: number;
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** So many of the items at most, in their order. */
  sample<T>(items: readonly T[], count: number): T[];
}

/** Mulberry32: small, and the same on every platform. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    seed,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => {
      if (items.length === 0) throw new Error('There is nothing to pick from.');
      return items[below(items.length)] as never;
    },
    sample: (items, count) => {
      const order = items.map((_, index) => ({ index, at: next() })).sort((a, b) => a.at - b.at);
      const chosen = new Set(order.slice(0, count).map(({ index }) => index));
      return items.filter((_, index) => chosen.has(index));
    },
  };
}
