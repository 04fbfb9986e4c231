import { hash } from 'node:crypto';

// One line is one record: "<n> <flushed> <prev> <sum> <json>\n".
//   n        its number in the file, from 1
//   flushed  the highest line known to be flushed when it was written; the lines that open a journal become visible
//            only after their flush, so each of them says that all of them are
//   prev     the sum of the line before, "head" for the first: shows dropped, doubled and swapped lines
//   sum      the first 128 bits of SHA-256 over "n flushed prev json", hex

/** The sum of no line. */
export const noLine = 'head';

export interface JournalLine {
  readonly number: number;
  readonly flushed: number;
  readonly prev: string;
  readonly sum: string;
  readonly text: string;
}

/** Gives a text its place in a journal. */
export function frameLine(number: number, flushed: number, prev: string, text: string): { line: string; sum: string } {
  const sum = sumOf(`${number} ${flushed} ${prev} ${text}`);
  return { line: `${number} ${flushed} ${prev} ${sum} ${text}\n`, sum };
}

/** A line that is as it was written, wherever it stands; `undefined` for anything else. */
export function parseLine(line: string): JournalLine | undefined {
  const start = /^(\d{1,15}) (\d{1,15}) (head|[0-9a-f]{32}) ([0-9a-f]{32}) /.exec(line);
  if (start === null) return undefined;
  const [{ length }, number, flushed, prev, sum] = start as unknown as [string, string, string, string, string];
  const text = line.slice(length);
  if (sumOf(`${number} ${flushed} ${prev} ${text}`) !== sum) return undefined;
  return { number: Number(number), flushed: Number(flushed), prev, sum, text };
}

function sumOf(covered: string): string {
  return hash('sha256', covered, 'hex').slice(0, 32);
}
