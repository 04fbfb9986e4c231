import { VibeError } from '../errors.js';
import type { ExecutionServices } from '../execution/execution-services.js';
import { executeRun } from '../execution/executor.js';
import type { RunState } from '../run/run-state.js';
import type { LiveRun } from './live-runs.js';
import type { PlannerServices } from './planner-services.js';

/** A run that takes too long ends as if its caller had aborted it. */
export async function executeInTime(
  state: RunState,
  services: ExecutionServices,
  { host, runTimeoutMs }: PlannerServices,
  live: LiveRun,
): Promise<void> {
  const cancel =
    runTimeoutMs === undefined
      ? undefined
      : host.setTimer(() => {
          host.log('warn', 'A run is over its runTimeoutMs and ends early.', { runId: state.runId });
          live.abort(runTimedOut(state.runId, runTimeoutMs));
        }, runTimeoutMs);
  try {
    await executeRun(state, services);
  } finally {
    cancel?.();
  }
}

function runTimedOut(runId: string, runTimeoutMs: number): VibeError {
  const next = 'Call executeWithResume with the same vibe to go on';
  const what = `Run ${JSON.stringify(runId)} did not finish within ${runTimeoutMs} ms`;
  return new VibeError('RUN_TIMEOUT', `${what}. ${next}, or raise runTimeoutMs.`);
}
