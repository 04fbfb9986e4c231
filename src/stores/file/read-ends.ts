import { close, closeSync, fstat, fstatSync, open, openSync, read, readSync, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { nextTurn } from '../../turns.js';
import { asForeign, ForeignFile, readFlags } from './documents.js';

/** The first bytes of a file and its last ones; the whole file twice when it is not larger. */
export interface Ends {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  readonly size: number;
}

/** The event loop gets its turn after so many milliseconds. */
const breathMs = 4;
/** A file that takes so many milliseconds does not come from memory. */
const slowMs = 1;
/** So many files after it go through threads, before another is tried without. */
const filesAfterSlow = 64;

/**
 * Reads the ends of thousands of files. What the system has in memory is read without threads, which would take
 * several times as long; a disk that keeps us waiting keeps nobody else.
 */
export class EndsReader {
  private breathedAt = performance.now();
  private slowLeft = 0;
  private readonly room: { readonly head: Buffer; readonly tail: Buffer };

  /** @param bytes how many of each end */
  constructor(private readonly bytes: number) {
    this.room = { head: Buffer.allocUnsafe(bytes), tail: Buffer.allocUnsafe(bytes) };
  }

  /** @param use makes something of the ends at once: the next file is read into the same memory */
  async read<T>(path: string, use: (ends: Ends) => T): Promise<T> {
    if (this.slowLeft > 0) {
      this.slowLeft--;
      return use(await readEnds(path, this.bytes));
    }
    if (performance.now() - this.breathedAt > breathMs) {
      await nextTurn();
      this.breathedAt = performance.now();
    }
    return use(this.readNow(path));
  }

  private readNow(path: string): Ends {
    const begin = performance.now();
    try {
      return this.endsNow(path);
    } finally {
      if (performance.now() - begin > slowMs) this.slowLeft = filesAfterSlow;
    }
  }

  /** Follows no link. */
  private endsNow(path: string): Ends {
    const { bytes, room } = this;
    const file = openNow(path);
    try {
      const size = sizeOf(fstatSync(file));
      const head = fillNow(room.head.subarray(0, size), file, 0);
      return { head, tail: size <= bytes ? head : fillNow(room.tail, file, size - bytes), size };
    } finally {
      closeSync(file);
    }
  }
}

function openNow(path: string): number {
  try {
    return openSync(path, readFlags);
  } catch (error) {
    return asForeign(error);
  }
}

function fillNow(bytes: Buffer, file: number, from: number): Uint8Array {
  for (let filled = 0; filled < bytes.length; ) {
    const count = readSync(file, bytes, filled, bytes.length - filled, from + filled);
    if (count === 0) return bytes.subarray(0, filled); // as in `readAt`
    filled += count;
  }
  return bytes;
}

// Callbacks cost half of what file handles do.
const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);

/** Follows no link. */
export async function readEnds(path: string, bytes: number): Promise<Ends> {
  const file = await openFile(path, readFlags).catch(asForeign);
  try {
    const size = sizeOf(await statFile(file));
    const head = await readAt(file, 0, Math.min(size, bytes));
    const tail = size <= bytes ? head : await readAt(file, size - bytes, bytes);
    return { head, tail, size };
  } finally {
    await closeFile(file);
  }
}

function sizeOf(stats: Stats): number {
  if (!stats.isFile()) throw new ForeignFile('it is not a regular file');
  return stats.size;
}

async function readAt(file: number, from: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  for (let filled = 0; filled < length; ) {
    const count = await readSome(file, bytes, filled, from + filled);
    if (count === 0) return bytes.subarray(0, filled); // shorter than it was a moment ago: the checksum will tell
    filled += count;
  }
  return bytes;
}

function readSome(file: number, bytes: Buffer, at: number, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, bytes, at, bytes.length - at, from, (error, count) => (error === null ? resolve(count) : reject(error)));
  });
}
