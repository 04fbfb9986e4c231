/** `full` when started by `npm run test:faults`; otherwise a part is tried, so that every change can be tested. */
const { MODE } = (import.meta as ImportMeta & { env: { MODE: string } }).env;
export const isFull = MODE === 'full';

/** All cases at the full level, otherwise one of every so many, from the first on. */
export function oneOf<Case>(every: number, cases: readonly Case[]): readonly Case[] {
  return isFull ? cases : cases.filter((_, index) => index % every === 0);
}

/** So many cases, spread from the first to the last. */
export function spread<Case>(cases: readonly Case[], count: number): Case[] {
  const chosen = Array.from({ length: count }, (_, index) => cases[Math.floor(((index + 0.5) * cases.length) / count)]);
  return chosen.filter((choice) => choice !== undefined);
}
