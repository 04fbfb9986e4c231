/** How a job stands at its provider. */
export type JobStatus =
  /** Not yet. */
  | {
      readonly status: 'pending';
      /** Milliseconds until it is worth asking again. Default: the job's `pollEveryMs`. At most 24 days. */
      readonly waitMs?: number;
      /** How far it is, from 0 to 1: told as a `node_progress` event. */
      readonly fraction?: number;
    }
  /** Its result can be collected. */
  | { readonly status: 'done' }
  /** The provider has given it up: the attempt fails with `error`, and the next one submits it anew, under a new key. */
  | { readonly status: 'failed'; readonly error: unknown };

/**
 * A job that a provider takes, works on, and bills. `Handle` is how the provider calls it, such as an id: JSON, recorded
 * and handed back in later processes.
 */
export interface Job<Handle, Result> {
  /** 1 to 200 characters, used once in an attempt, by steps, jobs and waits alike; in a loop, give it an index. */
  readonly name: string;
  /**
   * Submits it. The intent is on disk before, the handle after. An error of HTTP status 4xx, except 408 and 409, says
   * that it was refused; after any other nobody knows.
   */
  start(submission: JobSubmission): Handle | Promise<Handle>;
  /** Asks how it stands. What it throws fails the attempt; the next one asks again. */
  poll(handle: Handle, call: { readonly signal: AbortSignal }): JobStatus | Promise<JobStatus>;
  /** Fetches the result of a job that is done. It is recorded, and never collected again. */
  collect(handle: Handle, call: { readonly signal: AbortSignal }): Result | Promise<Result>;
  /**
   * The job that the provider has under this key; `undefined` when it knows of none, and then it is submitted. Left
   * out: where a submission is in doubt the run pauses, and somebody decides.
   */
  find?(submission: JobSubmission): Handle | undefined | Promise<Handle | undefined>;
  /**
   * Called when the call that waits for the job is cancelled: once it returned, the job counts as given up, and a later
   * run submits a new one. Left out, or when it throws: the job goes on, and a later run takes it up again.
   */
  cancel?(handle: Handle): unknown;
  /** Milliseconds between polls. Default 2,000. */
  readonly pollEveryMs?: number;
}

export interface JobSubmission {
  /** The same until the provider has given the job up: hand it to the provider. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
}

type Part = 'start' | 'poll' | 'collect' | 'find' | 'cancel';

/** Before anything is paid for. @throws TypeError */
export function checkJob(
  job: Pick<Job<unknown, unknown>, 'name' | 'pollEveryMs'> & Partial<Record<Part, unknown>>,
): void {
  const { name, pollEveryMs = 0 } = job;
  const of = `job ${JSON.stringify(name)}`;
  for (const part of ['start', 'poll', 'collect'] as const) {
    if (typeof job[part] !== 'function') throw new TypeError(`${of} lacks the function "${part}".`);
  }
  for (const part of ['find', 'cancel'] as const) {
    if (job[part] !== undefined && typeof job[part] !== 'function') {
      throw new TypeError(`"${part}" of ${of} must be a function or left out.`);
    }
  }
  if (!(pollEveryMs >= 0)) throw new TypeError(`pollEveryMs of ${of} must be a number of milliseconds from 0.`);
}
