import { type TakenState, takingExecutionState } from '../run/execution-state.js';
import type { RunRecord } from '../run/run-record.js';
import { applyRecord, type RunState } from '../run/run-state.js';
import { inTurns } from '../turns.js';
import type { CheckpointIds } from './checkpoint-id.js';
import { encodeDeleted, encodePosition, encodeRecord, type Position } from './journal-codec.js';
import type { JournalWriter, PersistenceManager, PlanLease } from './persistence-manager.js';
import { completionsOf, isCheckpointDue, type RunRecorder } from './run-recorder.js';

export interface JournalRecorderOptions {
  readonly writer: JournalWriter;
  readonly lease: PlanLease;
  readonly store: PersistenceManager;
  readonly ids: CheckpointIds;
  /** A listed checkpoint after every so many completed nodes; unset: none on the way. */
  readonly checkpointInterval?: number;
  /** How long the journal's header is: about what a snapshot costs before anything has happened. */
  readonly headerCharacters: number;
  /** How long the records are that the journal began with. */
  readonly recordCharacters: number;
  /** Ids of all checkpoints of the plan that are positions in a journal. */
  readonly positionIds: Iterable<string>;
  /** Told when a checkpoint is listed, and what it holds durable. */
  readonly onSaved: (saved: Pick<Position, 'checkpointId' | 'completed'>) => void;
  /** Told of a file that failed when nobody waits for it any more. */
  readonly onLateFailure: (error: unknown) => void;
}

/** A checkpoint that is being saved: its line for the journal, and its file unless the position is enough. */
interface Save {
  readonly position: Position;
  /** What the file holds, as it was when the position was taken. */
  readonly taking: Generator<void, TakenState> | undefined;
}

/** When a checkpoint is written out as a file: otherwise it is a position. */
type WrittenOut = 'always' | 'while cheap' | 'when small';

/** Up to here nobody minds to have a plan twice. */
const smallCharacters = 64 * 1024;
/** Snapshots may cost so much in all, beside twice what the journal holds. */
const freeCharacters = 1024 * 1024;
/** A snapshot is indented: so many times as long as the same in the journal. */
const snapshotFactor = 1.4;
/** Beyond this not even the end is written out: no store can be asked to read such a file. */
const maxSnapshotCharacters = 300 * 1024 * 1024;

/**
 * The log of a run whose store has a journal. A record is appended and thereby safe; a checkpoint is a position among
 * the records. Until snapshots have got dear, and at the end, the checkpoint is written out as a file too.
 */
export class JournalRecorder implements RunRecorder {
  private listedUpTo: number;
  private recordCharacters: number;
  private snapshotCharacters = 0;
  /** Once files have got dear, no checkpoint on the way is one for the rest of the call. */
  private isDear = false;
  private readonly positionIds: Set<string>;
  private failure: { readonly error: unknown } | undefined;
  private saving: Promise<void> = Promise.resolve();
  private closing: Promise<void> | undefined;

  /** @param state as far as it is appended; the recorder owns it and keeps it current. */
  constructor(
    private readonly state: RunState,
    private readonly options: JournalRecorderOptions,
  ) {
    this.listedUpTo = completionsOf(state);
    this.recordCharacters = options.recordCharacters;
    this.positionIds = new Set(options.positionIds);
  }

  append(records: readonly RunRecord[], others: number): void | Promise<void> {
    this.check();
    const lines: string[] = [];
    for (const record of records) {
      applyRecord(this.state, record);
      const line = encodeRecord(record);
      this.recordCharacters += line.length;
      lines.push(line);
    }
    if (records.some(({ kind }) => kind === 'run_ended')) return this.end(lines);
    if (!isCheckpointDue(this.state, this.listedUpTo, this.options.checkpointInterval))
      return this.write(lines, others);
    const save = this.newSave('while cheap');
    lines.push(encodePosition(save.position));
    const written = this.write(lines, others);
    void this.saved(save, written).catch(() => {}); // kept as the failure that the next append meets
    return written;
  }

  check(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  /** A file, unless the plan is large: it says no more than the header of the journal does. */
  async begin(): Promise<void> {
    await this.save(this.newSave('when small'));
  }

  async checkpoint(): Promise<string> {
    this.check();
    const save = this.newSave('always');
    await this.save(save);
    return save.position.checkpointId;
  }

  async deleteCheckpoint(checkpointId: string): Promise<boolean> {
    if (!this.positionIds.has(checkpointId)) return this.options.store.deleteCheckpoint(checkpointId);
    await this.options.writer.append([encodeDeleted(checkpointId)]);
    await this.options.writer.flush();
    return this.positionIds.delete(checkpointId);
  }

  close(): Promise<void> {
    this.closing ??= this.saving.then(() => this.options.writer.close());
    return this.closing;
  }

  private write(lines: readonly string[], others: number): void | Promise<void> {
    const { writer } = this.options;
    return others === 0 && writer.appendNow?.(lines) ? undefined : writer.append(lines, others);
  }

  private async end(lines: readonly string[]): Promise<void> {
    const save = this.newSave('always');
    const { writer } = this.options;
    const written = writer.append([...lines, encodePosition(save.position)]);
    await written;
    await Promise.all([this.saved(save, written), writer.flush()]);
    this.check();
  }

  private save(save: Save): Promise<void> {
    return this.saved(save, this.options.writer.append([encodePosition(save.position)]));
  }

  private newSave(file: WrittenOut): Save {
    const position = this.newPosition(file);
    return { position, taking: position.hasFile ? takingExecutionState(this.state) : undefined };
  }

  private newPosition(file: WrittenOut): Position {
    const { state } = this;
    const size = snapshotFactor * (this.options.headerCharacters + this.recordCharacters);
    const hasFile = size <= maxSnapshotCharacters && this.isWorth(file, size);
    if (hasFile) this.snapshotCharacters += size;
    this.listedUpTo = completionsOf(state);
    const { checkpointId, createdAt } = this.options.ids.next();
    return {
      checkpointId,
      createdAt,
      state: state.status,
      seq: state.seq,
      completed: state.completed.length,
      total: state.spawned.length === 0 ? undefined : state.isComplete.length,
      hasFile,
    };
  }

  private isWorth(file: WrittenOut, size: number): boolean {
    if (file === 'always') return true;
    if (file === 'when small') return size <= smallCharacters;
    this.isDear ||= this.snapshotCharacters + size > 2 * this.recordCharacters + freeCharacters;
    return !this.isDear;
  }

  /** Resolves when a checkpoint whose line is being appended is listed. Files are written one after the other. */
  private async saved({ position, taking }: Save, appended: void | Promise<void>): Promise<void> {
    await appended;
    if (taking === undefined) {
      this.positionIds.add(position.checkpointId);
      await undefined; // whoever waits for the records hears of them first
    } else {
      const written = this.saving.then(() => this.writeFile(position, taking));
      this.saving = written.catch((error) => this.fail(error));
      await written;
    }
    this.options.onSaved(position);
  }

  private async writeFile({ checkpointId, createdAt }: Position, taking: Generator<void, TakenState>): Promise<void> {
    this.check();
    try {
      await this.options.store.saveCheckpoint({ checkpointId, createdAt, ...(await inTurns(taking)) });
    } finally {
      await this.options.lease.check(); // also the reason when somebody has taken over and tidied up
    }
  }

  private fail(error: unknown): void {
    if (this.closing !== undefined && this.failure === undefined) this.options.onLateFailure(error);
    this.failure ??= { error };
  }
}
