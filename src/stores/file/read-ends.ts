import { close, fstat, open, read } from 'node:fs';
import { promisify } from 'node:util';
import { asForeign, ForeignFile, readFlags } from './documents.js';

// A list opens thousands of files: callbacks cost half of what file handles do.
const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);

/** The first bytes of a file and its last ones; the whole file twice when it is not larger. Follows no link. */
export async function readEnds(
  path: string,
  bytes: number,
): Promise<{ head: Uint8Array; tail: Uint8Array; size: number }> {
  const file = await openFile(path, readFlags).catch(asForeign);
  try {
    const stats = await statFile(file);
    if (!stats.isFile()) throw new ForeignFile('it is not a regular file');
    const { size } = stats;
    const head = await readAt(file, 0, Math.min(size, bytes));
    const tail = size <= bytes ? head : await readAt(file, size - bytes, bytes);
    return { head, tail, size };
  } finally {
    await closeFile(file);
  }
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
