import type { GraphNode, PlanGraph } from '../plan/plan-graph.js';
import type { CompletedNodes } from './completed-nodes.js';
import { forgetStep, type NodeProgress } from './node-progress.js';
import type { NodeRecord } from './node-record.js';
import type { NodeResult } from './node-result.js';

/** What of a run's state changes when a node is opened again. */
interface ReopenableState {
  readonly graph: PlanGraph;
  readonly results: Map<string, NodeResult>;
  readonly completed: CompletedNodes;
  readonly isComplete: Uint8Array;
  readonly openChildren: Int32Array;
  readonly progress: ReadonlyMap<string, NodeProgress>;
  reopened: number;
}

/** What was complete because of it is so no more. With a step, only that is to be done again. */
export function reopenNode(state: ReopenableState, placed: GraphNode, step: string | undefined): void {
  if (step !== undefined) {
    const progress = state.progress.get(placed.node.id);
    if (progress !== undefined) forgetStep(progress, step);
    return;
  }
  if (!state.results.delete(placed.node.id)) return;
  for (const at of completeFrom(state, placed)) {
    state.isComplete[at.index] = 0;
    state.reopened++;
    state.completed.remove(at.node.id);
    const result = state.results.get(at.node.id);
    if (result?.status === 'completed' && result.fromChildren === true) state.results.delete(at.node.id);
    if (at.parent !== undefined) (state.openChildren[at.parent.index] as number)++;
  }
}

/** How many nodes are complete now and will not be when these records are applied. */
export function completeUntil(
  state: Pick<ReopenableState, 'graph' | 'isComplete'>,
  records: readonly NodeRecord[],
): number {
  const reopened = new Set<GraphNode>();
  for (const record of records) {
    const placed = state.graph.get(record.nodeId);
    if (record.kind !== 'node_reopened' || record.name !== undefined || placed === undefined) continue;
    for (const at of completeFrom(state, placed)) reopened.add(at);
  }
  return reopened.size;
}

/** A node and those above it, as far up as they are complete. */
function* completeFrom({ isComplete }: Pick<ReopenableState, 'isComplete'>, placed: GraphNode): Generator<GraphNode> {
  for (let at: GraphNode | undefined = placed; at !== undefined && isComplete[at.index] === 1; at = at.parent) yield at;
}
