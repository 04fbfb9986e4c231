import { InvalidArgumentError } from 'commander';

const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** Milliseconds in a length of time such as `30d`. */
export function duration(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,6})([smhdw])$/.exec(text) ?? [];
  const ms = unitMs[unit];
  if (count === undefined || ms === undefined) {
    throw new InvalidArgumentError('It must be a whole number and a unit: 90s, 45m, 12h, 30d or 8w.');
  }
  return Number(count) * ms;
}
