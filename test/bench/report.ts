import { hash } from 'node:crypto';

/** How often everything is measured; what is printed are medians. */
export const rounds = 5;

export interface Figure {
  readonly value: number;
  readonly unit: 'x' | 'ms' | 'µs' | 'MB' | '';
  /** The value that must not be exceeded. Without one, the figure is printed for what it is. */
  readonly atMost?: number | undefined;
  /** What we would like it to be. */
  readonly aim?: number;
  /** The figures that it was made of. */
  readonly note?: string;
}

let missed = 0;

/** With how fast the machine is just now: what is measured in milliseconds can only be read beside that. */
export function heading(title: string): void {
  console.log(`\n${title} [SHA-256 at ${hashingSpeed().toFixed(0)} MB/s]`);
}

const hashed = new Uint8Array(1_000_000);

/** Megabytes a second: a number of which the work is the same everywhere. */
function hashingSpeed(): number {
  const speeds = Array.from({ length: rounds }, () => {
    const begin = performance.now();
    hash('sha256', hashed);
    return 1_000 / (performance.now() - begin);
  });
  return median(speeds);
}

/** One line: what was measured, its value, its target, and whether that is met. */
export function print(label: string, { value, unit, atMost, aim, note = '' }: Figure): void {
  const isMet = atMost === undefined || value <= atMost;
  if (!isMet) missed++;
  const target = atMost === undefined ? '' : `<= ${atMost}${unit}${aim === undefined ? '' : `, aim ${aim}${unit}`}`;
  const verdict = atMost === undefined ? '' : isMet ? 'met' : 'MISSED';
  const cells = [label.padEnd(52), shown(value, unit).padStart(10), target.padEnd(20), verdict.padEnd(7), note];
  console.log(`  ${cells.join('  ').trimEnd()}`);
}

export function printVerdict(): void {
  console.log(missed === 0 ? '\nEvery target is met.' : `\n${missed} targets are missed.`);
}

/** Measures everything in turn, so that what disturbs the machine disturbs all alike; answers the median of each figure. */
export async function interleaved<Name extends string>(
  measures: ReadonlyArray<() => Promise<Readonly<Partial<Record<Name, number>>>>>,
  times = rounds,
): Promise<Record<Name, number>> {
  const all = new Map<string, number[]>();
  for (let round = 0; round < times; round++) {
    for (const measure of measures) {
      for (const [name, value] of Object.entries<number | undefined>(await measure())) {
        if (value !== undefined) all.set(name, [...(all.get(name) ?? []), value]);
      }
    }
  }
  return Object.fromEntries([...all].map(([name, values]) => [name, median(values)])) as Record<Name, number>;
}

/** Milliseconds that some work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

export function shown(value: number, unit: string): string {
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)}${unit === 'x' || unit === '' ? unit : ` ${unit}`}`;
}

export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
