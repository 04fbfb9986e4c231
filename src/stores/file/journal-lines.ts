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
 * @param line without its line feed
 * @param textFrom what a line says from a byte on, for whoever knows a cheaper way to it
 */
export function parseLine(line: Buffer | string, textFrom?: (start: number) => string): JournalLine | undefined {
  const bytes = typeof line === 'string' ? Buffer.from(line) : line;
  const found = startPattern.exec(bytes.toString('latin1', 0, longestStart));
  if (found === null) return undefined;
  const [{ length }, covered, number, flushed, prev, sum] = found as unknown as Start;
  if (sumOfBytes(bytes, covered.length, length) !== sum) return undefined;
  return {
    number: Number(number),
    flushed: Number(flushed),
    prev,
    sum,
    text: textFrom?.(length) ?? bytes.toString('utf8', length),
  };
}

type Start = [whole: string, covered: string, number: string, flushed: string, prev: string, sum: string];
const startPattern = /^((\d{1,15}) (\d{1,15}) (head|[0-9a-f]{32}) )([0-9a-f]{32}) /;
const longestStart = 15 + 15 + 32 + 32 + 4;

const start = Buffer.alloc(longestStart + 1);

/**
 * Over what stands before the sum and what stands behind it. For that the former takes the place of the sum for a
 * moment: lines are long, and there may be many.
 */
function sumOfBytes(bytes: Buffer, covered: number, behind: number): string {
  bytes.copy(start, 0, 0, behind);
  start.copy(bytes, behind - covered, 0, covered);
  const sum = hash('sha256', bytes.subarray(behind - covered), 'hex').slice(0, 32);
  start.copy(bytes, 0, 0, behind);
  return sum;
}
