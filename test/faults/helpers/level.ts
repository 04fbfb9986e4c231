/** `full` when started by `npm run test:faults`; otherwise a part is tried, so that every change can be tested. */
const { MODE } = (import.meta as ImportMeta & { env: { MODE: string } }).env;
export const isFull = MODE === 'full';

/** One of every so many cases, from the first on; at the full level all, unless there are too many. */
export function oneOf<Case>(every: number, cases: readonly Case[], everyAtFull = 1): readonly Case[] {
  return cases.filter((_, index) => index % (isFull ? everyAtFull : every) === 0);
}

/** So many cases, spread from the first to the last. */
export function spread<Case>(cases: readonly Case[], count: number): Case[] {
  const chosen = Array.from({ length: count }, (_, index) => cases[Math.floor(((index + 0.5) * cases.length) / count)]);
  return chosen.filter((choice) => choice !== undefined);
}
