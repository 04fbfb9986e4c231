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

/**
 * A line that is as it was written, wherever it stands; `undefined` for anything else.
 * @param line without its line feed; a text takes less time, and has to be all that the bytes were
 */
export function parseLine(line: Buffer | string): JournalLine | undefined {
  const isText = typeof line === 'string';
  const start = startOf(isText ? line.slice(0, longestStart) : line.toString('latin1', 0, longestStart));
  if (start === undefined) return undefined;
  const { covered, length, sum } = start;
  const text = isText ? line.slice(length) : line.toString('utf8', length);
  const found = isText ? sumOf(line.slice(0, covered) + text) : sumOfBytes(line, covered, length);
  if (found !== sum) return undefined;
  return { number: start.number, flushed: start.flushed, prev: start.prev, sum, text };
}

const longestStart = 15 + 15 + 32 + 32 + 4;

interface LineStart extends Omit<JournalLine, 'text'> {
  /** How much stands before the sum. */
  readonly covered: number;
  /** How much stands before the text. */
  readonly length: number;
}

/** What the first characters of a line say. That they were written so is for the sum to tell. */
function startOf(characters: string): LineStart | undefined {
  const flushedAt = characters.indexOf(' ') + 1;
  const prevAt = characters.indexOf(' ', flushedAt) + 1;
  const covered = characters.indexOf(' ', prevAt) + 1;
  const length = characters.indexOf(' ', covered) + 1;
  if (flushedAt === 0 || prevAt === 0 || covered === 0 || length === 0) return undefined;
  const number = Number(characters.slice(0, flushedAt - 1));
  const flushed = Number(characters.slice(flushedAt, prevAt - 1));
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(flushed)) return undefined;
  const prev = characters.slice(prevAt, covered - 1);
  return { number, flushed, prev, sum: characters.slice(covered, length - 1), covered, length };
}

function sumOf(data: Buffer | string): string {
  return hash('sha256', data, 'hex').slice(0, 32);
}

const start = Buffer.alloc(longestStart + 1);

/**
 * Over what stands before the sum and what stands behind it. For that the former takes the place of the sum for a
 * moment: lines are long, and there may be many.
 */
function sumOfBytes(bytes: Buffer, covered: number, behind: number): string {
  bytes.copy(start, 0, 0, behind);
  start.copy(bytes, behind - covered, 0, covered);
  const sum = sumOf(bytes.subarray(behind - covered));
  start.copy(bytes, 0, 0, behind);
  return sum;
}
