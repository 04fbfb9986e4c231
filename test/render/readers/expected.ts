import type { WorkflowNode } from '../../../src/plan/workflow-node.js';

export interface ExpectedNode {
  readonly node: WorkflowNode;
  readonly above: readonly string[];
}

/** Nodes as a picture orders them: a parent, then all below it, as the plan has them. */
export function inOrder(nodes: readonly WorkflowNode[], above: readonly string[] = []): ExpectedNode[] {
  return nodes.flatMap((node) => [{ node, above }, ...inOrder(node.children, [...above, node.id])]);
}

/** Dependencies as pairs of rows; what is above a node is said by where it stands. */
export function expectedArrows(nodes: readonly WorkflowNode[]): Array<[number, number]> {
  const order = inOrder(nodes);
  const rows = new Map(order.map(({ node }, row) => [node.id, row]));
  return order.flatMap(({ node, above }, row) =>
    [...new Set(node.dependencies)]
      .filter((id) => !above.includes(id))
      .map((id): [number, number] => [rows.get(id) as number, row]),
  );
}

export function sorted(arrows: ReadonlyArray<readonly [number, number]>): string[] {
  return arrows.map(([from, to]) => `${from} -> ${to}`).sort();
}
