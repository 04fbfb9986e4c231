import { executionStateOf } from '../run/execution-state.js';
import type { RunLog } from '../run/run-log.js';
import type { RunRecord } from '../run/run-record.js';
import { applyRecord, type RunState } from '../run/run-state.js';
import type { Checkpoint } from './checkpoint.js';
import type { CheckpointIds } from './checkpoint-id.js';
import type { PersistenceManager } from './persistence-manager.js';

export interface RecorderOptions {
  readonly store: PersistenceManager;
  readonly ids: CheckpointIds;
  /** A listed checkpoint after every so many completed nodes; unset: none on the way. */
  readonly checkpointInterval?: number;
  /** The id of the save between listed checkpoints, the same for the whole run. */
  readonly rollingId: string;
  /** Told after each save. */
  readonly onSaved: (checkpoint: Checkpoint, isListed: boolean) => void;
  /** Told when the rolling save could not be removed at the end: it is in nobody's way. */
  readonly onLeftover: (error: unknown) => void;
}

interface Save {
  readonly checkpoint: Checkpoint;
  readonly isListed: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The log of a run whose store has no journal: it saves snapshots. One save is in flight at a time.
 *
 * - A listed checkpoint at every `checkpointInterval` completed nodes and at the end. `append` waits for it, so that no
 *   more than `checkpointInterval` completed nodes and those in flight are ever without one.
 * - In between, whatever settled during one save is in the next, under the rolling id. `append` does not wait for it.
 *
 * A failed save fails every append from then on.
 */
export class Recorder implements RunLog {
  private readonly queue: Save[] = [];
  private isRollingDue = false;
  private isWorking = false;
  private listedUpTo: number;
  private lastListed: Promise<void> | undefined;
  private hasRolling: boolean;
  private failure: { readonly error: unknown } | undefined;

  /** @param state as far as it is recorded; the recorder owns it and keeps it current. */
  constructor(
    private readonly state: RunState,
    private readonly options: RecorderOptions,
    isResumed: boolean,
  ) {
    this.listedUpTo = state.completed.length;
    this.hasRolling = isResumed;
  }

  append(records: readonly RunRecord[]): void | Promise<void> {
    if (this.failure !== undefined) throw this.failure.error;
    for (const record of records) applyRecord(this.state, record);
    if (records.some(({ kind }) => kind === 'run_ended')) return this.end();
    if (this.isListedDue()) return this.saveListed();
    if (records.some(({ kind }) => kind !== 'run_started')) this.rollSoon();
    return this.lastListed;
  }

  /** Saves what is recorded so far as a listed checkpoint and answers its id once it is stored. */
  async checkpoint(): Promise<string> {
    const { checkpointId, saved } = this.enqueueListed();
    await saved;
    return checkpointId;
  }

  /** Resolves when what is recorded so far is stored under the rolling id, whatever listed checkpoints there are. */
  async roll(): Promise<void> {
    if (this.failure !== undefined) throw this.failure.error;
    await this.enqueue(this.rollingCheckpoint(), false);
  }

  private async end(): Promise<void> {
    await this.saveListed();
    if (!this.hasRolling) return;
    await this.options.store.deleteCheckpoint(this.options.rollingId).catch(this.options.onLeftover);
  }

  private isListedDue(): boolean {
    const { checkpointInterval } = this.options;
    const { length } = this.state.completed;
    const isLast = length === this.state.graph.nodes.length; // the end follows at once, with a checkpoint of its own
    if (checkpointInterval === undefined || isLast) return false;
    return Math.floor(length / checkpointInterval) > Math.floor(this.listedUpTo / checkpointInterval);
  }

  private saveListed(): Promise<void> {
    const { saved } = this.enqueueListed();
    this.lastListed = saved;
    const forget = () => {
      if (this.lastListed === saved) this.lastListed = undefined;
    };
    saved.then(forget, forget);
    return saved;
  }

  private enqueueListed(): { checkpointId: string; saved: Promise<void> } {
    if (this.failure !== undefined) throw this.failure.error;
    const checkpoint = { ...this.options.ids.next(), ...executionStateOf(this.state) };
    this.listedUpTo = this.state.completed.length;
    this.isRollingDue = false; // the listed one has it all
    return { checkpointId: checkpoint.checkpointId, saved: this.enqueue(checkpoint, true) };
  }

  private enqueue(checkpoint: Checkpoint, isListed: boolean): Promise<void> {
    const saved = new Promise<void>((resolve, reject) => this.queue.push({ checkpoint, isListed, resolve, reject }));
    void this.work();
    return saved;
  }

  private rollSoon(): void {
    this.isRollingDue = true;
    void this.work();
  }

  /** Saves until nothing is left to save. Never rejects: a failure goes to whoever waits, and to every later append. */
  private async work(): Promise<void> {
    if (this.isWorking) return;
    this.isWorking = true;
    await undefined; // what is appended in the same breath goes into the same save
    try {
      for (let save = this.queue.shift(); save !== undefined || this.isRollingDue; save = this.queue.shift()) {
        if (save !== undefined) await this.save(save);
        else await this.store(this.rollingCheckpoint(), false);
      }
    } catch (error) {
      this.failure = { error };
      for (const save of this.queue.splice(0)) save.reject(error);
    }
    this.isWorking = false;
  }

  private async save({ checkpoint, isListed, resolve, reject }: Save): Promise<void> {
    try {
      await this.store(checkpoint, isListed);
    } catch (error) {
      reject(error);
      throw error;
    }
    resolve();
  }

  private async store(checkpoint: Checkpoint, isListed: boolean): Promise<void> {
    await this.options.store.saveCheckpoint(checkpoint);
    this.options.onSaved(checkpoint, isListed);
  }

  private rollingCheckpoint(): Checkpoint {
    this.isRollingDue = false;
    this.hasRolling = true;
    const { createdAt } = this.options.ids.next();
    return { checkpointId: this.options.rollingId, createdAt, ...executionStateOf(this.state) };
  }
}
