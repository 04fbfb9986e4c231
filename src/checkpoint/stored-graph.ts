import { PlanInvalidError } from '../errors.js';
import { freezeJson } from '../plan/json-value.js';
import { buildPlanGraph, type PlanGraph } from '../plan/plan-graph.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import type { ExecutionState } from '../run/execution-state.js';

/** The graph of a stored plan with what handlers added to it. @throws PlanInvalidError with every problem */
export function storedGraph(
  { planId, workflowPlan, spawnedNodes = [] }: Pick<ExecutionState, 'planId' | 'workflowPlan' | 'spawnedNodes'>,
  hasHandler: (node: WorkflowNode) => boolean,
): PlanGraph {
  const graph = buildPlanGraph(workflowPlan, hasHandler);
  if (spawnedNodes.length === 0) return graph;
  for (const { nodeId, nodes } of spawnedNodes) {
    const parent = graph.get(nodeId);
    const strange = { path: nodeId, message: 'has nodes below it that were added later, and is not there' };
    const issues = parent === undefined ? [strange] : graph.issuesBelow(parent, nodes, () => true);
    if (parent === undefined || issues.length > 0) throw new PlanInvalidError(planId, issues);
    graph.addBelow(parent, freezeJson(nodes));
  }
  const issues = graph.cycles();
  if (issues.length > 0) throw new PlanInvalidError(planId, issues);
  return graph;
}
