import { isoTime } from '../host.js';
import type { NodeResult, SerializedError } from '../run/node-result.js';
import type { Attempt } from './attempt.js';
import type { AttemptOutcome } from './attempt-outcome.js';
import type { RunningAttempt } from './running-attempt.js';

type Settled = Exclude<AttemptOutcome, { status: 'interrupted' }>;

/** What an attempt came to, frozen. Fields are written out: to spread them takes longer than all else here. */
export function settledResult(
  { placed, number: attempts, startedMs }: RunningAttempt,
  attempt: Attempt,
  outcome: Settled,
  endedMs: number,
  errorOf: (thrown: unknown) => SerializedError,
): NodeResult {
  const nodeId = placed.node.id;
  const startedAt = isoTime(startedMs);
  const completedAt = isoTime(endedMs);
  const durationMs = Math.max(0, endedMs - startedMs);
  const handler = attempt.handler.identity;
  if (outcome.status === 'failed') {
    const error = errorOf(outcome.error);
    return Object.freeze({ status: 'failed', nodeId, attempts, startedAt, completedAt, durationMs, handler, error });
  }
  const { output, blobs } = outcome;
  const result = {
    status: 'completed' as const,
    nodeId,
    attempts,
    startedAt,
    completedAt,
    durationMs,
    handler,
    output,
  };
  return Object.freeze(blobs === undefined ? result : { ...result, blobs });
}
