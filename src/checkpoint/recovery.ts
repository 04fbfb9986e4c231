import { copyJson } from '../plan/json-value.js';
import type { ExecutionState } from '../run/execution-state.js';
import type { NodeResult } from '../run/node-result.js';
import { type RunIdentity, type RunState, restoreRunState } from '../run/run-state.js';

/** Says why a state cannot be what a run of this plan left behind. */
export class UnusableState extends Error {
  override readonly name = 'UnusableState';
}

/**
 * The state to go on from. Completed results are taken over as they are, outputs frozen as they were when they settled.
 * @throws UnusableState when results and plan do not fit together.
 */
export function recoverRunState(identity: RunIdentity, stored: ExecutionState): RunState {
  return restoreRunState(identity, {
    status: stored.state,
    seq: stored.seq ?? 0,
    results: resultsInOrder(identity, stored),
    startedAt: stored.startedAt,
    endedAt: stored.endedAt,
    activeMs: stored.activeMs ?? 0,
  });
}

/** As they settled, as far as is known: a JSON object does not keep the order of keys that look like numbers. */
function* resultsInOrder(
  { graph }: RunIdentity,
  { completedNodes, nodeResults }: ExecutionState,
): Generator<NodeResult> {
  const seen = new Set<string>();
  for (const nodeIds of [completedNodes, Object.keys(nodeResults)]) {
    for (const nodeId of nodeIds) {
      if (seen.has(nodeId) || !Object.hasOwn(nodeResults, nodeId)) continue;
      seen.add(nodeId);
      if (!graph.has(nodeId))
        throw new UnusableState(`it has a result for ${JSON.stringify(nodeId)}, which its plan lacks`);
      yield withFrozenOutput(nodeResults[nodeId] as NodeResult);
    }
  }
}

function withFrozenOutput(result: NodeResult): NodeResult {
  if (result.status !== 'completed') return Object.freeze(result);
  const copy = copyJson(result.output, 'output', { freeze: true });
  if (copy.ok) return Object.freeze({ ...result, output: copy.value });
  throw new UnusableState(`${copy.path} of ${JSON.stringify(result.nodeId)} is not JSON (${copy.reason})`);
}
