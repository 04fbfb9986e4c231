import { hash } from 'node:crypto';
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
    [this.bytes, this.others] = [this.others, this.bytes];
    let end = 0;
    for (const text of texts) end = this.add(text, flushed, end);
    const lines = this.bytes.subarray(0, end);
    if (this.bytes.length > mostKept) this.bytes = Buffer.allocUnsafe(firstBytes);
    return lines;
  }

  /** What the sum is over does not stand together in the line: the start takes the place of the sum until that is known. */
  private add(text: string, flushed: number, at: number): number {
    this.makeRoom(at + mostBytesOf(text) + mostBytesAround);
    const { bytes } = this;
    this.number++;
    const start = `${this.number} ${flushed} ${this.sum} `;
    const end = at + sumBytes + bytes.write(start + text, at + sumBytes);
    this.sum = hash('sha256', bytes.subarray(at + sumBytes, end), 'hex').slice(0, 32);
    bytes.write(`${start}${this.sum} `, at, 'latin1');
    bytes[end] = 0x0a;
    return end + 1;
  }

  private makeRoom(length: number): void {
    if (length <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.bytes.length));
    this.bytes.copy(larger);
    this.bytes = larger;
  }
}
