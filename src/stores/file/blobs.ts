import { createHash } from 'node:crypto';
import { lstat, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobCapability, BlobContent, StoredBlob } from '../../checkpoint/persistence-manager.js';
import { BlobCorruptError, BlobMissingError } from '../../errors.js';
import {
  errorCode,
  ForeignFile,
  flushDirectory,
  ignoreMissing,
  newTemporary,
  openFile,
  whenMissing,
  writeAll,
} from './documents.js';
import { blobName, damagedName, sha256OfBlob } from './names.js';

/** Where the blobs of a plan lie: beside its checkpoints. */
export interface FileBlobOptions {
  /** The directory of a plan, made when it is not there. */
  readonly directoryOf: (planId: string) => Promise<string>;
  readonly findDirectory: (planId: string) => Promise<string | undefined>;
  readonly newToken: () => string;
}

const bytesAtOnce = 256 * 1024;

/** Content as files, `.blob-<sha256>`: written under another name, flushed, and renamed when its hash is known. */
export class FileBlobs implements BlobCapability {
  constructor(private readonly options: FileBlobOptions) {}

  async put(planId: string, content: AsyncIterable<Uint8Array>): Promise<StoredBlob> {
    const directory = await this.options.directoryOf(planId);
    const temporary = join(directory, newTemporary());
    try {
      const stored = await writeContent(temporary, content);
      await this.putInPlace(temporary, directory, blobName(stored.sha256));
      await flushDirectory(directory);
      return stored;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to report
      throw error;
    }
  }

  /** What lies there already is the same, or damaged. A directory in the place of a file has to go first. */
  private async putInPlace(temporary: string, directory: string, name: string): Promise<void> {
    const path = join(directory, name);
    try {
      await rename(temporary, path);
    } catch (error) {
      if (!ofDirectories.includes(errorCode(error) ?? '')) throw error;
      await rename(path, join(directory, damagedName(name, this.options.newToken())));
      await rename(temporary, path);
    }
  }

  async read(planId: string, sha256: string): Promise<BlobContent | undefined> {
    const directory = await this.options.findDirectory(planId);
    if (directory === undefined) return undefined;
    const path = join(directory, blobName(sha256));
    const open = () => openBlobFile(path, planId, sha256);
    try {
      const { file, size } = await open();
      await file.close();
      return { bytes: size, chunks: () => contentOf(open) };
    } catch (error) {
      if (error instanceof BlobMissingError) return undefined;
      throw error;
    }
  }

  async list(planId: string): Promise<StoredBlob[]> {
    const directory = await this.options.findDirectory(planId);
    if (directory === undefined) return [];
    const blobs: StoredBlob[] = [];
    for (const name of await readdir(directory).catch(whenMissing<string[]>([]))) {
      const sha256 = sha256OfBlob(name);
      if (sha256 === undefined) continue;
      const stats = await lstat(join(directory, name)).catch(whenMissing(undefined));
      if (stats !== undefined && !stats.isDirectory()) blobs.push({ sha256, bytes: stats.isFile() ? stats.size : 0 });
    }
    return blobs;
  }

  async remove(planId: string, sha256s: readonly string[]): Promise<void> {
    const directory = await this.options.findDirectory(planId);
    if (directory === undefined || sha256s.length === 0) return;
    for (const sha256 of sha256s) await unlink(join(directory, blobName(sha256))).catch(ignoreMissing);
    await flushDirectory(directory);
  }
}

const ofDirectories = ['EISDIR', 'ENOTEMPTY', 'EEXIST'];

/** One part is in memory at a time. */
async function writeContent(path: string, content: AsyncIterable<Uint8Array>): Promise<StoredBlob> {
  const file = await open(path, 'wx', 0o600);
  try {
    const sum = createHash('sha256');
    let bytes = 0;
    for await (const chunk of content) {
      sum.update(chunk);
      await writeAll(file, chunk);
      bytes += chunk.length;
    }
    await file.sync();
    return { sha256: sum.digest('hex'), bytes };
  } finally {
    await file.close();
  }
}

/** It may also be gone, or something else, when it was there a moment ago. */
async function openBlobFile(path: string, planId: string, sha256: string): ReturnType<typeof openFile> {
  try {
    return await openFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') throw new BlobMissingError(planId, sha256, { cause: error });
    if (error instanceof ForeignFile) throw new BlobCorruptError(planId, sha256, error.message, { cause: error });
    throw error;
  }
}

async function* contentOf(open: () => ReturnType<typeof openFile>): AsyncGenerator<Uint8Array> {
  const { file } = await open();
  try {
    for (;;) {
      const buffer = new Uint8Array(bytesAtOnce);
      const { bytesRead } = await file.read(buffer, 0, bytesAtOnce, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
