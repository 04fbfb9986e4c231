import { recoverRun, UnusableState } from '../checkpoint/recovery.js';
import { storedGraph } from '../checkpoint/stored-graph.js';
import { RedactionError } from '../errors.js';
import { copyJson, setOwn } from '../plan/json-value.js';
import { canonicalVibe } from '../plan/vibe.js';
import { nodesSchema } from '../plan/workflow-node.js';
import { type ExecutionState, executionStateOf } from '../run/execution-state.js';
import type { NodeRecord, NodeRecordOf } from '../run/node-record.js';
import type { NodeResult } from '../run/node-result.js';
import { storedVibeKey } from './identity.js';
import type { Redactor } from './redaction.js';

/**
 * A state from outside as it may be stored. It may be one that has passed the hook before.
 * @param state known to fit together
 * @throws RedactionError
 */
export function redactState(state: ExecutionState, redactor: Redactor | undefined): ExecutionState {
  if (redactor === undefined) return state;
  const vibe = redactor.vibe(state.vibe);
  const { workflowPlan: given } = state;
  const workflowPlan = redactor.plan({ ...given, sourceVibe: redactor.vibe(given.sourceVibe) });
  const isChanged = canonicalVibe(vibe) !== canonicalVibe(state.vibe);
  const nodeResults: Record<string, NodeResult> = {};
  for (const [nodeId, result] of Object.entries(state.nodeResults)) {
    setOwn(nodeResults, nodeId, redactResult(result, redactor));
  }
  const spawnedNodes = state.spawnedNodes?.map((record) => redactSpawned(record, redactor));
  const nodeProgress = state.nodeProgress?.map((record) => redactProgress(record, redactor));
  const beside = {
    ...(spawnedNodes !== undefined && { spawnedNodes }),
    ...(nodeProgress !== undefined && { nodeProgress }),
  };
  const redacted = { ...state, vibe, workflowPlan, nodeResults, ...beside };
  return {
    ...redacted,
    nodeResults: withGatheredOutputs(redacted),
    vibeKey: storedVibeKey(state),
    ...(isChanged && { isVibeRedacted: true }),
  };
}

/** As when its handler added them. */
function redactSpawned(record: NodeRecordOf<'nodes_spawned'>, redactor: Redactor): NodeRecordOf<'nodes_spawned'> {
  const nodes = nodesSchema.safeParse(redactor.output(record.nodes, record.nodeId));
  if (nodes.success) return { ...record, nodes: nodes.data };
  throw new RedactionError('output', 'it returned what are no nodes', record.nodeId);
}

/** What steps returned, what signals brought, and what attempts failed with. The handle of a job is needed as it is. */
function redactProgress(record: NodeRecord, redactor: Redactor): NodeRecord {
  const { nodeId } = record;
  switch (record.kind) {
    case 'step_completed':
      return { ...record, output: redactor.output(record.output, nodeId) };
    case 'signal_received':
      return { ...record, payload: redactor.output(record.payload, nodeId) };
    case 'attempt_failed':
      return { ...record, error: redactor.error(record.error, nodeId) };
    default:
      return record;
  }
}

function redactResult(result: NodeResult, redactor: Redactor): NodeResult {
  if (result.status === 'failed') return { ...result, error: redactor.error(result.error, result.nodeId) };
  if (result.status === 'skipped' || result.fromChildren === true) return result;
  const copy = copyJson(result.output, 'output');
  return { ...result, output: redactor.output(copy.ok ? copy.value : null, result.nodeId) };
}

/** What a composite made of its children is made again of what is left of them. */
function withGatheredOutputs(state: ExecutionState): ExecutionState['nodeResults'] {
  const { planId, runId, vibe, workflowPlan: plan, parent, epoch = 0 } = state;
  const identity = { planId, runId, vibe, vibeKey: '', epoch, plan, graph: storedGraph(state, () => true), parent };
  try {
    return executionStateOf(recoverRun(identity, state)()).nodeResults;
  } catch (error) {
    if (error instanceof UnusableState) throw new RedactionError('plan', 'its nodes have other ids than their results');
    throw error;
  }
}
