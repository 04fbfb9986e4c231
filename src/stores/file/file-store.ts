import { randomBytes } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint, CheckpointSummary } from '../../checkpoint/checkpoint.js';
import { checkCheckpointId, planIdOfOlderId } from '../../checkpoint/checkpoint-id.js';
import type { CheckpointQuery } from '../../checkpoint/checkpoint-query.js';
import { checkpointParts, decodeCheckpoint } from '../../checkpoint/codec.js';
import { openingWithout } from '../../checkpoint/journal-deletion.js';
import { surveyJournal } from '../../checkpoint/journal-survey.js';
import type {
  BlobCapability,
  InboxCapability,
  LockCapability,
  PersistenceManager,
  RepairCapability,
} from '../../checkpoint/persistence-manager.js';
import { guardStorage } from '../../checkpoint/storage-guard.js';
import { CheckpointCorruptError, CheckpointVersionError, type VibeError } from '../../errors.js';
import { FileBlobs } from './blobs.js';
import { deleteDocuments } from './delete-many.js';
import {
  errorCode,
  ForeignFile,
  flushDirectory,
  ignoreMissing,
  makeDirectory,
  newSha256,
  readDocument,
  sha256,
  whenMissing,
  writeDocument,
} from './documents.js';
import { fileInbox } from './inbox.js';
import { FileJournal } from './journal.js';
import { type Document, flat, listDocuments, mayLieIn, strangerOf } from './listing.js';
import { FileLocks } from './lock.js';
import {
  canBeStored,
  documentName,
  existingDirectory,
  isPlanDirectoryName,
  newDirectory,
  planDirectoryNames,
} from './names.js';
import { endIdOf, type FoundPosition, findPosition, listPositions, loadFound } from './positions.js';
import { FileRepair } from './repair.js';

/** Checkpoints as files, one directory a plan: what `WorkflowPersistenceManager` loads. */
export class FileStore implements PersistenceManager {
  readonly journal: FileJournal;
  readonly locks: LockCapability;
  readonly inbox: InboxCapability;
  readonly blobs: BlobCapability;
  readonly repair: RepairCapability;

  /** Touches no file. @param checkpointDir absolute */
  constructor(
    readonly checkpointDir: string,
    takeoverMs: number | false,
  ) {
    const newToken = () => randomBytes(16).toString('hex');
    const directoryOf = (planId: string) => this.directoryOf(planId);
    const findDirectory = (planId: string) => this.findDirectory(planId);
    this.locks = new FileLocks({ directoryOf, takeoverMs, newToken });
    this.inbox = fileInbox({ directoryOf, findDirectory });
    this.blobs = new FileBlobs({ directoryOf, findDirectory, newToken });
    this.journal = new FileJournal({ directoryOf, findDirectory, newToken });
    const load = (document: Document) => this.loadFrom(document);
    this.repair = new FileRepair({ checkpointDir, findDirectory, load, newToken });
  }

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    checkCheckpointId(checkpoint.checkpointId);
    await guardStorage(checkpoint.planId, async () => {
      const { checkpointId, planId } = checkpoint;
      const save = async () =>
        writeDocument(
          await this.directoryOf(planId),
          documentName(checkpointId),
          checkpointParts(checkpoint, newSha256),
        );
      await save().catch((error) => {
        ignoreMissing(error); // the directory went with what was the last of its plan: it is made anew
        return save();
      });
    });
  }

  async loadCheckpoint(checkpointId: string): Promise<Checkpoint | undefined> {
    if (!canBeStored(checkpointId)) return undefined;
    return guardStorage(undefined, async () => {
      let problem: VibeError | undefined;
      const directories = await this.planDirectories();
      for (const directory of [...directories, flat]) {
        const found = await this.loadFrom({ directory, checkpointId });
        if (found?.checkpoint !== undefined) return found.checkpoint;
        problem ??= found?.problem; // a copy that somebody made may lie beside the good one
      }
      if (problem !== undefined) throw problem;
      const found = await findPosition(this.checkpointDir, directories, checkpointId);
      return found && loadFound(found, checkpointId);
    });
  }

  async listCheckpoints(query: CheckpointQuery = {}): Promise<CheckpointSummary[]> {
    return guardStorage(query.planId, async () => {
      const directories = await this.planDirectories(query.planId);
      const recall = (location: string, version: string) => this.journal.recall(location, version);
      const positions = await listPositions(this.checkpointDir, directories, query, recall);
      return listDocuments(this.checkpointDir, directories, query, positions);
    });
  }

  async deleteCheckpoint(checkpointId: string): Promise<boolean> {
    if (!canBeStored(checkpointId)) return false;
    return guardStorage(undefined, async () => {
      const directories = await this.planDirectories();
      const isFileGone = await this.deleteFiles([...directories, flat], checkpointId);
      const found = await findPosition(this.checkpointDir, directories, checkpointId);
      return (found !== undefined && (await this.deletePosition(found, checkpointId))) || isFileGone;
    });
  }

  async deleteMany(planId: string, checkpointIds: readonly string[]): Promise<string[]> {
    return guardStorage(planId, async () => {
      const isOfPlan = async (checkpointId: string) => {
        const found = await this.loadFrom({ directory: flat, checkpointId });
        return found?.checkpoint?.planId === planId;
      };
      const directories = [...(await this.planDirectories(planId)), flat];
      return deleteDocuments(this.checkpointDir, directories, checkpointIds, isOfPlan);
    });
  }

  private async deleteFiles(directories: readonly string[], checkpointId: string): Promise<boolean> {
    const intact: string[] = [];
    const others: string[] = [];
    for (const directory of directories) {
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
  }

  /** A position goes by beginning a new epoch without it. */
  private async deletePosition({ planId }: FoundPosition, checkpointId: string): Promise<boolean> {
    const since = new Date().toISOString();
    const lease = await this.locks.acquire({ planId, runId: `deletes ${checkpointId}`, since, log() {} });
    try {
      const journals = (await this.journal.read(planId)).map((journal) => surveyJournal(journal, planId));
      const [latest] = journals;
      if (latest === undefined) return false;
      const { epoch } = lease;
      const opening = await openingWithout({ checkpointId, endId: endIdOf(latest), planId, epoch }, journals, sha256);
      if (opening === 'set aside') await this.journal.setAside(planId, latest.journal.epoch);
      else if (opening !== undefined) await (await this.journal.begin(planId, lease, opening)).close();
      return opening !== undefined;
    } finally {
      await lease.release();
    }
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

  /** The directory of a plan, made when it is not there. */
  private async directoryOf(planId: string): Promise<string> {
    const names = planDirectoryNames(planId);
    await makeDirectory(this.checkpointDir);
    const entries = await this.entries();
    const taken = new Set(entries.keys());
    const name = existingDirectory(names, taken) ?? newDirectory(names, taken);
    const entry = entries.get(name);
    if (entry !== undefined && !entry.isDirectory()) throw new Error(`${name} is not a directory`);
    const directory = join(this.checkpointDir, name);
    if (entry === undefined) await makeDirectory(directory);
    return directory;
  }

  private async findDirectory(planId: string): Promise<string | undefined> {
    const [name] = await this.planDirectories(planId);
    return name === undefined ? undefined : join(this.checkpointDir, name);
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
