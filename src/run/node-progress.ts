import type { NodeRecord, NodeRecordOf } from './node-record.js';

/** How far a node is that has no completed result. Changed by `addToProgress` alone. */
export interface NodeProgress {
  /** All that it was made of, as it came. */
  records: NodeRecord[];
  /** Failed attempts of the series that is under way. */
  failedAttempts: number;
  /** Milliseconds that they worked. */
  spentMs: number;
  /** ISO 8601, UTC: the next attempt is not before. */
  retryAt: string | undefined;
  /** Outputs of finished steps and jobs, by name. */
  readonly steps: Map<string, unknown>;
  readonly jobs: Map<string, JobProgress>;
  readonly waits: Map<string, WaitProgress>;
  /** ISO 8601, UTC, by name. */
  readonly sleeps: Map<string, string>;
}

/** A job that was or may have been submitted. */
export interface JobProgress {
  readonly idempotencyKey: string;
  /** Present once the provider took it. */
  readonly handle?: { readonly value: unknown };
  /** Not with the provider, or given up there: it may be submitted. */
  readonly isWithdrawn?: boolean;
  /** Earlier submissions that the provider took and that were given up. */
  readonly givenUp: number;
}

interface WaitProgress {
  readonly schema: NodeRecordOf<'wait_started'>['schema'];
  /** Present once the signal came. */
  payload?: { readonly value: unknown };
}

export function newNodeProgress(): NodeProgress {
  return {
    records: [],
    failedAttempts: 0,
    spentMs: 0,
    retryAt: undefined,
    steps: new Map(),
    jobs: new Map(),
    waits: new Map(),
    sleeps: new Map(),
  };
}

/** Adds up what happened to a node. Kinds that say nothing of how far it is are left out. */
export function addToProgress(progress: NodeProgress, record: NodeRecord): void {
  switch (record.kind) {
    case 'attempt_failed':
      progress.failedAttempts = record.attempt;
      progress.spentMs += record.durationMs ?? 0;
      progress.retryAt = record.retryAt;
      break;
    case 'step_completed':
      progress.steps.set(record.name, record.output);
      break;
    case 'job_intended': {
      const { idempotencyKey } = record;
      progress.jobs.set(record.name, { idempotencyKey, givenUp: givenUpOf(progress.jobs.get(record.name)) });
      break;
    }
    case 'job_started': {
      const { idempotencyKey = '', givenUp = 0 } = progress.jobs.get(record.name) ?? {};
      progress.jobs.set(record.name, { idempotencyKey, givenUp, handle: { value: record.handle } });
      break;
    }
    case 'job_withdrawn': {
      const job = progress.jobs.get(record.name);
      if (job !== undefined) progress.jobs.set(record.name, { ...job, isWithdrawn: true });
      break;
    }
    case 'wait_started':
      progress.waits.set(record.name, { schema: record.schema });
      break;
    case 'signal_received':
      progress.waits.set(record.name, {
        schema: progress.waits.get(record.name)?.schema,
        payload: { value: record.payload },
      });
      break;
    case 'sleep_started':
      progress.sleeps.set(record.name, record.until);
      break;
    case 'spend_recorded':
    case 'nodes_spawned':
    case 'node_reopened':
      return;
    default:
      record satisfies never;
  }
  progress.records.push(record);
}

/** How many submissions of a job the provider took in vain, when it is to be submitted now. */
export function givenUpOf(job: JobProgress | undefined): number {
  return (job?.givenUp ?? 0) + (job?.handle === undefined ? 0 : 1);
}

/** A step, or the result of a job, is to be done again. What is known of the job itself stays: it was paid for. */
export function forgetStep(progress: NodeProgress, name: string): void {
  const isOfStep = (record: NodeRecord) => record.kind === 'step_completed' && record.name === name;
  progress.records = progress.records.filter((record) => !isOfStep(record));
  progress.steps.delete(name);
}

/** A series of attempts is over: what they finished on the way stays. */
export function closeAttempts(progress: NodeProgress): void {
  progress.records = progress.records.filter(({ kind }) => kind !== 'attempt_failed');
  progress.failedAttempts = 0;
  progress.spentMs = 0;
  progress.retryAt = undefined;
}
