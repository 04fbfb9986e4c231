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

/** So many characters are written and summed in one breath. */
const charactersAtOnce = 256 * 1024;

function* summing(bytes: Uint8Array): Generator<void, string> {
  const sum = createHash('sha256');
  for (let at = 0; at < bytes.length; at += charactersAtOnce) {
    yield;
    sum.update(bytes.subarray(at, at + charactersAtOnce));
  }
  return sum.digest('hex');
}

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

  /** The same in steps, between which nothing else may be framed: a long line takes several. */
  *framing(texts: Iterable<string>, flushed: number): Generator<void, Buffer> {
    [this.bytes, this.others] = [this.others, this.bytes];
    let end = 0;
    for (const text of texts) {
      const at = end;
      this.makeRoom(at + mostBytesOf(text) + mostBytesAround);
      this.number++;
      const start = `${this.number} ${flushed} ${this.sum} `;
      // What the sum is over does not stand together in the line: the start takes the place of the sum until that is known.
      const from = at + sumBytes;
      if (text.length <= charactersAtOnce) {
        end = from + this.bytes.write(start + text, from);
        this.sum = hash('sha256', this.bytes.subarray(from, end), 'hex').slice(0, 32);
      } else {
        end = from + this.bytes.write(start, from, 'latin1');
        end += this.bytes.write(text, end);
        this.sum = (yield* summing(this.bytes.subarray(from, end))).slice(0, 32);
      }
      this.bytes.write(`${start}${this.sum} `, at, 'latin1');
      this.bytes[end++] = 0x0a;
    }
    const lines = this.bytes.subarray(0, end);
    if (this.bytes.length > mostKept) this.bytes = Buffer.allocUnsafe(firstBytes);
    return lines;
  }

  private makeRoom(length: number): void {
    if (length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.bytes.length));
    this.bytes.copy(larger);
    this.bytes = larger;
  }
}
