import type { Dirent } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Checkpoint, CheckpointSummary } from '../../checkpoint/checkpoint.js';
import { checkCheckpointId, planIdOfOlderId } from '../../checkpoint/checkpoint-id.js';
import type { CheckpointQuery } from '../../checkpoint/checkpoint-query.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../checkpoint/codec.js';
import type { PersistenceManager } from '../../checkpoint/persistence-manager.js';
import { guardStorage } from '../../checkpoint/storage-guard.js';
import { CheckpointCorruptError, CheckpointVersionError, type VibeError } from '../../errors.js';
import {
  errorCode,
  ForeignFile,
  flushDirectory,
  makeDirectory,
  readDocument,
  sha256,
  writeDocument,
} from './documents.js';
import { type Document, flat, listDocuments, mayLieIn, strangerOf } from './listing.js';
import {
  canBeStored,
  documentName,
  existingDirectory,
  isPlanDirectoryName,
  newDirectory,
  planDirectoryNames,
} from './names.js';

export interface WorkflowPersistenceManagerOptions {
  /** Where to keep checkpoints; made when first needed. Default `.vibe_checkpoints` in the working directory. */
  readonly checkpointDir?: string;
}

/**
 * Keeps checkpoints as files, one directory a plan, for the owner's eyes only (files 0600, directories 0700). A file
 * is written whole or not at all, and flushed together with its directory before `saveCheckpoint` resolves.
 *
 * Every method rejects with a PersistenceError when the file system fails.
 *
 * @example
 * const persistenceManager = new WorkflowPersistenceManager({ checkpointDir: '/path/to/checkpoints' });
 * const planner = new MetaPlanner({ persistenceManager });
 */
export class WorkflowPersistenceManager implements PersistenceManager {
  readonly checkpointDir: string;

  /** Touches no file. @throws TypeError for an option that is unknown or no path. */
  constructor(options: WorkflowPersistenceManagerOptions = {}) {
    const { checkpointDir = '.vibe_checkpoints', ...unknown } = options;
    if (typeof checkpointDir !== 'string' || checkpointDir === '' || checkpointDir.includes('\0')) {
      throw new TypeError(`checkpointDir must be a path, got ${JSON.stringify(checkpointDir)}.`);
    }
    const [stranger] = Object.keys(unknown);
    if (stranger !== undefined)
      throw new TypeError(`Unknown option "${stranger}". The only option is "checkpointDir".`);
    this.checkpointDir = resolve(checkpointDir);
  }

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    checkCheckpointId(checkpoint.checkpointId);
    const names = planDirectoryNames(checkpoint.planId);
    await guardStorage(checkpoint.planId, async () => {
      await makeDirectory(this.checkpointDir);
      const entries = await this.entries();
      const name = existingDirectory(names, new Set(entries.keys())) ?? newDirectory(names, new Set(entries.keys()));
      const entry = entries.get(name);
      if (entry !== undefined && !entry.isDirectory()) throw new Error(`${name} is not a directory`);
      const directory = join(this.checkpointDir, name);
      if (entry === undefined) await makeDirectory(directory);
      await writeDocument(directory, documentName(checkpoint.checkpointId), encodeCheckpoint(checkpoint, sha256));
    });
  }

  async loadCheckpoint(checkpointId: string): Promise<Checkpoint | undefined> {
    if (!canBeStored(checkpointId)) return undefined;
    return guardStorage(undefined, async () => {
      let problem: VibeError | undefined;
      for (const directory of [...(await this.planDirectories()), flat]) {
        const found = await this.loadFrom({ directory, checkpointId });
        if (found?.checkpoint !== undefined) return found.checkpoint;
        problem ??= found?.problem; // a copy that somebody made may lie beside the good one
      }
      if (problem !== undefined) throw problem;
      return undefined;
    });
  }

  async listCheckpoints(query: CheckpointQuery = {}): Promise<CheckpointSummary[]> {
    return guardStorage(query.planId, async () => {
      const directories = await this.planDirectories(query.planId);
      return listDocuments(this.checkpointDir, directories, query);
    });
  }

  async deleteCheckpoint(checkpointId: string): Promise<boolean> {
    if (!canBeStored(checkpointId)) return false;
    return guardStorage(undefined, async () => {
      const intact: string[] = [];
      const others: string[] = [];
      for (const directory of [...(await this.planDirectories()), flat]) {
        const found = await this.loadFrom({ directory, checkpointId }).catch(unreadable);
        if (found !== undefined) (found.checkpoint === undefined ? others : intact).push(directory);
      }
      let isDeleted = false;
      for (const directory of intact.length > 0 ? intact : others) {
        const path = join(this.checkpointDir, directory);
        const isGone = await unlink(join(path, documentName(checkpointId))).then(() => true, whenMissing(false));
        if (isGone) await flushDirectory(path);
        isDeleted ||= isGone;
      }
      return isDeleted;
    });
  }

  /** `undefined` when the directory has no such file. */
  private async loadFrom(
    document: Document,
  ): Promise<
    { checkpoint: Checkpoint; problem?: undefined } | { checkpoint?: undefined; problem: VibeError } | undefined
  > {
    const { directory, checkpointId } = document;
    if (!mayLieIn(directory, checkpointId)) return undefined;
    const location = join(this.checkpointDir, directory, documentName(checkpointId));
    const planId = directory === flat ? (planIdOfOlderId(checkpointId) ?? directory) : directory;
    const corrupt = (reason: string, cause?: unknown) => ({
      problem: new CheckpointCorruptError({ planId, reason, location, checkpointId }, { cause }),
    });
    let bytes: Uint8Array;
    try {
      bytes = await readDocument(location);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      if (error instanceof ForeignFile) return corrupt(error.message, error);
      throw error;
    }
    const decoded = decodeCheckpoint(bytes, sha256);
    if (!decoded.ok && decoded.kind === 'version') {
      return { problem: new CheckpointVersionError(planId, decoded.reason, checkpointId) };
    }
    if (!decoded.ok) return corrupt(decoded.reason);
    const stranger = strangerOf(decoded.value, document);
    return stranger === undefined ? { checkpoint: decoded.value } : corrupt(stranger);
  }

  /** Names of the plan directories, or of the one of a plan. */
  private async planDirectories(planId?: string): Promise<string[]> {
    const entries = await this.entries();
    const directories = new Set<string>();
    for (const [name, entry] of entries) if (entry.isDirectory() && isPlanDirectoryName(name)) directories.add(name);
    if (planId === undefined) return [...directories];
    const directory = existingDirectory(planDirectoryNames(planId), directories);
    return directory === undefined ? [] : [directory];
  }

  private async entries(): Promise<Map<string, Dirent>> {
    const entries = await readdir(this.checkpointDir, { withFileTypes: true }).catch(whenMissing<Dirent[]>([]));
    return new Map(entries.map((entry) => [entry.name, entry]));
  }
}

/** What cannot even be read can still be deleted, and tells then why not. */
function unreadable(): { checkpoint?: undefined } {
  return {};
}

function whenMissing<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (errorCode(error) === 'ENOENT') return value;
    throw error;
  };
}
