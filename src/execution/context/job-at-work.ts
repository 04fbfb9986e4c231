import { OutputNotSerializableError } from '../../errors.js';
import { isoTime } from '../../host.js';
import { copyJson } from '../../plan/json-value.js';
import { givenUpOf, type JobProgress } from '../../run/node-progress.js';
import type { NodeRecord } from '../../run/node-record.js';
import type { AttemptControl } from '../attempt-control.js';
import type { Job, JobStatus } from './job.js';
import { isRefusal } from './job-refusal.js';

/** `setTimeout` fires at once for anything longer. */
const longestWaitMs = 2 ** 31 - 1;

/** A job in one attempt: goes on from what is recorded of it, whoever recorded that. */
export class JobAtWork<Handle, Result> {
  private readonly nodeId: string;
  private readonly quotedName: string;

  constructor(
    private readonly job: Job<Handle, Result>,
    private readonly control: AttemptControl,
    private readonly signal: AbortSignal,
    private readonly keyOf: (name: string) => string,
  ) {
    this.nodeId = control.placed.node.id;
    this.quotedName = JSON.stringify(job.name);
  }

  async result(): Promise<Result> {
    const handle = await this.submitted();
    try {
      await this.untilDone(handle);
    } catch (error) {
      if (this.control.isCancelled) await this.cancel(handle);
      throw error;
    }
    return this.collect(handle);
  }

  private get known(): JobProgress | undefined {
    return this.control.state.progress.get(this.nodeId)?.jobs.get(this.job.name);
  }

  private async submitted(): Promise<Handle> {
    const { known } = this;
    if (known === undefined || known.isWithdrawn) return this.submit(await this.intend(known));
    if (known.handle !== undefined) return known.handle.value as Handle;
    if (this.job.find === undefined) return this.waitForDecision(known.idempotencyKey);
    const found = await this.find(known.idempotencyKey);
    return found === undefined ? this.submit(known.idempotencyKey) : this.keep(found);
  }

  private async intend(known: JobProgress | undefined): Promise<string> {
    this.signal.throwIfAborted();
    const idempotencyKey = this.nextKey(known);
    await this.record({ kind: 'job_intended', ...this.stamp(), idempotencyKey });
    return idempotencyKey;
  }

  /** A provider that took a key answers it with the job that it has: a job that was given up needs another one. */
  private nextKey(known: JobProgress | undefined): string {
    if (known !== undefined && known.handle === undefined) return known.idempotencyKey;
    const key = this.keyOf(this.job.name);
    const givenUp = givenUpOf(known);
    return givenUp === 0 ? key : `${key}:${givenUp + 1}`;
  }

  private async submit(idempotencyKey: string): Promise<Handle> {
    const started = await this.control.whileBusy(() => this.start(idempotencyKey));
    if (!('error' in started)) return started.handle;
    const { error } = started;
    if (this.signal.aborted) throw error;
    if (this.job.find === undefined) return this.waitForDecision(idempotencyKey, started);
    const found = await this.find(idempotencyKey).catch(() => undefined);
    if (found === undefined) throw error; // it may still be on its way: the next attempt asks again
    return this.keep(found);
  }

  /** @returns the error of a submission of which nobody knows whether it arrived */
  private async start(idempotencyKey: string): Promise<{ handle: Handle } | { error: unknown }> {
    let handle: Handle;
    try {
      this.signal.throwIfAborted();
    } catch (reason) {
      await this.withdraw();
      throw reason;
    }
    try {
      handle = await this.job.start({ idempotencyKey, signal: this.signal });
    } catch (error) {
      if (!isRefusal(error)) return { error };
      await this.withdraw();
      throw error;
    }
    return { handle: await this.keep(handle) };
  }

  private async find(idempotencyKey: string): Promise<Handle | undefined> {
    return this.control.whileBusy(async () => this.job.find?.({ idempotencyKey, signal: this.signal }));
  }

  /** As it is, whatever else is redacted: changed, it would be the handle of no job or of another one. */
  private async keep(given: Handle): Promise<Handle> {
    const copy = copyJson(given, `handle of job ${this.quotedName}`, { freeze: true });
    if (!copy.ok) throw new OutputNotSerializableError(this.nodeId, copy.path, copy.reason);
    await this.record({ kind: 'job_started', ...this.stamp(), handle: copy.value });
    return copy.value as Handle;
  }

  private waitForDecision(idempotencyKey: string, failure?: { readonly error: unknown }): Promise<never> {
    const { nodeId, job, control } = this;
    const message = failure && { message: control.errorOf(failure.error).message.slice(0, 1_000) };
    const pause = { reason: 'ambiguous_job' as const, nodeId, name: job.name, idempotencyKey, ...message };
    return this.control.park(pause, new Promise<never>(() => {}));
  }

  private async untilDone(handle: Handle): Promise<void> {
    for (;;) {
      this.signal.throwIfAborted();
      const answer = await this.control.whileBusy(async () => this.job.poll(handle, { signal: this.signal }));
      const delayMs = this.delayAfter(answer);
      if (answer.status === 'done') return;
      if (answer.status === 'failed') {
        await this.withdraw();
        throw answer.error;
      }
      const { fraction } = answer;
      if (fraction !== undefined) this.control.emit({ type: 'node_progress', nodeId: this.nodeId, fraction });
      await this.wait(delayMs);
    }
  }

  /** @throws TypeError for an answer that is none: a job that is taken for done too early is lost */
  private delayAfter(answer: JobStatus): number {
    const { status, waitMs, fraction } = (answer ?? {}) as { status?: unknown; waitMs?: unknown; fraction?: unknown };
    const isPending = status === 'pending' && isFrom0(waitMs ?? 0, Infinity) && isFrom0(fraction ?? 0, 1);
    if (!isPending && status !== 'done' && status !== 'failed') {
      const expected = "{ status: 'pending', waitMs?, fraction? }, { status: 'done' } or { status: 'failed', error }";
      throw new TypeError(`poll of job ${this.quotedName} must answer ${expected}, with fraction from 0 to 1.`);
    }
    return Math.min((waitMs as number | undefined) ?? this.job.pollEveryMs ?? 2_000, longestWaitMs);
  }

  /** Short waits keep the slot; with a long one others may start, and the run may pause. */
  private async wait(delayMs: number): Promise<void> {
    const { control, signal, nodeId } = this;
    let tidy = () => {};
    const over = new Promise<void>((resolve, reject) => {
      const cancelTimer = control.setTimer(resolve, delayMs);
      const onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort);
      tidy = () => {
        cancelTimer();
        signal.removeEventListener('abort', onAbort);
      };
    });
    try {
      if (delayMs <= control.pauseAfterMs) return await control.sitOut(over);
      const resumeAt = isoTime(control.now() + delayMs);
      return await control.park({ reason: 'sleep', nodeId, name: this.job.name, resumeAt }, over);
    } finally {
      tidy();
    }
  }

  private collect(handle: Handle): Promise<Result> {
    return this.control.whileBusy(async () => {
      const collected = await this.job.collect(handle, { signal: this.signal });
      const output = this.control.keep(collected, `result of job ${this.quotedName}`);
      const named = this.control.blobs?.namedIn(output);
      await this.record({ kind: 'step_completed', ...this.stamp(), output, ...named });
      return output as Result;
    });
  }

  /** When the provider does not give it up, the job is still ours: a later run takes it up again. */
  private async cancel(handle: Handle): Promise<void> {
    if (this.job.cancel === undefined || this.known?.isWithdrawn === true) return;
    try {
      await this.job.cancel(handle);
    } catch {
      return;
    }
    await this.withdraw();
  }

  private withdraw(): Promise<void> {
    return this.record({ kind: 'job_withdrawn', ...this.stamp() });
  }

  private record(record: NodeRecord): Promise<void> {
    return this.control.record(record);
  }

  private stamp() {
    return { nodeId: this.nodeId, name: this.job.name, at: this.control.isoNow() };
  }
}

function isFrom0(value: unknown, most: number): boolean {
  return typeof value === 'number' && value >= 0 && value <= most;
}
