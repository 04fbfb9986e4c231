import { executionStateOf } from '../run/execution-state.js';
import type { RunRecord } from '../run/run-record.js';
import { applyRecord, type RunState } from '../run/run-state.js';
import type { Checkpoint } from './checkpoint.js';
import type { CheckpointIds } from './checkpoint-id.js';
import type { PersistenceManager, PlanLease } from './persistence-manager.js';
import { completionsOf, isCheckpointDue, type RunRecorder } from './run-recorder.js';

export interface RecorderOptions {
  readonly store: PersistenceManager;
  readonly ids: CheckpointIds;
  /** Looked at after each save, where the store has locks. */
  readonly lease?: PlanLease | undefined;
  /** A listed checkpoint after every so many completed nodes; unset: none on the way. */
  readonly checkpointInterval?: number;
  /** The id of the save between listed checkpoints, the same for the whole epoch. */
  readonly rollingId: string;
  /** Intact rolling saves that earlier epochs of this run left: removed when a listed checkpoint has the end. */
  readonly earlierRollingIds: readonly string[];
  /** Told after each save. */
  readonly onSaved: (checkpoint: Checkpoint, isListed: boolean) => void;
  /** Told when the rolling save could not be removed at the end: it is in nobody's way. */
  readonly onLeftover: (error: unknown) => void;
}

/** One thing to do with the store, when its turn comes. */
interface Job {
  readonly run: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Listed checkpoints whose snapshot is kept until its turn; with more waiting, the last one covers all that settled since. */
const maxWaiting = 8;

/**
 * The log of a run whose store has no journal: it saves snapshots. One save is in flight at a time.
 *
 * - A listed checkpoint at every `checkpointInterval` completed nodes and at the end. `append` waits for it.
 * - In between, whatever settled during one save is in the next, under the rolling id. `append` does not wait for it.
 *
 * A failed save fails every append from then on.
 */
export class Recorder implements RunRecorder {
  private readonly queue: Job[] = [];
  private isRollingDue = false;
  private isWorking = false;
  private listedUpTo: number;
  private lastListed: Promise<void> | undefined;
  /** The automatic checkpoint that waits at the end of the queue and has no snapshot yet. */
  private lateListed: Promise<void> | undefined;
  private hasRolling = false;
  private failure: { readonly error: unknown } | undefined;

  /** @param state as far as it is recorded; the recorder owns it and keeps it current. */
  constructor(
    private readonly state: RunState,
    private readonly options: RecorderOptions,
  ) {
    this.listedUpTo = completionsOf(state);
  }

  append(records: readonly RunRecord[]): void | Promise<void> {
    if (this.failure !== undefined) throw this.failure.error;
    for (const record of records) applyRecord(this.state, record);
    if (records.some(({ kind }) => kind === 'run_ended')) return this.end();
    if (isCheckpointDue(this.state, this.listedUpTo, this.options.checkpointInterval)) return this.listDue();
    if (records.some(({ kind }) => kind !== 'run_started')) this.rollSoon();
    return this.lastListed;
  }

  check(): void {
    if (this.failure !== undefined) throw this.failure.error;
  }

  async begin(): Promise<void> {
    await this.checkpoint();
  }

  async checkpoint(): Promise<string> {
    this.check();
    const checkpoint = this.listedCheckpoint();
    await this.enqueue(() => this.save(checkpoint, true));
    return checkpoint.checkpointId;
  }

  /** What is recorded so far is stored under the rolling id first, whatever listed checkpoints there are. */
  async deleteCheckpoint(checkpointId: string): Promise<boolean> {
    this.check();
    await this.enqueue(() => this.save(this.rollingCheckpoint(), false));
    return this.options.store.deleteCheckpoint(checkpointId);
  }

  async close(): Promise<void> {}

  private end(): Promise<void> {
    const checkpoint = this.listedCheckpoint();
    const ended = this.enqueue(() => this.save(checkpoint, true));
    const isTidy = this.enqueue(() => this.removeRolling());
    return this.waitFor(Promise.all([ended, isTidy]).then(() => {}));
  }

  private async removeRolling(): Promise<void> {
    const ids = this.hasRolling
      ? [...this.options.earlierRollingIds, this.options.rollingId]
      : this.options.earlierRollingIds;
    for (const id of ids) await this.options.store.deleteCheckpoint(id).catch(this.options.onLeftover);
  }

  /** A checkpoint of exactly this many nodes, unless the store is far behind. */
  private listDue(): Promise<void> {
    if (this.lateListed !== undefined) return this.lateListed;
    if (this.queue.length < maxWaiting) {
      const checkpoint = this.listedCheckpoint();
      return this.waitFor(this.enqueue(() => this.save(checkpoint, true)));
    }
    this.lateListed = this.enqueue(() => {
      this.lateListed = undefined;
      return this.save(this.listedCheckpoint(), true);
    });
    return this.waitFor(this.lateListed);
  }

  /** Later appends are answered after this. */
  private waitFor(saved: Promise<void>): Promise<void> {
    this.lastListed = saved;
    const forget = () => {
      if (this.lastListed === saved) this.lastListed = undefined;
    };
    saved.then(forget, forget);
    return saved;
  }

  private listedCheckpoint(): Checkpoint {
    this.listedUpTo = completionsOf(this.state);
    this.isRollingDue = false; // the listed one has it all
    return { ...this.options.ids.next(), ...executionStateOf(this.state) };
  }

  private rollingCheckpoint(): Checkpoint {
    this.isRollingDue = false;
    this.hasRolling = true;
    const { createdAt } = this.options.ids.next();
    return { checkpointId: this.options.rollingId, createdAt, ...executionStateOf(this.state) };
  }

  private enqueue(run: () => Promise<void>): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.queue.push({ run, resolve, reject }));
    void this.work();
    return done;
  }

  private rollSoon(): void {
    this.isRollingDue = true;
    void this.work();
  }

  /** Works until nothing is left to do. Never rejects: a failure goes to whoever waits, and to every later append. */
  private async work(): Promise<void> {
    if (this.isWorking) return;
    this.isWorking = true;
    await undefined; // what is appended in the same breath goes into the same save
    try {
      for (let job = this.queue.shift(); job !== undefined || this.isRollingDue; job = this.queue.shift()) {
        if (job === undefined) await this.save(this.rollingCheckpoint(), false);
        else await this.workOn(job);
      }
    } catch (error) {
      this.failure = { error };
      for (const job of this.queue.splice(0)) job.reject(error);
    }
    this.isWorking = false;
  }

  private async workOn({ run, resolve, reject }: Job): Promise<void> {
    try {
      await run();
    } catch (error) {
      reject(error);
      throw error;
    }
    resolve();
  }

  private async save(checkpoint: Checkpoint, isListed: boolean): Promise<void> {
    await this.options.store.saveCheckpoint(checkpoint);
    await this.options.lease?.check();
    this.options.onSaved(checkpoint, isListed);
  }
}
