import { isAscii } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import type { JournalDamage } from '../../checkpoint/persistence-manager.js';
import { openFile, versionOf } from './documents.js';
import { type JournalLine, noLine, parseLine } from './journal-lines.js';

/** A line that is longer cannot have been written by this library. */
const maxLineBytes = 80 * 1024 * 1024;
const chunkBytes = 512 * 1024;
const lineFeed = 0x0a;

export interface JournalFile {
  readonly lines: readonly string[];
  readonly damage?: JournalDamage;
  readonly isTorn: boolean;
  /** What the file was; absent where something else stands in its place. */
  readonly version?: string;
}

/**
 * Reads a journal as far as number, chain and sum hold. What follows the first bad line is a torn tail, unless an intact
 * line shows that the bad one had been flushed: then something is missing that was promised.
 */
export async function readJournalFile(path: string): Promise<JournalFile> {
  const check = new ChainCheck();
  const end = await eachLine(path, (line, sharedText) => {
    check.take(sharedText?.() ?? line);
    return true;
  });
  return { ...check.finish(end), version: end.version };
}

class ChainCheck {
  private readonly lines: string[] = [];
  private readonly behind: JournalLine[] = [];
  private last: Pick<JournalLine, 'number' | 'sum'> = { number: 0, sum: noLine };
  private isBroken = false;
  private isLastIntact = false;
  /** The highest line that any intact line knows to be flushed. */
  private flushed = 1; // the first one is there before the file has its name

  take(raw: Buffer | string): void {
    const line = parseLine(raw);
    this.isLastIntact = line !== undefined;
    if (line === undefined) this.isBroken = true;
    else this.takeIntact(line);
  }

  finish({ hasRest }: { readonly hasRest: boolean }): JournalFile {
    const isCut = this.isBroken || hasRest;
    const bad = this.last.number + 1;
    if (bad > this.flushed) return { lines: this.lines, isTorn: isCut };
    const reason = isCut ? `line ${bad} is not as it was written` : `it ends before line ${this.flushed}`;
    // Only an intact last line tells how many there were: others may have been cut off with what is damaged.
    const last = this.isLastIntact && !hasRest ? lastOf(this.behind, this.lines) : undefined;
    const linesWritten = last === undefined ? Number.MAX_SAFE_INTEGER : Math.max(last, this.flushed);
    const linesBehind = this.behind.map(({ number, text }) => ({ number, text }));
    return { lines: this.lines, isTorn: false, damage: { reason, linesWritten, linesBehind } };
  }

  private takeIntact(line: JournalLine): void {
    this.flushed = Math.max(this.flushed, line.flushed);
    const { number, sum } = this.last;
    if (this.isBroken || line.number !== number + 1 || line.prev !== sum) {
      this.isBroken = true;
      this.behind.push(line);
      return;
    }
    this.last = line;
    this.lines.push(line.text);
  }
}

/**
 * The number of the last line behind the damage; `undefined` when some are not of this journal, as far as their chain
 * tells. Lines may lie there in another order, and more than once.
 */
function lastOf(behind: readonly JournalLine[], before: readonly string[]): number | undefined {
  const rest = new Map<number, JournalLine>();
  for (const line of behind) {
    const isKnown = line.number <= before.length;
    if (isKnown && before[line.number - 1] !== line.text) return undefined;
    if (!isKnown && (rest.get(line.number) ?? line).sum !== line.sum) return undefined;
    if (!isKnown) rest.set(line.number, line);
  }
  const numbers = [...rest.keys()].sort((a, b) => a - b);
  const isChained = numbers.slice(1).every((number) => rest.get(number)?.prev === rest.get(number - 1)?.sum);
  return isChained ? numbers.at(-1) : undefined;
}

/** A line as a text, where its bytes are its characters. It shares the memory of its neighbours. */
type SharedText = () => string | undefined;

/**
 * What is done with a line, of which no part may be kept. Its shared text is for whoever keeps all lines. Answers whether
 * to go on.
 */
type TakeLine = (line: Buffer, sharedText?: SharedText) => boolean;

/**
 * Hands over the lines of a file, split at the byte of a line feed alone, until it is told to stop; answers whether
 * something follows the last one, and the version of the file that was read.
 */
export async function eachLine(path: string, take: TakeLine): Promise<{ hasRest: boolean; version: string }> {
  const { file, size, stats } = await openFile(path);
  try {
    return { ...(await splitLines(file, size, take)), version: versionOf(stats) };
  } finally {
    await file.close();
  }
}

async function splitLines(file: FileHandle, size: number, take: TakeLine): Promise<{ hasRest: boolean }> {
  let pieces: Buffer[] = [];
  let pieceBytes = 0;
  for await (const bytes of chunksOf(file, size)) {
    const chunk = new ChunkText(bytes);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, start)) {
      const last = bytes.subarray(start, end);
      const isWhole = pieces.length === 0;
      const goesOn = isWhole ? take(last, chunk.textOf(start, end)) : take(Buffer.concat([...pieces, last]));
      if (!goesOn) return { hasRest: false };
      pieces = [];
      pieceBytes = 0;
      start = end + 1;
    }
    if (start < bytes.length) pieces.push(Buffer.from(bytes.subarray(start)));
    pieceBytes += bytes.length - start;
    if (pieceBytes > maxLineBytes) break;
  }
  return { hasRest: pieceBytes > 0 };
}

/**
 * The text of a chunk, made at once and shared by its lines, where its bytes are its characters: to make a text of each
 * costs more than all else that is done with it.
 */
class ChunkText {
  private text: string | undefined;

  constructor(private readonly bytes: Buffer) {}

  textOf(start: number, end: number): SharedText {
    return () => {
      this.text ??= isAscii(this.bytes) ? this.bytes.toString('latin1') : '';
      return this.text === '' ? undefined : this.text.slice(start, end);
    };
  }
}

/** While one chunk is looked at, the next is read. Only the present one can be relied on. */
async function* chunksOf(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  const length = Math.min(chunkBytes, size);
  const buffers: [Buffer?, Buffer?] = [];
  const read = (at: number, turn: 0 | 1) => {
    buffers[turn] ??= Buffer.allocUnsafe(length); // one is enough for most files, unless a read is short
    return file.read(buffers[turn], 0, Math.min(length, size - at), at);
  };
  let at = 0;
  let reading = read(at, 0);
  for (let next: 0 | 1 = 1; at < size; next = next === 0 ? 1 : 0) {
    const { bytesRead, buffer } = await reading;
    if (bytesRead === 0) return; // shorter than it was a moment ago
    at += bytesRead;
    if (at < size) reading = read(at, next);
    reading.catch(() => {}); // told when its turn comes, and nothing to tell when nobody wants it any more
    yield buffer.subarray(0, bytesRead);
  }
}
