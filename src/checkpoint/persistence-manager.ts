import type { LockHolder } from '../errors.js';
import type { Host } from '../host.js';
import type { Checkpoint, CheckpointSummary } from './checkpoint.js';
import type { CheckpointQuery } from './checkpoint-query.js';
import type { RetentionPolicy } from './retention.js';

/**
 * Where checkpoints are kept. Four methods make a store; the planner filters and sorts again whatever a list returns.
 * `vibe-aigc/testing` has the suite that every store must pass.
 */
export interface PersistenceManager {
  /** Stores the checkpoint whole or not at all. Saving an id again replaces it. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** `undefined` when the id is unknown. @throws CheckpointCorruptError when it exists but cannot be read back. */
  loadCheckpoint(checkpointId: string): Promise<Checkpoint | undefined>;
  /** Newest first. A damaged checkpoint is listed as damaged, never left out in silence. */
  listCheckpoints(query?: CheckpointQuery): Promise<CheckpointSummary[]>;
  /** `true` when something was removed. Works on damaged checkpoints too. */
  deleteCheckpoint(checkpointId: string): Promise<boolean>;
  /**
   * Present when many checkpoints of one plan can be removed for less than one after the other. Those that are positions
   * in a journal stay. Resolves to the ids of what was removed, when that would survive a power cut.
   */
  deleteMany?(planId: string, checkpointIds: readonly string[]): Promise<readonly string[]>;
  /** Present, together with `locks`, when this store can append between checkpoints: then no settled node is lost. */
  readonly journal?: JournalCapability;
  /** Present when this store can keep a plan to one runner among processes. */
  readonly locks?: LockCapability;
  /** Present when this store can look behind a damage and put damaged files out of the way, for `repairCheckpoints`. */
  readonly repair?: RepairCapability;
  /** How long checkpoints are kept. Seen to at the end of each run; without it everything stays. */
  readonly retention?: RetentionPolicy | undefined;
  /** Present when this store can take messages for a plan from anybody, also while somebody else runs it. */
  readonly inbox?: InboxCapability;
  /** Present when this store can keep content of any size beside a plan, for `ctx.blob`. */
  readonly blobs?: BlobCapability;
  /** For whoever made the store: a planner leaves one that it was given open. */
  close?(): Promise<void>;
  /** The absolute directory, for a store that has one: shown in results, and two stores of one directory share their locks. */
  readonly checkpointDir?: string;
}

/**
 * How well a record is kept before anything reacts to it. `strict`: it survives a power cut. `relaxed`: it survives the
 * end of the process; what was written in the last 100 ms may not survive a power cut.
 */
export type Durability = 'strict' | 'relaxed';

/** Messages for a plan: opaque text under ids of letters, digits and `-`. Neither checkpoint nor journal, and never listed. */
export interface InboxCapability {
  /** Resolves when the message would survive the end of the process. Whole or not at all. */
  post(planId: string, message: InboxMessage): Promise<void>;
  /** All that are there, in any order. */
  read(planId: string): Promise<readonly InboxMessage[]>;
  /** Ids that are not there are passed over. */
  remove(planId: string, ids: readonly string[]): Promise<void>;
}

export interface InboxMessage {
  readonly id: string;
  readonly text: string;
}

/**
 * Content of a plan under the SHA-256 of its bytes: neither checkpoint nor journal, and never listed with them. Hashes
 * are 64 hex digits.
 */
export interface BlobCapability {
  /**
   * Stores what comes, as it comes: all of it or nothing, also when the content throws. The same content again is stored
   * once, and mends what may lie there. Resolves when it would survive a power cut.
   */
  put(planId: string, content: AsyncIterable<Uint8Array>): Promise<StoredBlob>;
  /**
   * `undefined` when there is none. What is read is checked by whoever reads it.
   * @throws BlobCorruptError for what lies in its place and is no content
   */
  read(planId: string, sha256: string): Promise<BlobContent | undefined>;
  /** All of a plan, in any order. */
  list(planId: string): Promise<readonly StoredBlob[]>;
  /** Those that are not there are passed over. Durable when it resolves. */
  remove(planId: string, sha256s: readonly string[]): Promise<void>;
}

export interface StoredBlob {
  readonly sha256: string;
  readonly bytes: number;
}

export interface BlobContent {
  readonly bytes: number;
  /** From the beginning, anew with each call. Fails with BlobMissingError when it was removed since. */
  chunks(): AsyncIterable<Uint8Array>;
}

/** One runner per plan, among everybody who uses the same place. */
export interface LockCapability {
  /**
   * Takes a plan. What its last owner left, dead or gone silent, is taken over.
   * @throws PlanLockedError naming the holder while somebody else has it
   */
  acquire(request: LockRequest): Promise<PlanLease>;
}

export interface LockRequest {
  readonly planId: string;
  /** Shown to others who want the plan. */
  readonly runId: string;
  /** ISO 8601, UTC. Shown to others who want the plan. */
  readonly since: string;
  /** The epoch of the lease is higher: what was stored while nobody counted. */
  readonly above?: number;
  /** Told once when the holder cannot be judged from here and is waited for. Without it, nobody is waited for. */
  readonly onWaiting?: (holder: LockHolder) => void;
  /** Ends the waiting; the rejection has its reason. */
  readonly signal?: AbortSignal;
  readonly log: Host['log'];
}

/** The right to run a plan, for as long as nobody has taken it over. */
export interface PlanLease {
  /** Higher than that of every lease of the plan before it. */
  readonly epoch: number;
  /** @throws PlanLockedError when somebody has taken the plan over. */
  check(): Promise<void>;
  /** The same at once, for a store to which that is a matter of microseconds. */
  readonly checkNow?: (() => void) | undefined;
  /** Gives the plan back. Twice is fine. */
  release(): Promise<void>;
}

/**
 * The records of a plan's runs, appended as they happen. A store sees lines of opaque text, without line feeds, and the
 * epoch of whoever wrote them.
 */
export interface JournalCapability {
  /** All journals of a plan, the highest epoch first. Changes nothing. */
  read(planId: string): Promise<readonly StoredJournal[]>;
  /**
   * Begins the journal of a lease. Its first lines are there as a whole or not at all, and durable when this resolves;
   * only then are the journals that it replaces removed.
   */
  begin(planId: string, lease: PlanLease, opening: JournalOpening): Promise<JournalWriter>;
  /** Removes all journals of a plan whose checkpoints are gone. Whatever interrupts it, the latest is the last to go. */
  remove(planId: string, lease: PlanLease): Promise<void>;
}

export interface StoredJournal {
  readonly epoch: number;
  /** Where it is, for messages. */
  readonly location: string;
  /** In order. Where a journal is damaged, those before the damage. */
  readonly lines: readonly string[];
  /** Something is missing that had been made durable. */
  readonly damage?: JournalDamage;
  /** The last append was cut off in the middle and is left out of `lines`. */
  readonly isTorn: boolean;
}

export interface JournalDamage {
  readonly reason: string;
  /** At most so many lines had been written; `Number.MAX_SAFE_INTEGER` where nobody can say. */
  readonly linesWritten: number;
  /** Lines behind the damage that are intact themselves. */
  readonly linesBehind: ReadonlyArray<{ readonly number: number; readonly text: string }>;
}

export interface JournalOpening {
  readonly lines: readonly string[];
  readonly durability: Durability;
  /** Epochs of journals that this one makes superfluous. */
  readonly replaces: readonly number[];
  /** Epochs of damaged journals, to be put where nothing reads them and somebody may still look at them. */
  readonly setsAside: readonly number[];
}

export interface JournalWriter {
  /**
   * Resolves when the lines are kept as the durability says and the lease is still good. Appends may overlap and are
   * answered in order. After a failure every append is refused.
   * @param others 0 when no other append is to be waited for, which might share a flush; left out: not known
   * @throws PlanLockedError when somebody has taken the plan over
   */
  append(lines: readonly string[], others?: number): Promise<void>;
  /**
   * The same at once, for a store that needs no disk to be as durable as was asked for. `false`: nothing was done, and
   * `append` is the way; after a failure, too.
   */
  appendNow?(lines: readonly string[]): boolean;
  /** Resolves when everything appended would survive a power cut. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** What only a store knows of what is damaged in it. Texts are opaque, as in a journal. */
export interface RepairCapability {
  /** All that is left of a plan, also of journals that were set aside before. Changes nothing. */
  inspect(planId: string): Promise<Remains>;
  /**
   * Puts damaged files where nothing reads them and somebody may still look at them; nothing is deleted. Durable when
   * it resolves, to where each is now; what is gone by then is left out.
   * @param locations as `inspect` told them
   */
  setAside(planId: string, lease: PlanLease | undefined, locations: readonly string[]): Promise<Map<string, string>>;
}

/** What is left of a plan. */
export interface Remains {
  readonly journals: readonly JournalRemains[];
  readonly documents: readonly DocumentRemains[];
}

export interface JournalRemains {
  readonly epoch: number;
  readonly location: string;
  /** Damaged, and put where nothing reads it. */
  readonly isSetAside: boolean;
  /** Lines that are as they were written and can have stood in one journal, in the order of their numbers. */
  readonly lines: ReadonlyArray<{ readonly number: number; readonly text: string }>;
  /** How other lines begin, as far as they can be read: nothing to trust, and a hint at what is lost. */
  readonly fragments: readonly string[];
}

/** A checkpoint that is stored as a whole. */
export interface DocumentRemains {
  readonly checkpointId: string;
  readonly location: string;
  readonly damage?: DocumentDamage;
}

export interface DocumentDamage {
  readonly reason: string;
  /** Ids of nodes that it still names as completed: nothing to trust, and a hint at what is lost. */
  readonly completedNodes: readonly string[];
}
