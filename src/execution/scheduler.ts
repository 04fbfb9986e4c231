import { type GraphNode, isSubtreePoint, ownPoint, subtreePoint, waitPoint } from '../plan/plan-graph.js';
import { noEdge } from '../plan/successors.js';
import { grownTo } from '../run/grown-array.js';
import type { RunRecord } from '../run/run-record.js';
import type { RunState } from '../run/run-state.js';

/** A node that is settled without a handler. */
export type Decision =
  | { readonly kind: 'complete'; readonly placed: GraphNode }
  | { readonly kind: 'fail'; readonly placed: GraphNode; readonly child: GraphNode }
  | { readonly kind: 'skip'; readonly placed: GraphNode; readonly blockedBy: GraphNode };

/**
 * Says which nodes may start now. A point of the graph is passed once all points before it are, freely or blocked by a
 * node that was not completed. Every point and edge is looked at once over the whole run.
 *
 * What follows from a failure is decided at once, down to the last dependent, so that it is one group of records; it
 * can start nothing. What follows from a success waits until the success is committed and comes back to `react`.
 */
export class Scheduler {
  private waitingFor: Int32Array;
  private passed: Uint8Array;
  /** Points that wait for a blocked one. */
  private hindered: Uint8Array;
  /** For a point that was passed blocked: the node to blame. */
  private readonly blockers: Array<GraphNode | undefined>;
  private failed: Uint8Array;
  private readonly ready: GraphNode[] = [];
  private nextReady = 0;
  private decided: Decision[] = [];
  private readonly reached: number[] = [];

  constructor(private readonly state: RunState) {
    const { graph } = state;
    this.waitingFor = new Int32Array(graph.waitCounts);
    this.passed = new Uint8Array(graph.waitCounts.length);
    this.hindered = new Uint8Array(graph.waitCounts.length);
    this.blockers = new Array(graph.waitCounts.length);
    this.failed = new Uint8Array(graph.nodes.length);
    if (state.results.size > 0) {
      for (const placed of graph.nodes) if (this.isSettled(placed)) this.pass(ownPoint(placed), undefined);
    }
    this.reached.length = 0;
    this.reachFirst();
    this.follow();
  }

  /** The next node whose handler may run, in the order in which nodes became ready. */
  takeReady(): GraphNode | undefined {
    const placed = this.ready[this.nextReady];
    if (placed === undefined) return undefined;
    this.nextReady++;
    if (this.nextReady === this.ready.length) {
      this.ready.length = 0;
      this.nextReady = 0;
    }
    return placed;
  }

  /** Puts a node back, for another attempt. */
  makeReady(placed: GraphNode): void {
    this.ready.push(placed);
  }

  /** What was decided since the last call, dependencies before their dependents. */
  takeDecided(): readonly Decision[] {
    if (this.decided.length === 0) return this.decided;
    const decided = this.decided;
    this.decided = [];
    return decided;
  }

  /** Looks at what a committed record of a node makes possible, and at nothing else. */
  react(placed: GraphNode, record: RunRecord): void {
    if (record.kind === 'node_settled') {
      const { status } = record.result;
      if (status === 'failed') this.failed[placed.index] = 1;
      if (this.passed[ownPoint(placed)] === 1) return;
      this.pass(ownPoint(placed), status === 'completed' ? undefined : placed);
      this.follow();
    } else if (record.kind === 'composite_completed') {
      this.pass(subtreePoint(placed), undefined);
      this.follow();
    } else if (record.kind === 'nodes_spawned') this.grow();
  }

  /** Takes in what was added below a node whose handler is at work, so that nothing of it can start yet. */
  private grow(): void {
    const { graph, isComplete } = this.state;
    const known = this.failed.length;
    const points = 2 * isComplete.length;
    this.waitingFor = grownTo(this.waitingFor, points);
    this.passed = grownTo(this.passed, points);
    this.hindered = grownTo(this.hindered, points);
    this.failed = grownTo(this.failed, isComplete.length);
    for (const placed of graph.nodes.slice(known, isComplete.length)) {
      for (const dependency of placed.dependencies) this.waitFor(waitPoint(placed, dependency), ownPoint(placed));
      if (placed.parent === undefined) continue;
      this.waitFor(ownPoint(placed.parent), ownPoint(placed));
      this.waitFor(subtreePoint(placed), subtreePoint(placed.parent));
    }
  }

  private waitFor(point: number, next: number): void {
    if (this.passed[point] === 0) (this.waitingFor[next] as number)++;
    else if (this.blockers[point] !== undefined) this.hindered[next] = 1;
  }

  private pass(point: number, blocker: GraphNode | undefined): void {
    this.passed[point] = 1;
    this.blockers[point] = blocker;
    const { successors } = this.state.graph;
    for (let edge = successors.first(point); edge !== noEdge; edge = successors.after(edge)) {
      const next = successors.target(edge);
      if (blocker !== undefined) this.hindered[next] = 1;
      if (--(this.waitingFor[next] as number) === 0 && this.passed[next] === 0) this.reached.push(next);
    }
  }

  /**
   * What waits for nothing. It runs once, long before it is compiled, so that a node that may start is ready at once: it
   * makes nothing else happen, and what others make ready comes behind it anyway.
   */
  private reachFirst(): void {
    const { waitingFor, passed, hindered, reached, ready } = this;
    const { nodes } = this.state.graph;
    for (let index = 0; index < nodes.length; index++) {
      const placed = nodes[index] as GraphNode;
      const own = ownPoint(placed);
      if (waitingFor[own] === 0 && passed[own] === 0) {
        if (placed.hasHandler && hindered[own] === 0) ready.push(placed);
        else reached.push(own);
      }
      if (placed.children.length === 0) continue;
      const subtree = subtreePoint(placed);
      if (waitingFor[subtree] === 0 && passed[subtree] === 0) reached.push(subtree);
    }
  }

  private follow(): void {
    for (let next = 0; next < this.reached.length; next++) {
      const point = this.reached[next] as number;
      const placed = this.state.graph.nodes[point >> 1] as GraphNode;
      if (isSubtreePoint(point)) this.reachSubtree(placed);
      else this.reachOwn(placed);
    }
    this.reached.length = 0;
  }

  private reachOwn(placed: GraphNode): void {
    const blockedBy = this.hindered[ownPoint(placed)] === 1 ? this.firstBlocker(placed) : undefined;
    if (blockedBy !== undefined) {
      this.decided.push({ kind: 'skip', placed, blockedBy });
      this.pass(ownPoint(placed), placed);
    } else if (placed.hasHandler) this.ready.push(placed);
    else if (placed.children.length > 0) this.pass(ownPoint(placed), undefined);
    else this.decided.push({ kind: 'complete', placed });
  }

  private reachSubtree(placed: GraphNode): void {
    const own = this.blockers[ownPoint(placed)];
    if (own !== undefined) return this.pass(subtreePoint(placed), own);
    const hindered = this.hindered[subtreePoint(placed)] === 1;
    const blockers = hindered ? placed.children.map((child) => this.blockers[subtreePoint(child)]) : [];
    const first = blockers.find((blocker) => blocker !== undefined);
    if (placed.hasHandler) return this.pass(subtreePoint(placed), first);
    if (first === undefined) {
      if (this.state.results.get(placed.node.id)?.status === 'completed') this.pass(subtreePoint(placed), undefined);
      else this.decided.push({ kind: 'complete', placed });
      return;
    }
    const child = blockers.find((blocker) => blocker !== undefined && this.failed[blocker.index] === 1);
    if (child === undefined) this.decided.push({ kind: 'skip', placed, blockedBy: first });
    else {
      this.failed[placed.index] = 1;
      this.decided.push({ kind: 'fail', placed, child });
    }
    this.pass(subtreePoint(placed), placed);
  }

  private firstBlocker({ parent, dependencies }: GraphNode): GraphNode | undefined {
    if (parent !== undefined && this.blockers[ownPoint(parent)] !== undefined) return parent;
    for (const dependency of dependencies) {
      const blocker = this.blockers[subtreePoint(dependency)];
      if (blocker !== undefined) return blocker;
    }
    return undefined;
  }

  /** Done in an earlier process. A composite without a handler counts as done only when its children are. */
  private isSettled({ node, hasHandler, children }: GraphNode): boolean {
    return (hasHandler || children.length === 0) && this.state.results.get(node.id)?.status === 'completed';
  }
}
