import { resolve } from 'node:path';
import type { Checkpoint, CheckpointSummary } from '../../checkpoint/checkpoint.js';
import type { CheckpointQuery } from '../../checkpoint/checkpoint-query.js';
import type {
  BlobCapability,
  InboxCapability,
  JournalCapability,
  LockCapability,
  PersistenceManager,
  RepairCapability,
} from '../../checkpoint/persistence-manager.js';
import { checkRetention, type RetentionPolicy } from '../../checkpoint/retention.js';
import { Lazy } from '../../lazy.js';
import { unknownOption } from '../../unknown-option.js';
import type { FileStore } from './file-store.js';

export interface WorkflowPersistenceManagerOptions {
  /** Where to keep checkpoints; made when first needed. Default `.vibe_checkpoints` in the working directory. */
  readonly checkpointDir?: string;
  /**
   * A plan whose owner cannot be judged from here, in another container or on another machine, is taken over when its
   * heartbeat has stood still for so many milliseconds. Default 30,000. `false`: never, PlanLockedError instead.
   */
  readonly lockTakeoverMs?: number | false;
  /**
   * How long checkpoints are kept: `{ keepLast?, maxAgeMs?, deleteOnSuccess? }`. Seen to at the end of each run, for its
   * plan, and by `pruneCheckpoints` for all. Default: everything stays.
   */
  readonly retention?: RetentionPolicy;
}

/** What reads and writes the files: loaded by the first call, not by making a store. */
export const fileStorePart = new Lazy(() => import('./file-store.js'));

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
  readonly retention: RetentionPolicy | undefined;
  readonly journal: JournalCapability;
  readonly locks: LockCapability;
  readonly inbox: InboxCapability;
  readonly blobs: BlobCapability;
  readonly repair: RepairCapability;

  private readonly lockTakeoverMs: number | false;
  private opened: FileStore | undefined;

  /** Touches no file. @throws TypeError for an option that is unknown or makes no sense. */
  constructor(options: WorkflowPersistenceManagerOptions = {}) {
    const { checkpointDir = '.vibe_checkpoints', lockTakeoverMs = 30_000, retention, ...unknown } = options;
    if (typeof checkpointDir !== 'string' || checkpointDir === '' || checkpointDir.includes('\0')) {
      throw new TypeError(`checkpointDir must be a path, got ${JSON.stringify(checkpointDir)}.`);
    }
    if (lockTakeoverMs !== false && !(Number.isSafeInteger(lockTakeoverMs) && lockTakeoverMs >= 1)) {
      throw new TypeError(
        `lockTakeoverMs must be a whole number of at least 1, or false, got ${String(lockTakeoverMs)}.`,
      );
    }
    const [stranger] = Object.keys(unknown);
    if (stranger !== undefined) {
      const known = ['checkpointDir', 'lockTakeoverMs', 'retention'];
      throw unknownOption('WorkflowPersistenceManager', stranger, known);
    }
    this.retention = retention === undefined ? undefined : checkRetention(retention, 'retention');
    this.checkpointDir = resolve(checkpointDir);
    this.lockTakeoverMs = lockTakeoverMs;
    const files = () => this.opened ?? this.open();
    this.journal = {
      read: async (planId) => (await files()).journal.read(planId),
      begin: async (planId, lease, opening) => (await files()).journal.begin(planId, lease, opening),
      remove: async (planId, lease) => (await files()).journal.remove(planId, lease),
    };
    this.locks = { acquire: async (request) => (await files()).locks.acquire(request) };
    this.inbox = {
      post: async (planId, message) => (await files()).inbox.post(planId, message),
      read: async (planId) => (await files()).inbox.read(planId),
      remove: async (planId, ids) => (await files()).inbox.remove(planId, ids),
    };
    this.blobs = {
      put: async (planId, content) => (await files()).blobs.put(planId, content),
      read: async (planId, sha256) => (await files()).blobs.read(planId, sha256),
      list: async (planId) => (await files()).blobs.list(planId),
      remove: async (planId, sha256s) => (await files()).blobs.remove(planId, sha256s),
    };
    this.repair = {
      inspect: async (planId) => (await files()).repair.inspect(planId),
      setAside: async (planId, lease, locations) => (await files()).repair.setAside(planId, lease, locations),
    };
  }

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    return (this.opened ?? (await this.open())).saveCheckpoint(checkpoint);
  }

  async loadCheckpoint(checkpointId: string): Promise<Checkpoint | undefined> {
    return (this.opened ?? (await this.open())).loadCheckpoint(checkpointId);
  }

  async listCheckpoints(query?: CheckpointQuery): Promise<CheckpointSummary[]> {
    return (this.opened ?? (await this.open())).listCheckpoints(query);
  }

  async deleteCheckpoint(checkpointId: string): Promise<boolean> {
    return (this.opened ?? (await this.open())).deleteCheckpoint(checkpointId);
  }

  async deleteMany(planId: string, checkpointIds: readonly string[]): Promise<string[]> {
    return (this.opened ?? (await this.open())).deleteMany(planId, checkpointIds);
  }

  private async open(): Promise<FileStore> {
    const { FileStore } = fileStorePart.loaded ?? (await fileStorePart.load());
    this.opened ??= new FileStore(this.checkpointDir, this.lockTakeoverMs);
    return this.opened;
  }
}
