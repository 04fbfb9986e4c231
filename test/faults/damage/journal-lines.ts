import { createHash } from 'node:crypto';

/** One line of a journal, as the page on its format has it: `<n> <flushed> <prev> <sum> <json>`. */
export interface Line {
  /** The highest line known to be flushed when this one was written. */
  readonly flushed: number;
  readonly json: string;
}

interface IntactLine extends Line {
  readonly number: number;
  readonly prev: string;
  readonly sum: string;
}

/** A journal whose numbers, sums and chain are right, whatever is in it. */
export function encodeJournal(lines: readonly Line[]): Uint8Array {
  let prev = 'head';
  const encoded = lines.map(({ flushed, json }, index) => {
    const sum = sumOf(`${index + 1} ${flushed} ${prev} ${json}`);
    const line = `${index + 1} ${flushed} ${prev} ${sum} ${json}\n`;
    prev = sum;
    return line;
  });
  return new Uint8Array(Buffer.from(encoded.join('')));
}

/** What a reader may make of a journal: the lines of its beginning that are right, and whether more was flushed. */
export function readJournal(bytes: Uint8Array): { lines: Line[]; isDamaged: boolean } {
  const lines: Line[] = [];
  let flushed = 1;
  let last: Pick<IntactLine, 'number' | 'sum'> | undefined = { number: 0, sum: 'head' };
  for (const raw of rawLines(bytes)) {
    const line = parse(raw);
    if (line !== undefined) flushed = Math.max(flushed, line.flushed);
    if (line === undefined || last === undefined || line.number !== last.number + 1 || line.prev !== last.sum) {
      last = undefined;
      continue;
    }
    lines.push({ flushed: line.flushed, json: line.json });
    last = line;
  }
  return { lines, isDamaged: lines.length < flushed };
}

/** The bytes of each whole line, with its line feed, and of what follows the last. */
export function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0x0a, start) + 1 || bytes.length;
    lines.push(bytes.subarray(start, end));
    start = end;
  }
  return lines;
}

/** Ids of the nodes that have completed records in these lines. */
export function nodesIn(lines: readonly Line[]): string[] {
  return lines.flatMap(({ json }) => {
    const { kind, result } = JSON.parse(json) as { kind?: string; result?: { node_id: string; status: string } };
    return kind === 'node_settled' && result?.status === 'completed' ? [result.node_id] : [];
  });
}

function* rawLines(bytes: Uint8Array): Generator<string> {
  for (const line of splitLines(bytes)) {
    if (line.at(-1) === 0x0a) yield Buffer.from(line.subarray(0, -1)).toString('latin1');
  }
}

/** Of bytes as Latin-1: what no decoder has touched. */
function parse(raw: string): IntactLine | undefined {
  const [, number, flushed, prev, sum, rest] = /^(\d+) (\d+) (head|[0-9a-f]{32}) ([0-9a-f]{32}) (.*)$/s.exec(raw) ?? [];
  if (number === undefined || rest === undefined || prev === undefined || sum === undefined) return undefined;
  const json = Buffer.from(rest, 'latin1').toString('utf8');
  if (sumOf(Buffer.from(`${number} ${flushed} ${prev} ${rest}`, 'latin1')) !== sum) return undefined;
  return { number: Number(number), flushed: Number(flushed), prev, sum, json };
}

function sumOf(covered: string | Uint8Array): string {
  return createHash('sha256').update(covered).digest('hex').slice(0, 32);
}
