import { afterAll } from 'vitest';

/** At its end a suite says how many cases it tried, so that the figures of a level can be read from its output. */
export function tellCount(what: string, count: number | (() => number)): void {
  afterAll(() => console.info(`${what}: ${typeof count === 'number' ? count : count()} cases`));
}
