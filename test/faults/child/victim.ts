import { isMainThread } from 'node:worker_threads';
import { callPlanner } from './call-planner.js';
import { note } from './ledger.js';
import { told } from './messages.js';
import type { Job } from './protocol.js';
import { runThreads } from './threads.js';

/**
 * The program that the fault tests kill, stop and starve: an app that makes one call, and makes it again when it was
 * rejected. It knows nothing of faults.
 */
const job = JSON.parse(process.argv[2] ?? '{}') as Job;
const fault = (globalThis as { [key: symbol]: unknown })[Symbol.for('vibe-aigc.test.fault')] as { lift(): void };

if (job.threads !== undefined && isMainThread) await runThreads(job);
else await work();

async function work(): Promise<void> {
  const released = job.livesOn === true ? told('release') : undefined;
  if (job.waitsForStart === true) {
    const started = told('start');
    note({ type: 'ready' });
    await started;
  }
  let isDone = await callPlanner(job);
  for (let calls = job.calls ?? 1; calls > 1 && !isDone; calls--) {
    fault.lift();
    isDone = await callPlanner(job);
  }
  if (isDone && job.callsAgain === true) await callPlanner(job);
  await released;
}
