import type { AttemptControl } from '../attempt-control.js';
import { checkJob, type Job } from './job.js';
import { JobAtWork } from './job-at-work.js';

/** Has a job done once, and returns its result ever after. */
export type RunJob = <Handle, Result>(job: Job<Handle, Result>) => Promise<Result>;

export async function runJob<Handle, Result>(
  control: AttemptControl,
  signal: AbortSignal,
  keyOf: (name: string) => string,
  job: Job<Handle, Result>,
): Promise<Result> {
  checkJob(job);
  const { name } = job;
  control.claimName(name);
  const { id: nodeId } = control.placed.node;
  const results = control.state.progress.get(nodeId)?.steps;
  if (results?.has(name)) return results.get(name) as Result;
  try {
    return await new JobAtWork(job, control, signal, keyOf).result();
  } catch (error) {
    control.releaseName(name);
    throw error;
  }
}
