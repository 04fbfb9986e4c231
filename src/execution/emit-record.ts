import type { RunRecord } from '../run/run-record.js';
import type { RunState } from '../run/run-state.js';
import type { Emit } from './execution-event.js';

/**
 * Tells listeners what a record came to, once it is committed.
 * @param state with the record applied
 * @param before how many nodes were complete without it
 */
export function emitRecord(record: RunRecord, state: RunState, before: number, emit: Emit): void {
  if (record.kind === 'attempt_failed') {
    const { nodeId, attempt, error, at, retryAt } = record;
    const delayMs = Date.parse(retryAt) - Date.parse(at);
    emit({ type: 'node_retry', nodeId, attempt, error, delayMs, nextAttemptAt: retryAt });
  }
  if (record.kind === 'node_reopened') {
    const { nodeId, reason, name } = record;
    emit({ type: 'node_reopened', nodeId, reason, ...(name !== undefined && { name }) });
  }
  if (record.kind === 'node_settled') {
    const { result } = record;
    if (result.status === 'failed') {
      emit({ type: 'node_failed', nodeId: result.nodeId, error: result.error, attempts: result.attempts });
    } else if (result.status === 'skipped') {
      emit({ type: 'node_skipped', nodeId: result.nodeId, blockedBy: result.blockedBy });
    }
  }
  for (let left = state.completed.length - before; left > 0; left--) {
    const nodeId = state.completed.fromEnd(left) as string;
    const result = state.results.get(nodeId);
    if (result?.status === 'completed') {
      emit({ type: 'node_completed', nodeId, output: result.output, durationMs: result.durationMs });
    }
  }
}
