import type { RunRecord } from '../run/run-record.js';
import type { Decision } from './scheduler.js';

/** What is recorded of a node that the scheduler decided about: no attempt was made on it. */
export function recordOf(decision: Decision, at: string): RunRecord {
  const nodeId = decision.placed.node.id;
  if (decision.kind === 'complete') return { kind: 'composite_completed', nodeId, at };
  const settled = { nodeId, attempts: 0, startedAt: at, completedAt: at, durationMs: 0 };
  if (decision.kind === 'skip') {
    return { kind: 'node_settled', result: { status: 'skipped', ...settled, blockedBy: decision.blockedBy.node.id } };
  }
  const message = `child ${JSON.stringify(decision.child.node.id)} failed`;
  const error = { name: 'ChildFailedError', message, code: 'CHILD_FAILED' };
  return { kind: 'node_settled', result: { status: 'failed', ...settled, error } };
}
