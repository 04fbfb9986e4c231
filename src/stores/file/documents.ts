import { createHash, hash, randomBytes } from 'node:crypto';
import { constants, type Stats, writeSync } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { RunningSha256 } from '../../checkpoint/sealed-document.js';
import { nextTurn } from '../../turns.js';
import { temporaryName } from './names.js';

/** Larger files are refused before they are read. */
const maxDocumentBytes = 500 * 1024 * 1024;

export const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A file that is there and is not one of ours: a directory, a link, a pipe, or too large. */
export class ForeignFile extends Error {
  override readonly name = 'ForeignFile';
}

export function sha256(data: Uint8Array | string): string {
  return hash('sha256', data, 'hex');
}

export function newSha256(): RunningSha256 {
  const sum = createHash('sha256');
  return { update: (bytes) => void sum.update(bytes), digest: () => sum.digest('hex') };
}

/** A path for a file that is not finished, which no other process picks. */
export function newTemporary(): string {
  return temporaryName(randomBytes(16).toString('hex'));
}

/**
 * Writes a file whole or not at all: under a name that is nobody else's, read back, then renamed and the directory
 * flushed. write-file-atomic takes a short write for a whole one and does not flush the directory, hence the fence.
 */
export async function writeDocument(directory: string, name: string, parts: Iterable<Uint8Array>): Promise<void> {
  const bytes = await joined(parts);
  for (let round = 1; ; round++) {
    const temporary = join(directory, newTemporary());
    try {
      await writeFileAtomic(temporary, bytes, { mode: 0o600 });
      if (!(await isInFile(temporary, bytes))) throw new Error(notWhole);
      await rename(temporary, join(directory, name));
      break;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
      // Whoever takes the plan up sweeps what it finds unfinished, also of a save that asked for no lock.
      if (errorCode(error) !== 'ENOENT' || round === maxRounds) throw error;
    }
  }
  await flushDirectory(directory);
}

const maxRounds = 3;
const notWhole = 'the file read back is not what was written; the disk may be full';

/** Bytes that are taken in between two breaths: a few milliseconds of work. */
const bytesAtOnce = 128 * 1024;

/** As `Buffer.concat` does, but what is large takes its time. */
async function joined(parts: Iterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (const chunk of parts) {
    chunks.push(chunk);
    length += chunk.length;
    await nextTurn();
  }
  const whole = Buffer.allocUnsafe(length);
  let end = 0;
  for (const chunk of chunks) {
    whole.set(chunk, end);
    end += chunk.length;
    if (end % (8 * bytesAtOnce) < chunk.length) await nextTurn();
  }
  return whole;
}

/** Whether a file holds exactly these bytes. */
async function isInFile(path: string, bytes: Buffer): Promise<boolean> {
  return withFile(path, async (file, size) => {
    if (size !== bytes.length) return false;
    const buffer = Buffer.allocUnsafe(Math.min(size, bytesAtOnce));
    for (let at = 0; at < size; at += bytesAtOnce) {
      const expected = bytes.subarray(at, at + bytesAtOnce);
      const found = await readInto(buffer.subarray(0, expected.length), file, at);
      if (!expected.equals(found)) return false;
    }
    return true;
  });
}

/**
 * Writes a new file for its owner alone, every byte of it, and flushes it. While one part is written the next is made:
 * a part has to stay as it is until the one after the next is asked for.
 */
export async function writeFlushed(
  path: string,
  parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  let writing = Promise.resolve();
  try {
    for await (const part of parts) {
      await writing;
      writing = writeAll(file, part);
      writing.catch(() => {}); // told where it is awaited
    }
    await writing;
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A write may be short: it goes on until every byte is written. */
export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, null);
    if (bytesWritten === 0) throw nothingWritten();
    written += bytesWritten;
  }
}

/** The same, before anything else happens. */
export function writeAllNow(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    const count = writeSync(fd, bytes, written, bytes.length - written, null);
    if (count === 0) throw nothingWritten();
    written += count;
  }
}

function nothingWritten(): Error {
  return Object.assign(new Error('EIO: nothing was written'), { code: 'EIO' });
}

/** Reads a whole file, following no link. */
export async function readDocument(path: string): Promise<Uint8Array> {
  return withFile(path, (file, size) => readInto(new Uint8Array(size), file, 0));
}

/** When a file was last written, ISO 8601. */
export async function modifiedAt(path: string): Promise<string> {
  return (await lstat(path)).mtime.toISOString();
}

/** Makes a directory for its owner alone; what was made is flushed. */
export async function makeDirectory(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = directory; ; made = dirname(made)) {
    await flushDirectory(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

export async function flushDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Windows cannot open a directory to flush it.
    if (process.platform !== 'win32' || !['EPERM', 'EISDIR', 'EINVAL'].includes(errorCode(error) ?? '')) throw error;
  }
}

/** The system's code of an error, such as `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

export function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}

/** Answers this where a file or a directory is not there. */
export function whenMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    ignoreMissing(error);
    return value;
  };
}

/** Opens a regular file for reading, following no link. */
export async function openFile(path: string): Promise<{ file: FileHandle; size: number; stats: Stats }> {
  const file = await open(path, readFlags).catch(asForeign);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ForeignFile('it is not a regular file');
    return { file, size: stats.size, stats };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Equal as long as nobody has written to a file or put another in its place. */
export function versionOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [ino, size, mtimeMs, ctimeMs].join(' ');
}

async function withFile<T>(path: string, use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  const { file, size } = await openFile(path);
  try {
    if (size > maxDocumentBytes) throw new ForeignFile(`it is larger than ${maxDocumentBytes} bytes`);
    return await use(file, size);
  } finally {
    await file.close();
  }
}

/** @throws a ForeignFile for a link, which is not followed, and for a socket; otherwise the error itself */
export function asForeign(error: unknown): never {
  if (errorCode(error) === 'ELOOP') throw new ForeignFile('it is a link', { cause: error });
  if (errorCode(error) === 'ENXIO') throw new ForeignFile('it is not a regular file', { cause: error });
  throw error;
}

/** Fills some bytes with those that stand in a file from a place on. */
async function readInto(bytes: Uint8Array, file: FileHandle, from: number): Promise<Uint8Array> {
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) return bytes.subarray(0, filled); // shorter than it was a moment ago: the checksum will tell
    filled += bytesRead;
  }
  return bytes;
}
