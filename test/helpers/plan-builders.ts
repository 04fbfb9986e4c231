import type { GraphNode } from '../../src/plan/plan-graph.js';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import type { WorkflowPlan } from '../../src/plan/workflow-plan.js';

export function node(id: string, fields: Partial<WorkflowNode> = {}): WorkflowNode {
  const bare = { id, type: 'generate', description: `makes ${id}`, parameters: {}, dependencies: [], children: [] };
  return { ...(bare as WorkflowNode), ...fields };
}

export function nodeAfter(id: string, ...dependencies: string[]): WorkflowNode {
  return node(id, { dependencies });
}

/** A composite, which the handlers of these tests serve only with the tool `assemble`. */
export function composite(id: string, children: WorkflowNode[], fields: Partial<WorkflowNode> = {}): WorkflowNode {
  return node(id, { type: 'composite', children, ...fields });
}

export function planOf(...rootNodes: WorkflowNode[]): WorkflowPlan {
  return { id: 'plan-1', sourceVibe: { description: 'a test', constraints: [], metadata: {} }, rootNodes };
}

/** `n0`, and after each node the next. */
export function chainOf(length: number): WorkflowNode[] {
  return Array.from({ length }, (_, index) =>
    node(`n${index}`, { dependencies: index === 0 ? [] : [`n${index - 1}`] }),
  );
}

/** As many levels of nodes, each the only child of the one above. */
export function nestOf(levels: number): WorkflowNode {
  let top = node(`level-${levels}`);
  for (let level = levels - 1; level > 0; level--) top = node(`level-${level}`, { children: [top] });
  return top;
}

export function isServedInTests({ type, parameters }: WorkflowNode): boolean {
  return type !== 'composite' || parameters.tool === 'assemble';
}

export function idsOf(nodes: readonly GraphNode[]): string[] {
  return nodes.map((placed) => placed.node.id);
}
