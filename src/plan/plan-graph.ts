import { type Issue, PlanInvalidError } from '../errors.js';
import { findCycles, isAcyclic } from './cycles.js';
import type { WorkflowNode } from './workflow-node.js';

/** Most nodes have no children, and many no dependencies. */
const none: GraphNode[] = [];

/** A node and its place in the graph. */
export interface GraphNode {
  readonly node: WorkflowNode;
  /** Position in plan order, parents before their children. */
  readonly index: number;
  readonly parent: GraphNode | undefined;
  readonly children: readonly GraphNode[];
  /** Index of the last node below this one; its own when there is none. */
  lastBelow: number;
  /** Direct dependencies as written, each once. An ancestor among them means that ancestor's own output. */
  readonly dependencies: readonly GraphNode[];
  /** `false` only for a composite, which then completes with its children. */
  readonly hasHandler: boolean;
}

/**
 * The graph of a plan. A node has a point where its own work is settled, and a parent a second one where its whole
 * subtree is: `ownPoint` and `subtreePoint`, the same for a node without children. An edge leads from a point to each
 * point that waits for it, so that children, dependents and ancestors are one kind of waiting.
 */
export class PlanGraph {
  readonly nodes: GraphNode[] = [];
  /** For each point, the points that wait for it; `undefined` when there is none. */
  readonly successors: Array<number[] | undefined> = [];
  /** For each point, how many points it waits for. */
  readonly waitCounts: number[] = [];
  private readonly byId = new Map<string, GraphNode>();

  get(id: string): GraphNode | undefined {
    return this.byId.get(id);
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** Adds nodes and everything below them. Answers what is wrong: duplicate ids, strangers, cycles, unserved nodes. */
  add(nodes: readonly WorkflowNode[], hasHandler: (node: WorkflowNode) => boolean): Issue[] {
    const issues: Issue[] = [];
    const first = this.nodes.length;
    for (const node of nodes) this.place(node, undefined, hasHandler, issues);
    for (let index = first; index < this.nodes.length; index++) this.connect(this.nodes[index] as GraphNode, issues);
    if (isAcyclic(this.successors, this.waitCounts)) return issues;
    for (const cycle of findCycles(this.successors)) issues.push(this.issueOfCycle(cycle));
    return issues;
  }

  private place(
    node: WorkflowNode,
    parent: GraphNode | undefined,
    hasHandler: (node: WorkflowNode) => boolean,
    issues: Issue[],
  ): GraphNode {
    const index = this.nodes.length;
    const served = hasHandler(node);
    const children: GraphNode[] = node.children.length === 0 ? none : [];
    const dependencies: GraphNode[] = node.dependencies.length === 0 ? none : [];
    const placed = { node, index, parent, children, lastBelow: index, dependencies, hasHandler: served };
    if (this.byId.has(node.id)) issues.push({ path: node.id, message: 'another node has this id too' });
    else this.byId.set(node.id, placed);
    if (!served && node.type !== 'composite') issues.push(issueOfUnserved(node));
    this.nodes.push(placed);
    this.successors.push(undefined, undefined);
    this.waitCounts.push(0, 0);
    for (const child of node.children) children.push(this.place(child, placed, hasHandler, issues));
    placed.lastBelow = this.nodes.length - 1;
    return placed;
  }

  private connect(placed: GraphNode, issues: Issue[]): void {
    const { node, parent } = placed;
    if (parent !== undefined) {
      this.edge(ownPoint(parent), ownPoint(placed));
      this.edge(subtreePoint(placed), subtreePoint(parent));
    }
    const ids = node.dependencies.length < 2 ? node.dependencies : new Set(node.dependencies);
    for (const id of ids) {
      const dependency = this.byId.get(id);
      if (dependency === undefined) {
        issues.push({ path: node.id, message: `depends on ${JSON.stringify(id)}, which no node is called` });
        continue;
      }
      (placed.dependencies as GraphNode[]).push(dependency);
      const needsOwnOutput = isAbove(dependency, placed) && dependency.hasHandler;
      this.edge(needsOwnOutput ? ownPoint(dependency) : subtreePoint(dependency), ownPoint(placed));
    }
  }

  private edge(from: number, to: number): void {
    const successors = this.successors[from];
    if (successors === undefined) this.successors[from] = [to];
    else successors.push(to);
    this.waitCounts[to] = (this.waitCounts[to] ?? 0) + 1;
  }

  private issueOfCycle(points: readonly number[]): Issue {
    const ids = points.map((point) => (this.nodes[point >> 1] as GraphNode).node.id);
    const around = ids.filter((id, position) => id !== ids[position - 1]);
    if (around.length > 1 && around[0] === around[around.length - 1]) around.pop();
    const start = around[0] as string;
    const shown = around.length <= 20 ? around : [...around.slice(0, 20), '...'];
    return { path: start, message: `a cycle: ${[...shown, start].join(' -> ')}` };
  }
}

/** @throws PlanInvalidError with every problem of the plan at once. */
export function buildPlanGraph(
  plan: { readonly id: string; readonly rootNodes: readonly WorkflowNode[] },
  hasHandler: (node: WorkflowNode) => boolean,
): PlanGraph {
  const graph = new PlanGraph();
  const issues = graph.add(plan.rootNodes, hasHandler);
  if (plan.rootNodes.length === 0)
    issues.push({ path: 'rootNodes', message: 'an empty plan: give it at least one node' });
  if (issues.length > 0) throw new PlanInvalidError(plan.id, issues);
  return graph;
}

/** Where a node's own work is settled. */
export function ownPoint({ index }: GraphNode): number {
  return 2 * index;
}

/** Where a node and all below it are settled: what other nodes wait for. */
export function subtreePoint({ index, lastBelow }: GraphNode): number {
  return lastBelow === index ? 2 * index : 2 * index + 1;
}

export function isSubtreePoint(point: number): boolean {
  return point % 2 === 1;
}

function isAbove(ancestor: GraphNode, { index }: GraphNode): boolean {
  return ancestor.index < index && index <= ancestor.lastBelow;
}

function issueOfUnserved({ id, type, parameters }: WorkflowNode): Issue {
  const tool = typeof parameters.tool === 'string' ? ` or tool ${JSON.stringify(parameters.tool)}` : '';
  return { path: id, message: `no handler serves type "${type}"${tool}; add it to handlers, or set handlers.default` };
}
