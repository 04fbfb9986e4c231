import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Job } from './protocol.js';

/** The same program in some threads of this process, which hear what this process is told. */
export async function runThreads({ threads, ...job }: Job): Promise<void> {
  const argv = [JSON.stringify(job)];
  const workers = Array.from({ length: threads ?? 0 }, () => new Worker(process.argv[1] as string, { argv }));
  const passOn = (message: unknown) => {
    for (const worker of workers) worker.postMessage(message);
  };
  process.on('message', passOn);
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  process.off('message', passOn);
}
