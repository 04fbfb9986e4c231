import { VibeError } from '../errors.js';
import type { ExecutionResult } from './execution-result.js';

/**
 * Throws unless the run completed, naming the nodes that failed.
 * @throws VibeError with code `RUN_NOT_COMPLETED`
 * @example
 * const result = await planner.executeWithResume(vibe);
 * assertCompleted(result);
 */
export function assertCompleted(result: ExecutionResult): asserts result is ExecutionResult & { status: 'completed' } {
  if (result.status === 'completed') return;
  const failed = result.failures.slice(0, 5).map(({ nodeId, error }) => `${JSON.stringify(nodeId)} (${error.message})`);
  const more = result.failures.length > 5 ? ` and ${result.failures.length - 5} more` : '';
  const why = failed.length > 0 ? `: ${failed.join(', ')}${more}` : '';
  const next = 'Call executeWithResume with the same vibe to go on from what is finished';
  const message = `Run ${JSON.stringify(result.runId)} is ${result.status}${why}. ${next}.`;
  throw new VibeError('RUN_NOT_COMPLETED', message);
}
