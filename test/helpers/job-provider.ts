import type { Job, JobStatus } from '../../src/execution/context/job.js';

/** What a job of these tests comes to. */
export interface Clip {
  readonly clip: string;
}

/** A provider in this process that notes what is asked of it, and does as it is told. */
export class JobProvider {
  /** In the order in which they came: `start key`, `poll id`, ... */
  readonly calls: string[] = [];
  /** Ids of jobs by the key under which they were bought. */
  readonly bought = new Map<string, string>();
  /** What `poll` answers, one after the other; then that it is done. */
  answers: JobStatus[] = [];
  /** Called in `start`: before the job is taken, and after. */
  beforeTaken: () => void | Promise<void> = () => {};
  afterTaken: () => void | Promise<void> = () => {};

  job(more: Partial<Job<{ id: string }, Clip>> = {}): Job<{ id: string }, Clip> {
    return {
      name: 'clip',
      start: async ({ idempotencyKey }) => {
        this.calls.push(`start ${idempotencyKey}`);
        await this.beforeTaken();
        const id = `job-${this.bought.size + 1}`;
        this.bought.set(idempotencyKey, id);
        await this.afterTaken();
        return { id };
      },
      poll: async ({ id }) => {
        this.calls.push(`poll ${id}`);
        return this.answers.shift() ?? { status: 'done' };
      },
      collect: async ({ id }) => {
        this.calls.push(`collect ${id}`);
        return { clip: `${id}.mp4` };
      },
      ...more,
    };
  }

  readonly find: Job<{ id: string }, Clip>['find'] = async ({ idempotencyKey }) => {
    this.calls.push(`find ${idempotencyKey}`);
    const id = this.bought.get(idempotencyKey);
    return id === undefined ? undefined : { id };
  };

  /** What was asked, without the rest. */
  get story(): string[] {
    return this.calls.map((call) => call.split(' ')[0] as string);
  }
}
