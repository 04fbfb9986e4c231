import { createHash, hash } from 'node:crypto';
import { atOnce } from '../../turns.js';
import { noLine } from './journal-lines.js';

/** Where a journal ends. */
export interface JournalEnd {
  /** The number of its last line. */
  readonly number: number;
  /** The sum of its last line. */
  readonly sum: string;
}

/** What stands before a text, and the line feed behind it. */
export const mostBytesAround = 15 + 15 + 32 + 32 + 4 + 1;
const firstBytes = 64 * 1024;
const mostKept = 8 * 1024 * 1024;
/** A sum and the space behind it. */
const sumBytes = 33;

/** So many characters are turned into a line, or into a part of one, in one breath. */
const charactersAtOnce = 256 * 1024;

/** To count is worth while where it saves memory. */
function mostBytesOf(text: string): number {
  return text.length > firstBytes ? Buffer.byteLength(text) : 3 * text.length;
}

/** Gives texts their place in a journal, one behind the other. */
export class LineFramer {
  private bytes = Buffer.allocUnsafe(firstBytes);
  private others = Buffer.allocUnsafe(firstBytes);
  /** Of the last line. */
  number: number;
  private sum: string;

  constructor({ number, sum }: JournalEnd = { number: 0, sum: noLine }) {
    this.number = number;
    this.sum = sum;
  }

  /** Where the journal ends with what was framed. */
  get end(): JournalEnd {
    return { number: this.number, sum: this.sum };
  }

  /**
   * The lines as they stand in the file, valid until the call after the next.
   * @param flushed the highest line known to be flushed
   */
  frame(texts: Iterable<string>, flushed: number): Buffer {
    return atOnce(this.framing(texts, flushed));
  }

  /** The same in steps, between which nothing else may be framed. */
  *framing(texts: Iterable<string>, flushed: number): Generator<void, Buffer> {
    [this.bytes, this.others] = [this.others, this.bytes];
    let end = 0;
    let inStep = 0;
    for (const text of texts) {
      inStep += text.length;
      if (inStep > charactersAtOnce) {
        yield;
        inStep = text.length;
      }
      end = text.length > charactersAtOnce ? yield* this.addingLong(text, flushed, end) : this.add(text, flushed, end);
    }
    const lines = this.bytes.subarray(0, end);
    if (this.bytes.length > mostKept) this.bytes = Buffer.allocUnsafe(firstBytes);
    return lines;
  }

  /** What the sum is over does not stand together in the line: the start takes the place of the sum until that is known. */
  private add(text: string, flushed: number, at: number): number {
    this.makeRoom(at + mostBytesOf(text) + mostBytesAround);
    const start = this.nextStart(flushed);
    const end = at + sumBytes + this.bytes.write(start + text, at + sumBytes);
    return this.finish(start, hash('sha256', this.bytes.subarray(at + sumBytes, end), 'hex'), at, end);
  }

  private *addingLong(text: string, flushed: number, at: number): Generator<void, number> {
    this.makeRoom(at + mostBytesOf(text) + mostBytesAround);
    const start = this.nextStart(flushed);
    const sum = createHash('sha256');
    let end = at + sumBytes;
    for (const part of partsOf(start, text)) {
      const from = end;
      end += this.bytes.write(part, from);
      sum.update(this.bytes.subarray(from, end));
      yield;
    }
    return this.finish(start, sum.digest('hex'), at, end);
  }

  private nextStart(flushed: number): string {
    this.number++;
    return `${this.number} ${flushed} ${this.sum} `;
  }

  private finish(start: string, sum: string, at: number, end: number): number {
    this.sum = sum.slice(0, 32);
    this.bytes.write(`${start}${this.sum} `, at, 'latin1');
    this.bytes[end] = 0x0a;
    return end + 1;
  }

  private makeRoom(length: number): void {
    if (length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.bytes.length));
    this.bytes.copy(larger);
    this.bytes = larger;
  }
}

/** No part ends between the two halves of a character. */
function* partsOf(start: string, text: string): Generator<string> {
  yield start;
  for (let from = 0, to = 0; from < text.length; from = to) {
    to = from + charactersAtOnce;
    while (/[\uD800-\uDBFF]/.test(text.charAt(to - 1))) to++;
    yield text.slice(from, to);
  }
}
