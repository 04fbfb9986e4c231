import { buildPlanGraph, type GraphNode, type PlanGraph } from '../plan/plan-graph.js';
import type { WorkflowPlan } from '../plan/workflow-plan.js';
import type { ExecutionState } from '../run/execution-state.js';
import { foldedParents } from './fold.js';
import { type NodeStatus, nodeStatuses, statusReader } from './node-status.js';
import { plainText } from './plain-text.js';

/** A node as a picture shows it. Texts are on one line and hold nothing that a reader would obey. */
export interface PictureNode {
  /** Position from the top: a parent, then all below it, in the order of the plan. */
  readonly row: number;
  readonly depth: number;
  readonly id: string;
  readonly description: string;
  readonly type: string;
  /** Absent when there is no state. */
  readonly status?: NodeStatus;
  readonly parent?: PictureNode;
  /** Those that are shown. */
  readonly children: PictureNode[];
  /** What must be complete first. For what is folded stands the node it is folded into; what is above is left out. */
  readonly dependencies: PictureNode[];
  /** How many nodes below are not shown, such as `48 folded: 40 completed, 8 pending`. */
  readonly folded?: string;
}

/** What all formats draw. */
export interface Picture {
  readonly title: string;
  readonly nodes: readonly PictureNode[];
}

/** @throws PlanInvalidError for a plan that is none; TypeError when the state is of another plan */
export function pictureOf(plan: WorkflowPlan, state: ExecutionState | undefined, foldAbove: number): Picture {
  const graph = grownGraph(plan, state);
  const statuses = new Map<GraphNode, NodeStatus>();
  if (state !== undefined) {
    const statusOf = statusReader(state);
    for (const placed of fromBelow(graph)) statuses.set(placed, statusOf(placed));
  }
  const folded = foldedParents(graph.nodes, foldAbove);
  const nodes: PictureNode[] = [];
  /** For each node, the one that stands for it. */
  const shownAs = new Map<GraphNode, PictureNode>();
  const show = (placed: GraphNode, parent: PictureNode | undefined) => {
    const below = folded.has(placed) ? allBelow(placed) : [];
    const status = statuses.get(placed);
    const shown: PictureNode = {
      row: nodes.length,
      depth: parent === undefined ? 0 : parent.depth + 1,
      id: plainText(placed.node.id) || JSON.stringify(placed.node.id),
      description: plainText(placed.node.description),
      type: placed.node.type,
      ...(status !== undefined && { status }),
      ...(parent !== undefined && { parent }),
      children: [],
      dependencies: [],
      ...(below.length > 0 && { folded: `${below.length} folded${tallyOf(below, statuses)}` }),
    };
    nodes.push(shown);
    parent?.children.push(shown);
    for (const hidden of [placed, ...below]) shownAs.set(hidden, shown);
    if (below.length === 0) for (const child of placed.children) show(child, shown);
  };
  for (const placed of graph.nodes) if (placed.parent === undefined) show(placed, undefined);
  connect(graph, shownAs);
  const count = `${graph.nodes.length} ${graph.nodes.length === 1 ? 'node' : 'nodes'}`;
  return { title: `${plainText(plan.id)}, ${count}${tallyOf(graph.nodes, statuses)}`, nodes };
}

/** The graph with what handlers added to it. */
function grownGraph(plan: WorkflowPlan, state: ExecutionState | undefined): PlanGraph {
  const graph = buildPlanGraph(plan, () => true);
  if (state === undefined) return graph;
  if (state.planId !== plan.id) throw ofAnotherPlan(plan, state);
  for (const { nodeId, nodes } of state.spawnedNodes ?? []) {
    const parent = graph.get(nodeId);
    if (parent === undefined || graph.issuesBelow(parent, nodes, () => true).length > 0) {
      throw ofAnotherPlan(plan, state);
    }
    graph.addBelow(parent, nodes);
  }
  return graph;
}

function ofAnotherPlan(plan: WorkflowPlan, state: ExecutionState): TypeError {
  const ids = `"${plainText(state.planId)}", not of plan "${plainText(plan.id)}" as it was given`;
  return new TypeError(`renderPlan got a state of plan ${ids}. Pass the state's own workflowPlan.`);
}

/** Nodes below before those above them. */
function* fromBelow({ nodes }: PlanGraph): Generator<GraphNode> {
  for (let index = nodes.length - 1; index >= 0; index--) yield nodes[index] as GraphNode;
}

function allBelow({ children }: GraphNode): GraphNode[] {
  return children.flatMap((child) => [child, ...allBelow(child)]);
}

function connect({ nodes }: PlanGraph, shownAs: ReadonlyMap<GraphNode, PictureNode>): void {
  const known = new Map<PictureNode, Set<PictureNode>>();
  for (const placed of nodes) {
    const to = shownAs.get(placed) as PictureNode;
    const before = known.get(to) ?? new Set();
    known.set(to, before);
    for (const dependency of placed.dependencies) {
      const from = shownAs.get(dependency) as PictureNode;
      if (before.has(from) || isSameOrAbove(from, to)) continue;
      before.add(from);
      to.dependencies.push(from);
    }
  }
}

function isSameOrAbove(ancestor: PictureNode, node: PictureNode): boolean {
  let at: PictureNode | undefined = node;
  while (at !== undefined && at.depth > ancestor.depth) at = at.parent;
  return at === ancestor;
}

/** What comes after a number of nodes: how many have which status. */
function tallyOf(nodes: readonly GraphNode[], statuses: ReadonlyMap<GraphNode, NodeStatus>): string {
  if (statuses.size === 0) return '';
  const counts = new Map<NodeStatus, number>();
  for (const placed of nodes) {
    const status = statuses.get(placed) as NodeStatus;
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const parts = nodeStatuses.flatMap((status) => (counts.has(status) ? [`${counts.get(status)} ${status}`] : []));
  return `: ${parts.join(', ')}`;
}
