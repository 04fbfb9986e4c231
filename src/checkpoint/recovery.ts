import { copyJson, setOwn } from '../plan/json-value.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { ExecutionState } from '../run/execution-state.js';
import type { NodeRecord } from '../run/node-record.js';
import type { CompletedResult, NodeResult } from '../run/node-result.js';
import {
  continuedRunState,
  type KeptTimes,
  type RunIdentity,
  type RunState,
  restoreRunState,
} from '../run/run-state.js';

/** Says why a state cannot be what a run of this plan left behind. */
export class UnusableState extends Error {
  override readonly name = 'UnusableState';
}

/**
 * The state to go on from, once for whoever keeps one: they share their results, which never change. Completed results
 * are taken over as they are, outputs frozen as they were when they settled.
 * @throws UnusableState when results and plan do not fit together.
 */
export function recoverRun(identity: RunIdentity, stored: ExecutionState): () => RunState {
  const results = [...resultsInOrder(identity, stored)];
  const { nodeProgress = [], spawnedNodes: spawned = [], spend: spends = [] } = stored;
  const progress = nodeProgress.map((record) => frozenRecord(record, identity));
  return () => restoreRunState(identity, { ...timesOf(stored), results, progress, spawned, spends });
}

/** The same where a replay has the state already, on the graph that the run will have. */
export function recoverReplayed(identity: RunIdentity, stored: ExecutionState, replayed: RunState): () => RunState {
  return () => continuedRunState(identity, replayed, timesOf(stored));
}

function timesOf({
  state,
  seq = 0,
  startedAt,
  endedAt,
  activeMs = 0,
  pauses = [],
  reopened = 0,
}: ExecutionState): KeptTimes {
  return { status: state, seq, startedAt, endedAt, activeMs, pauses, reopened };
}

/** A handler sees what steps returned as it saw it at first: frozen. */
function frozenRecord(record: NodeRecord, { graph }: RunIdentity): NodeRecord {
  if (graph.get(record.nodeId) === undefined) {
    throw new UnusableState(`it has progress of ${JSON.stringify(record.nodeId)}, which its plan lacks`);
  }
  const copy = copyJson(record, 'progress', { freeze: true });
  if (!copy.ok)
    throw new UnusableState(`${copy.path} of ${JSON.stringify(record.nodeId)} is not JSON (${copy.reason})`);
  return copy.value as NodeRecord;
}

/** As they settled, as far as is known: a JSON object does not keep the order of keys that look like numbers. */
function* resultsInOrder(
  { graph }: RunIdentity,
  { completedNodes, nodeResults }: ExecutionState,
): Generator<NodeResult> {
  const recovered = new Map<string, NodeResult>();
  const recover = (nodeId: string): NodeResult => {
    const known = recovered.get(nodeId);
    if (known !== undefined) return known;
    const result = nodeResults[nodeId] as NodeResult;
    const isGathered = result.status === 'completed' && result.fromChildren === true;
    const frozen = isGathered ? gathered(result, childrenOf(nodeId), recover) : withFrozenOutput(result);
    recovered.set(nodeId, frozen);
    return frozen;
  };
  const childrenOf = (nodeId: string) =>
    (graph.get(nodeId)?.children ?? []).map(({ node }) => node.id).filter((id) => Object.hasOwn(nodeResults, id));

  const seen = new Set<string>();
  for (const nodeIds of [completedNodes, Object.keys(nodeResults)]) {
    for (const nodeId of nodeIds) {
      if (seen.has(nodeId) || !Object.hasOwn(nodeResults, nodeId)) continue;
      seen.add(nodeId);
      const placed = graph.get(nodeId);
      if (placed === undefined) {
        throw new UnusableState(`it has a result for ${JSON.stringify(nodeId)}, which its plan lacks`);
      }
      const result = recover(nodeId);
      if (!isStale(placed, result)) yield result;
    }
  }
}

/**
 * A composite without a handler is what its children are. A result that a handler of earlier days gave it, or the Python
 * original, is made anew from them, at no cost.
 */
function isStale({ hasHandler, children }: GraphNode, result: NodeResult): boolean {
  return !hasHandler && children.length > 0 && result.status === 'completed' && result.fromChildren !== true;
}

/** Made of the recovered outputs of the children, as it was when it completed: never copied, never measured again. */
function gathered(
  result: CompletedResult,
  childIds: readonly string[],
  recover: (nodeId: string) => NodeResult,
): CompletedResult {
  const output: Record<string, unknown> = {};
  for (const childId of childIds) {
    const child = recover(childId);
    if (child.status === 'completed') setOwn(output, childId, child.output);
  }
  return Object.freeze({ ...result, output: Object.freeze(output) });
}

function withFrozenOutput(result: NodeResult): NodeResult {
  if (Object.isFrozen(result)) return result; // by a replay: what is parsed from elsewhere is made anew, and never frozen
  if (result.status !== 'completed') return Object.freeze(result);
  const copy = copyJson(result.output, 'output', { freeze: true });
  if (copy.ok) return Object.freeze({ ...result, output: copy.value });
  throw new UnusableState(`${copy.path} of ${JSON.stringify(result.nodeId)} is not JSON (${copy.reason})`);
}
