import type { GraphNode } from '../plan/plan-graph.js';
import type { ExecutionState } from '../run/execution-state.js';

/**
 * How a node stands. `waiting`: for a signal, a time, or a cap. `started`: something of it or below it is done. What is
 * known of a node is what is recorded: one whose first attempt is under way is `pending` until it has recorded something.
 */
export const nodeStatuses = ['completed', 'failed', 'skipped', 'waiting', 'started', 'pending'] as const;
export type NodeStatus = (typeof nodeStatuses)[number];

/** Tells of each node how it stands. Ask about nodes below before those above them. */
export function statusReader(state: ExecutionState): (placed: GraphNode) => NodeStatus {
  const complete = new Set(state.completedNodes);
  const waiting = waitingNodes(state);
  const started = new Set(state.nodeProgress?.map(({ nodeId }) => nodeId));
  return ({ node: { id }, parent }) => {
    const status = statusOf(id);
    if (status !== 'pending' && status !== 'skipped' && parent !== undefined) started.add(parent.node.id);
    return status;
  };

  function statusOf(id: string): NodeStatus {
    if (complete.has(id)) return 'completed';
    const result = Object.hasOwn(state.nodeResults, id) ? state.nodeResults[id] : undefined;
    if (result?.status === 'failed' || result?.status === 'skipped') return result.status;
    if (waiting.has(id)) return 'waiting';
    return result !== undefined || started.has(id) ? 'started' : 'pending';
  }
}

function waitingNodes({ pauses = [], nodeProgress = [] }: ExecutionState): Set<string> {
  const waits = new Map<string, string>();
  for (const record of nodeProgress) {
    const wait = 'name' in record && JSON.stringify([record.nodeId, record.name]);
    if (record.kind === 'wait_started') waits.set(wait as string, record.nodeId);
    if (record.kind === 'signal_received') waits.delete(wait as string);
  }
  return new Set([...waits.values(), ...pauses.flatMap((pause) => ('nodeId' in pause ? [pause.nodeId] : []))]);
}
