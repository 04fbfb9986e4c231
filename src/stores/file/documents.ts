import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { temporaryName } from './names.js';

/** Larger files are refused before they are read. */
const maxDocumentBytes = 500 * 1024 * 1024;

const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** A file that is there and is not one of ours: a directory, a link, a pipe, or too large. */
export class ForeignFile extends Error {
  override readonly name = 'ForeignFile';
}

export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * Writes a file whole or not at all: under a name that is nobody else's, read back, then renamed and the directory
 * flushed. write-file-atomic takes a short write for a whole one and does not flush the directory, hence the fence.
 */
export async function writeDocument(directory: string, name: string, text: string): Promise<void> {
  const temporary = join(directory, temporaryName(randomBytes(16).toString('hex')));
  try {
    await writeFileAtomic(temporary, text, { mode: 0o600 });
    if (sha256(await readDocument(temporary)) !== sha256(text)) throw new Error('the file read back differs');
    await rename(temporary, join(directory, name));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
    throw error;
  }
  await flushDirectory(directory);
}

/** Reads a whole file, following no link. */
export async function readDocument(path: string): Promise<Uint8Array> {
  return withFile(path, (file, size) => readBytes(file, 0, size));
}

/** The first bytes of a file and its last ones; the whole file twice when it is not larger. */
export async function readEnds(
  path: string,
  bytes: number,
): Promise<{ head: Uint8Array; tail: Uint8Array; size: number }> {
  return withFile(path, async (file, size) => {
    const head = await readBytes(file, 0, Math.min(size, bytes));
    const tail = size <= bytes ? head : await readBytes(file, size - bytes, bytes);
    return { head, tail, size };
  });
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

async function withFile<T>(path: string, use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  const file = await openRegular(path);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ForeignFile('it is not a regular file');
    if (stats.size > maxDocumentBytes) throw new ForeignFile(`it is larger than ${maxDocumentBytes} bytes`);
    return await use(file, stats.size);
  } finally {
    await file.close();
  }
}

async function openRegular(path: string): Promise<FileHandle> {
  try {
    return await open(path, readFlags);
  } catch (error) {
    if (errorCode(error) === 'ELOOP') throw new ForeignFile('it is a link', { cause: error });
    throw error;
  }
}

async function readBytes(file: FileHandle, from: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, from + filled);
    if (bytesRead === 0) return bytes.subarray(0, filled); // shorter than it was a moment ago: the checksum will tell
    filled += bytesRead;
  }
  return bytes;
}
