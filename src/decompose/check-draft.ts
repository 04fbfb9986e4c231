import type { Issue } from '../errors.js';
import { issuesOf } from '../plan/issues.js';
import { PlanGraph } from '../plan/plan-graph.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import { planDraftSchema } from './plan-draft.js';

/**
 * What is wrong with a draft of a decomposer: its shape, duplicate ids, unknown dependencies, cycles, and what
 * `issuesOfNode` finds. For a decomposer that can do better when it is told; the planner checks again.
 */
export function issuesOfDraft(draft: unknown, issuesOfNode: (node: WorkflowNode) => readonly Issue[]): Issue[] {
  const parsed = planDraftSchema.safeParse(draft);
  if (!parsed.success) return issuesOf(parsed.error);
  return new PlanGraph(() => true, issuesOfNode).add(parsed.data.rootNodes);
}
