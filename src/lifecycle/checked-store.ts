import type { Checkpoint, CheckpointSummary } from '../checkpoint/checkpoint.js';
import { type CheckpointQuery, selectCheckpoints } from '../checkpoint/checkpoint-query.js';
import { checkpointSchema } from '../checkpoint/checkpoint-schema.js';
import type {
  BlobCapability,
  BlobContent,
  InboxCapability,
  JournalOpening,
  JournalWriter,
  LockRequest,
  PersistenceManager,
  PlanLease,
  Remains,
  StoredBlob,
  StoredJournal,
} from '../checkpoint/persistence-manager.js';
import { checkRetention, type RetentionPolicy } from '../checkpoint/retention.js';
import { guardStorage, storageError } from '../checkpoint/storage-guard.js';
import { CheckpointCorruptError } from '../errors.js';
import { isPlainObject } from '../plan/json-value.js';
import { isTooDeep } from '../plan/workflow-plan.js';
import { sha256Schema } from '../run/blob-ref.js';

/**
 * A store as the planner uses it: what somebody else's class returns is checked, filtered and sorted, and what it
 * throws becomes a PersistenceError.
 */
export class CheckedStore implements PersistenceManager {
  readonly checkpointDir: string | undefined;
  readonly retention: RetentionPolicy | undefined;

  /** What a store made itself, for the leases that are handed out. */
  private readonly leases = new WeakMap<PlanLease, PlanLease>();

  /** @throws TypeError when the store has a `retention` that makes no sense */
  constructor(private readonly store: PersistenceManager) {
    this.checkpointDir = store.checkpointDir;
    const { retention } = store;
    this.retention = retention === undefined ? undefined : checkRetention(retention, 'persistenceManager.retention');
  }

  /** Equal for stores that keep their checkpoints in the same place. */
  get place(): unknown {
    return this.checkpointDir ?? this.store;
  }

  /** Whether every record is kept, not only what is saved as a checkpoint. A journal needs the lock that guards it. */
  get isJournaled(): boolean {
    return this.store.journal !== undefined && this.store.locks !== undefined;
  }

  /** Takes a plan among processes; `undefined` when the store has no locks. @throws the reason of the request's signal */
  async acquire(request: LockRequest): Promise<PlanLease | undefined> {
    const { locks } = this.store;
    if (locks === undefined) return undefined;
    try {
      return this.guarded(await guardStorage(request.planId, () => locks.acquire(request)), request);
    } catch (error) {
      request.signal?.throwIfAborted();
      throw error;
    }
  }

  /** A lock that cannot be given back takes no result away: the store frees it when its owner is gone. */
  private guarded(lease: PlanLease, { planId, log }: LockRequest): PlanLease {
    const { epoch } = lease;
    const guarded: PlanLease = {
      epoch,
      check: () => guardStorage(planId, () => lease.check()),
      release: async () => {
        try {
          await lease.release();
        } catch (error) {
          log('warn', 'A lock could not be given back.', { planId, epoch, error });
        }
      },
    };
    this.leases.set(guarded, lease);
    return guarded;
  }

  /** `undefined` when the store takes no messages. */
  get inbox(): InboxCapability | undefined {
    const { inbox } = this.store;
    return (
      inbox && {
        post: (planId, message) => guardStorage(planId, () => inbox.post(planId, message)),
        read: (planId) => guardStorage(planId, () => inbox.read(planId)),
        remove: (planId, ids) => guardStorage(planId, () => inbox.remove(planId, ids)),
      }
    );
  }

  /** `undefined` when the store keeps no blobs. Errors of the content itself pass as they are. */
  get blobs(): BlobCapability | undefined {
    const { blobs } = this.store;
    return (
      blobs && {
        put: (planId, content) => putGuarded(planId, content, blobs),
        read: (planId, sha256) =>
          guardStorage(planId, async () => {
            const content = await blobs.read(planId, sha256);
            return content && { bytes: content.bytes, chunks: () => guardedChunks(planId, content) };
          }),
        list: (planId) => guardStorage(planId, async () => (await blobs.list(planId)).map(checkedBlob)),
        remove: (planId, sha256s) => guardStorage(planId, () => blobs.remove(planId, sha256s)),
      }
    );
  }

  /** All journals of a plan, the highest epoch first. */
  async readJournals(planId: string): Promise<readonly StoredJournal[]> {
    const { journal } = this.store;
    if (journal === undefined || !this.isJournaled) return [];
    return guardStorage(planId, () => journal.read(planId));
  }

  async beginJournal(planId: string, lease: PlanLease, opening: JournalOpening): Promise<JournalWriter> {
    const { journal } = this.store;
    if (journal === undefined) throw new Error('this store has no journal');
    const writer = await guardStorage(planId, () => journal.begin(planId, this.leases.get(lease) ?? lease, opening));
    const rethrow = (error: unknown) => {
      throw storageError(planId, error);
    };
    let last: { readonly appended: Promise<void>; readonly guarded: Promise<void> } | undefined;
    const guardedAppend = (lines: readonly string[], others?: number) => {
      const appended = writer.append(lines, others);
      if (last?.appended !== appended) last = { appended, guarded: appended.catch(rethrow) };
      return last.guarded; // appends that share a promise go on sharing one
    };
    const guardedAppendNow = (lines: readonly string[]) => {
      try {
        return writer.appendNow?.(lines) ?? false;
      } catch (error) {
        return rethrow(error);
      }
    };
    return {
      append: guardedAppend,
      appendNow: guardedAppendNow,
      flush: () => guardStorage(planId, () => writer.flush()),
      close: () => guardStorage(planId, () => writer.close()),
    };
  }

  /** What is left of a plan, behind damage too; `undefined` where the store cannot tell. */
  async inspect(planId: string): Promise<Remains | undefined> {
    return guardStorage(planId, async () => this.store.repair?.inspect(planId));
  }

  /** Whether it puts damaged files out of the way when it is told to. */
  get setsAside(): boolean {
    return this.store.repair !== undefined;
  }

  /** Puts damaged files of a plan out of the way; answers where each is now. */
  async setAside(planId: string, lease: PlanLease | undefined, locations: readonly string[]) {
    const { repair } = this.store;
    if (repair === undefined) return new Map<string, string>();
    const own = lease && (this.leases.get(lease) ?? lease);
    return guardStorage(planId, () => repair.setAside(planId, own, locations));
  }

  /** Removes what is left of a plan that has a lease and no checkpoint any more. */
  async removeJournals(planId: string, lease: PlanLease | undefined): Promise<void> {
    const { journal } = this.store;
    if (journal === undefined || lease === undefined) return;
    await guardStorage(planId, () => journal.remove(planId, this.leases.get(lease) ?? lease));
  }

  saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    return guardStorage(checkpoint.planId, () => this.store.saveCheckpoint(checkpoint));
  }

  async loadCheckpoint(checkpointId: string): Promise<Checkpoint | undefined> {
    return guardStorage(undefined, async () =>
      this.checked(await this.store.loadCheckpoint(checkpointId), checkpointId),
    );
  }

  /** What was loaded may be anything, and throw when it is looked at. */
  private checked(loaded: unknown, checkpointId: string): Checkpoint | undefined {
    if (loaded === undefined || loaded === null) return undefined;
    const plan = isPlainObject(loaded) ? loaded.workflowPlan : undefined;
    const isDeep = isPlainObject(plan) && isTooDeep(plan.rootNodes);
    const parsed = isDeep ? undefined : checkpointSchema.safeParse(loaded);
    if (parsed?.success && parsed.data.checkpointId === checkpointId) return parsed.data;
    const where = parsed?.error?.issues[0]?.path.slice(0, 3).map(String).join('.');
    const reason = parsed?.success ? 'it has another id' : `its ${where || 'plan'} is not what was saved`;
    const planId = isPlainObject(loaded) && typeof loaded.planId === 'string' ? loaded.planId : '';
    throw new CheckpointCorruptError({ planId, reason, location: this.location, checkpointId });
  }

  async listCheckpoints(query: Omit<CheckpointQuery, 'before'> = {}): Promise<CheckpointSummary[]> {
    const { limit, ...filters } = query;
    // A store of the host's own may cut before it filters or sorts: it is not told where.
    const asked = this.checkpointDir === undefined ? filters : query;
    return guardStorage(query.planId, async () => {
      const listed: unknown = await this.store.listCheckpoints(asked);
      if (!Array.isArray(listed) || !listed.every(isSummary)) throw new Error('it lists what is no checkpoint');
      return selectCheckpoints(listed, query);
    });
  }

  async deleteCheckpoint(checkpointId: string): Promise<boolean> {
    return (await guardStorage(undefined, () => this.store.deleteCheckpoint(checkpointId))) === true;
  }

  /**
   * Removes checkpoints of a plan that is held, in this order, and answers which of them are gone.
   * @param positionIds those that are positions in a journal and may have no document
   */
  async deleteMany(
    planId: string,
    checkpointIds: readonly string[],
    positionIds: ReadonlySet<string> = new Set(),
  ): Promise<string[]> {
    const { store } = this;
    if (checkpointIds.length === 0) return [];
    if (store.deleteMany === undefined) {
      const gone: string[] = [];
      for (const id of checkpointIds) if (!positionIds.has(id) && (await this.deleteCheckpoint(id))) gone.push(id);
      return gone;
    }
    const removed = new Set(await guardStorage(planId, async () => store.deleteMany?.(planId, checkpointIds)));
    return checkpointIds.filter((id) => removed.has(id));
  }

  /** For messages. */
  get location(): string {
    return this.checkpointDir ?? this.store.constructor.name;
  }
}

function isSummary(listed: unknown): listed is CheckpointSummary {
  if (typeof listed !== 'object' || listed === null) return false;
  const { checkpointId, planId, createdAt } = listed as { [field in keyof CheckpointSummary]: unknown };
  return [checkpointId, planId, createdAt].every((field) => typeof field === 'string');
}

/** What the content throws is the handler's, and no failure of the store. */
async function putGuarded(
  planId: string,
  content: AsyncIterable<Uint8Array>,
  blobs: BlobCapability,
): Promise<StoredBlob> {
  let failure: { readonly error: unknown } | undefined;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of content) yield chunk;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  try {
    return await guardStorage(planId, async () => checkedBlob(await blobs.put(planId, watched())));
  } catch (error) {
    throw failure === undefined ? error : failure.error;
  }
}

async function* guardedChunks(planId: string, content: BlobContent): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of content.chunks()) yield chunk;
  } catch (error) {
    throw storageError(planId, error);
  }
}

/** A hash becomes part of references and of records. */
function checkedBlob({ sha256, bytes }: StoredBlob): StoredBlob {
  if (sha256Schema.safeParse(sha256).success && Number.isSafeInteger(bytes) && bytes >= 0) return { sha256, bytes };
  throw new Error('it says of a blob what is no SHA-256 or no length');
}
