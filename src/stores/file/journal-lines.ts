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

/**
 * A line that is as it was written, wherever it stands; `undefined` for anything else.
 * @param line without its line feed
 */
export function parseLine(line: Buffer | string): JournalLine | undefined {
  const bytes = typeof line === 'string' ? Buffer.from(line) : line;
  const start = startPattern.exec(bytes.toString('latin1', 0, longestStart));
  if (start === null) return undefined;
  const [{ length }, covered, number, flushed, prev, sum] = start as unknown as Start;
  if (sumOfBytes(bytes, covered.length, length) !== sum) return undefined;
  return { number: Number(number), flushed: Number(flushed), prev, sum, text: bytes.toString('utf8', length) };
}

type Start = [whole: string, covered: string, number: string, flushed: string, prev: string, sum: string];
const startPattern = /^((\d{1,15}) (\d{1,15}) (head|[0-9a-f]{32}) )([0-9a-f]{32}) /;
const longestStart = 15 + 15 + 32 + 32 + 4;

let scratch = Buffer.alloc(64 * 1024);

/** Over what stands before the sum and what stands behind it; without making a text of either. */
function sumOfBytes(bytes: Buffer, covered: number, behind: number): string {
  const length = covered + bytes.length - behind;
  if (length > scratch.length) scratch = Buffer.alloc(2 * length);
  bytes.copy(scratch, 0, 0, covered);
  bytes.copy(scratch, covered, behind);
  const sum = hash('sha256', scratch.subarray(0, length), 'hex').slice(0, 32);
  if (scratch.length > largestKept) scratch = Buffer.alloc(64 * 1024);
  return sum;
}

const largestKept = 8 * 1024 * 1024;

function sumOf(covered: string): string {
  return hash('sha256', covered, 'hex').slice(0, 32);
}
