import { type Issue, PlanInvalidError } from '../errors.js';
import { atOnce } from '../turns.js';
import { findCycles, isAcyclic } from './cycles.js';
import { Successors } from './successors.js';
import type { WorkflowNode } from './workflow-node.js';

/** Most nodes have no children, and many no dependencies. */
const none: readonly GraphNode[] = [];

/** A node and its place in the graph. */
export interface GraphNode {
  readonly node: WorkflowNode;
  /** Position in plan order, parents before their children. */
  readonly index: number;
  readonly parent: GraphNode | undefined;
  /** In plan order; grows while its handler runs. */
  readonly children: readonly GraphNode[];
  /**
   * Direct dependencies as written, each once. An ancestor among them means that ancestor's own output. A new list each
   * time it is asked for.
   */
  readonly dependencies: readonly GraphNode[];
  /** `false` only for a composite, which then completes with its children. */
  readonly hasHandler: boolean;
}

class PlacedNode implements GraphNode {
  constructor(
    readonly node: WorkflowNode,
    readonly index: number,
    readonly parent: GraphNode | undefined,
    readonly children: readonly GraphNode[],
    readonly hasHandler: boolean,
    private readonly graph: Pick<PlanGraph, 'get'>,
  ) {}

  /** Looked up when asked for: a list for each of many thousand nodes would keep the garbage collector busy. */
  get dependencies(): readonly GraphNode[] {
    const { dependencies } = this.node;
    if (dependencies.length === 0) return none;
    const placed: GraphNode[] = [];
    for (const id of distinct(dependencies)) {
      const dependency = this.graph.get(id);
      if (dependency !== undefined) placed.push(dependency);
    }
    return placed;
  }
}

/**
 * The graph of a plan. A node has a point where its own work is settled, and a parent a second one where its whole
 * subtree is: `ownPoint` and `subtreePoint`, the same for a node without children. An edge leads from a point to each
 * point that waits for it, so that children, dependents and ancestors are one kind of waiting.
 */
export class PlanGraph {
  readonly nodes: GraphNode[] = [];
  /** For each point, the points that wait for it. */
  readonly successors = new Successors();
  /** For each point, how many points it waits for. */
  readonly waitCounts: number[] = [];
  private readonly byId = new Map<string, GraphNode>();
  /** How many nodes there were before the first `addBelow`, and after each. */
  private readonly sizes: number[] = [];

  /**
   * @param hasHandler whether somebody serves a node; only a composite may go without
   * @param issuesOf what else is wrong with a node
   */
  constructor(
    private readonly hasHandler: (node: WorkflowNode) => boolean,
    private readonly issuesOf?: (node: WorkflowNode) => readonly Issue[],
  ) {}

  /** How often nodes were added below another. */
  get spawns(): number {
    return Math.max(0, this.sizes.length - 1);
  }

  get(id: string): GraphNode | undefined {
    return this.byId.get(id);
  }

  has(id: string): boolean {
    return this.byId.has(id);
  }

  /** How many nodes there were when nodes had been added below others so many times. */
  sizeAfter(spawns: number): number {
    return this.sizes[spawns] ?? this.nodes.length;
  }

  /** Adds nodes and everything below them. Answers what is wrong: duplicate ids, strangers, cycles, unserved nodes. */
  add(nodes: readonly WorkflowNode[]): Issue[] {
    return atOnce(this.adding(nodes));
  }

  /** The same in steps. */
  *adding(nodes: readonly WorkflowNode[]): Generator<void, Issue[]> {
    const issues: Issue[] = [];
    const first = this.nodes.length;
    for (let index = 0; index < nodes.length; index++) {
      if (isStep(index)) yield;
      this.place(nodes[index] as WorkflowNode, undefined, issues);
    }
    for (let index = first; index < this.nodes.length; index++) {
      if (isStep(index)) yield;
      this.connect(this.nodes[index] as GraphNode, issues);
    }
    if (this.nodes.length > nodesPerStep) yield;
    return [...issues, ...this.cycles()];
  }

  /** The cycles there are. O(nodes + edges) */
  cycles(): Issue[] {
    if (isAcyclic(this.successors, this.waitCounts)) return [];
    return findCycles(this.successors).map((cycle) => this.issueOfCycle(cycle));
  }

  /**
   * Adds nodes as children of one whose handler is at work. What waited for that node waits for them from now on.
   * Trusts them: `issuesBelow` says what is wrong. O(new nodes, their edges, and what waits for the parent)
   */
  addBelow(parent: GraphNode, nodes: readonly WorkflowNode[]): void {
    if (nodes.length > 0 && parent.children.length === 0) {
      this.successors.move(2 * parent.index, 2 * parent.index + 1);
    }
    const first = this.nodes.length;
    if (this.sizes.length === 0) this.sizes.push(first);
    if (parent.children === none) (parent as { children: readonly GraphNode[] }).children = [];
    for (const node of nodes) (parent.children as GraphNode[]).push(this.place(node, parent, []));
    for (let index = first; index < this.nodes.length; index++) this.connect(this.nodes[index] as GraphNode, []);
    this.sizes.push(this.nodes.length);
  }

  /**
   * What is wrong with nodes that are to be added below another. They may depend on each other, on what is `isDone`, on
   * nodes above them and on other nodes below the same parent: nothing of that can wait for them.
   */
  issuesBelow(parent: GraphNode, nodes: readonly WorkflowNode[], isDone: (placed: GraphNode) => boolean): Issue[] {
    const added = new PlanGraph(this.hasHandler, this.issuesOf);
    const above = new Set<GraphNode>();
    for (let at: GraphNode | undefined = parent; at !== undefined; at = at.parent) above.add(at);
    const mayWaitFor = (placed: GraphNode): boolean => {
      if (above.has(placed)) return placed.hasHandler;
      if (isDone(placed)) return true;
      let at: GraphNode | undefined = placed;
      while (at !== undefined && at !== parent) at = at.parent;
      return at === parent;
    };
    const known = (id: string) => this.byId.get(id);
    const inside = nodes.map((node) => withoutOutside(node, known));
    const issues = added.add(inside);
    for (const { node } of added.nodes) {
      if (this.byId.has(node.id)) issues.push({ path: node.id, message: 'another node has this id too' });
    }
    for (const { id, dependencies } of allNodes(nodes)) {
      for (const dependency of dependencies) {
        const placed = known(dependency);
        if (placed === undefined || mayWaitFor(placed)) continue;
        const what = `depends on ${JSON.stringify(dependency)}, which is not complete yet and not below the same node`;
        issues.push({ path: id, message: what });
      }
    }
    return issues;
  }

  private place(node: WorkflowNode, parent: GraphNode | undefined, issues: Issue[]): GraphNode {
    const index = this.nodes.length;
    const served = this.hasHandler(node);
    const children = node.children.length === 0 ? none : [];
    const placed = new PlacedNode(node, index, parent, children, served, this);
    if (this.byId.has(node.id)) issues.push({ path: node.id, message: 'another node has this id too' });
    else this.byId.set(node.id, placed);
    if (!served && node.type !== 'composite') issues.push(issueOfUnserved(node));
    if (this.issuesOf !== undefined) for (const issue of this.issuesOf(node)) issues.push(issue);
    this.nodes.push(placed);
    this.successors.addPoint();
    this.successors.addPoint();
    this.waitCounts.push(0, 0);
    for (const child of node.children) (children as GraphNode[]).push(this.place(child, placed, issues));
    return placed;
  }

  private connect(placed: GraphNode, issues: Issue[]): void {
    const { node, parent } = placed;
    if (parent !== undefined) {
      this.edge(ownPoint(parent), ownPoint(placed));
      this.edge(subtreePoint(placed), subtreePoint(parent));
    }
    for (const id of distinct(node.dependencies)) {
      const dependency = this.byId.get(id);
      if (dependency !== undefined) this.edge(waitPoint(placed, dependency), ownPoint(placed));
      else issues.push({ path: node.id, message: `depends on ${JSON.stringify(id)}, which no node is called` });
    }
  }

  private edge(from: number, to: number): void {
    this.successors.add(from, to);
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
  issuesOf?: (node: WorkflowNode) => readonly Issue[],
): PlanGraph {
  return atOnce(buildingPlanGraph(plan, hasHandler, issuesOf));
}

/** The same in steps. */
export function* buildingPlanGraph(
  plan: { readonly id: string; readonly rootNodes: readonly WorkflowNode[] },
  hasHandler: (node: WorkflowNode) => boolean,
  issuesOf?: (node: WorkflowNode) => readonly Issue[],
): Generator<void, PlanGraph> {
  const graph = new PlanGraph(hasHandler, issuesOf);
  const issues = yield* graph.adding(plan.rootNodes);
  if (plan.rootNodes.length === 0)
    issues.push({ path: 'rootNodes', message: 'an empty plan: give it at least one node' });
  if (issues.length > 0) throw new PlanInvalidError(plan.id, issues);
  return graph;
}

/** A smaller plan is one step: it takes the same turns of the event loop on any machine, which is none. */
const nodesPerStep = 256;

/** Whether a step ends before the node at this place. */
export function isStep(index: number): boolean {
  return index % nodesPerStep === nodesPerStep - 1;
}

/** Each id once. Most lists are short, and to make a set of each takes longer than all else that is done with it. */
function distinct(ids: readonly string[]): readonly string[] {
  return ids.length <= 8 && ids.every((id, index) => ids.indexOf(id) === index) ? ids : [...new Set(ids)];
}

/** Where a node's own work is settled. */
export function ownPoint({ index }: GraphNode): number {
  return 2 * index;
}

/** Where a node and all below it are settled: what other nodes wait for. */
export function subtreePoint({ index, children }: GraphNode): number {
  return children.length === 0 ? 2 * index : 2 * index + 1;
}

/** The point of a dependency that a node waits for: of one above it, its own output; otherwise the whole subtree. */
export function waitPoint(placed: GraphNode, dependency: GraphNode): number {
  return dependency.hasHandler && isAbove(dependency, placed) ? ownPoint(dependency) : subtreePoint(dependency);
}

export function isSubtreePoint(point: number): boolean {
  return point % 2 === 1;
}

export function isAbove(ancestor: GraphNode, { parent }: GraphNode): boolean {
  if (ancestor.children.length === 0) return false;
  for (let above = parent; above !== undefined; above = above.parent) if (above === ancestor) return true;
  return false;
}

function* allNodes(nodes: readonly WorkflowNode[]): Generator<WorkflowNode> {
  for (const node of nodes) {
    yield node;
    yield* allNodes(node.children);
  }
}

/** A node as it stands among those that are added with it. */
function withoutOutside(node: WorkflowNode, known: (id: string) => GraphNode | undefined): WorkflowNode {
  return {
    ...node,
    dependencies: node.dependencies.filter((id) => known(id) === undefined),
    children: node.children.map((child) => withoutOutside(child, known)),
  };
}

function issueOfUnserved({ id, type, parameters }: WorkflowNode): Issue {
  const tool = typeof parameters.tool === 'string' ? ` or tool ${JSON.stringify(parameters.tool)}` : '';
  return { path: id, message: `no handler serves type "${type}"${tool}; add it to handlers, or set handlers.default` };
}
