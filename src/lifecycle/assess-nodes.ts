import { findLost, findStaleInputs, type Inputs, reachedFrom } from '../checkpoint/lost-results.js';
import type { HandlerLookup } from '../execution/node-handler.js';
import type { RunState } from '../run/run-state.js';
import type { RunRemains } from './remains.js';
import type { RepairReport } from './repair-report.js';
import type { SalvagedRun } from './salvage-run.js';

export interface AssessedNodes extends Pick<RepairReport, 'kept' | 'paidAgain' | 'toRun' | 'staleInputs'> {
  /** The run with what is kept, and nothing else. */
  readonly state: RunState;
}

/** What becomes of every node of a run that was put together again. */
export function assessNodes(
  { identity, salvage }: SalvagedRun,
  { journals, named: namedByDocuments }: RunRemains,
  lookup: HandlerLookup,
  onLostInput: 'keep' | 'rerun',
): AssessedNodes {
  const { graph } = identity;
  // A composite that neither a handler here serves nor one served before costs nothing.
  const isFree: Inputs['isFree'] = (placed) => salvage.isFree(placed, (node) => lookup(node) !== undefined);
  const inputs: Inputs = { graph, isFree };
  const has = (nodeId: string) => salvage.has(nodeId);
  const stale = findStaleInputs(inputs, has, (input, nodeId) => salvage.isMadeLater(input, nodeId));
  const staleIds = stale.map(({ nodeId }) => nodeId);
  const dropped = onLostInput === 'rerun' ? reachedFrom(staleIds, inputs) : new Set<string>();
  const isKept = (nodeId: string) => has(nodeId) && !dropped.has(nodeId);

  const named = new Map<string, string>();
  const note = (nodeId: string, reason: string) => named.has(nodeId) || named.set(nodeId, reason);
  for (const nodeId of dropped) if (has(nodeId)) note(nodeId, 'an input of it is made again');
  for (const nodeId of journals.flatMap((journal) => journal.named)) note(nodeId, 'its record is damaged');
  for (const nodeId of namedByDocuments) note(nodeId, 'a damaged checkpoint says that it was done');
  for (const nodeId of salvage.gatheredIds) note(nodeId, `it was done before ${JSON.stringify(nodeId)}`);
  if (wasComplete(journals)) for (const { node } of graph.nodes) note(node.id, 'the run was complete');

  const kept = graph.nodes.filter(({ node }) => isKept(node.id));
  const toRun = graph.nodes.filter((placed) => !isKept(placed.node.id) && !isFree(placed));
  return {
    state: salvage.without(dropped),
    kept: kept.map(({ node }) => node.id),
    paidAgain: findLost(inputs, isKept, named),
    toRun: toRun.map(({ node }) => node.id),
    staleInputs: onLostInput === 'rerun' ? [] : stale,
  };
}

function wasComplete(journals: RunRemains['journals']): boolean {
  return journals.some(
    ({ records, positions }) =>
      positions.some(({ state }) => state === 'completed') ||
      records.some((record) => record.kind === 'run_ended' && record.status === 'completed'),
  );
}
