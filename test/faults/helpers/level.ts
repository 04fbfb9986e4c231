/** `full` when started by `npm run test:faults:full`; otherwise a part is tried, so that every change can be tested. */
const { MODE } = (import.meta as ImportMeta & { env: { readonly MODE: string } }).env;
export const isFull = MODE === 'full';

export function atLevel<T>(quick: T, full: T): T {
  return isFull ? full : quick;
}

/** The same choices with every change, others each time at the full level; `FAULT_SEED` repeats some that failed. */
export function testSeed(): number {
  const given = process.env.FAULT_SEED;
  return given === undefined ? atLevel(20_260_211, Math.floor(Math.random() * 2 ** 32)) : Number(given);
}

/** One of every so many cases, from the first on; at the full level all, unless there are too many. */
export function oneOf<Case>(every: number, cases: readonly Case[], everyAtFull = 1): readonly Case[] {
  return cases.filter((_, index) => index % atLevel(every, everyAtFull) === 0);
}

/** So many cases, spread from the first to the last. */
export function spread<Case>(cases: readonly Case[], count: number): Case[] {
  const chosen = Array.from({ length: count }, (_, index) => cases[Math.floor(((index + 0.5) * cases.length) / count)]);
  return chosen.filter((choice) => choice !== undefined);
}
