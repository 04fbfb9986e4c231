import { type GraphNode, isAbove, type PlanGraph } from '../plan/plan-graph.js';

/** What the nodes of a plan take in, for finding what a missing result means for others. */
export interface Inputs {
  readonly graph: PlanGraph;
  /** Whether a node is a composite without a handler, which is what its children are. */
  readonly isFree: (placed: GraphNode) => boolean;
}

/** A node, and those of its inputs that are made again. */
export interface StaleInput {
  readonly nodeId: string;
  /** Ids of the dependencies, or of the parent, of which it was given another output. */
  readonly dependencies: readonly string[];
}

/** A node whose result was recorded once and is lost. */
export interface LostResult {
  readonly nodeId: string;
  /** What shows that it was recorded, or why it is not kept. */
  readonly reason: string;
}

/** Nodes that are kept although an input of theirs is missing, or was made again since. In the order of the plan. */
export function findStaleInputs(
  inputs: Inputs,
  has: (nodeId: string) => boolean,
  isMadeLater: (input: string, nodeId: string) => boolean,
): StaleInput[] {
  const stale: StaleInput[] = [];
  for (const placed of inputs.graph.nodes) {
    const { id } = placed.node;
    if (!has(id) || inputs.isFree(placed)) continue;
    const isAgain = ({ node }: GraphNode) => !has(node.id) || isMadeLater(node.id, id);
    const again = inputsOf(placed, inputs).filter((input) => leavesOf(input, inputs).some(isAgain));
    if (again.length > 0) stale.push({ nodeId: id, dependencies: again.map(({ node }) => node.id) });
  }
  return stale;
}

/** All that a change of some nodes reaches, themselves included: what took them in, and so on. */
export function reachedFrom(nodeIds: Iterable<string>, inputs: Inputs): Set<string> {
  const usersOf = new Map<GraphNode, GraphNode[]>();
  for (const placed of inputs.graph.nodes) {
    for (const leaf of inputsOf(placed, inputs).flatMap((input) => leavesOf(input, inputs))) {
      const users = usersOf.get(leaf);
      if (users === undefined) usersOf.set(leaf, [placed]);
      else users.push(placed);
    }
  }
  const reached = new Set(nodeIds);
  for (const nodeId of reached) {
    const placed = inputs.graph.get(nodeId);
    for (const { node } of (placed && usersOf.get(placed)) ?? []) reached.add(node.id); // a set hands over what it gains
  }
  return reached;
}

/**
 * Nodes that must have had a result which is not there: those that something names, and all that must have been done
 * before what is known to be done. In the order of the plan.
 */
export function findLost(
  inputs: Inputs,
  has: (nodeId: string) => boolean,
  named: ReadonlyMap<string, string>,
): LostResult[] {
  const { graph, isFree } = inputs;
  const reasons = new Map<GraphNode, string>();
  const open: GraphNode[] = [];
  const note = (placed: GraphNode | undefined, reason: string) => {
    if (placed === undefined || reasons.has(placed)) return;
    reasons.set(placed, reason);
    open.push(placed);
  };
  const wholes = new Set<GraphNode>();
  /** Composites of whose dependencies, and of those above them, it is known. */
  const known = new Set<GraphNode>();
  /** Who waits for a node waits for all below it, unless it is below it too. */
  const noteSubtree = (before: GraphNode, waiting: GraphNode, reason: string) => {
    note(before, reason);
    if (isAbove(before, waiting) || wholes.has(before)) return;
    wholes.add(before);
    for (const child of before.children) noteSubtree(child, waiting, reason);
  };
  for (const [nodeId, reason] of named) note(graph.get(nodeId), reason);
  for (const placed of graph.nodes) if (has(placed.node.id)) note(placed, '');
  for (let placed = open.pop(); placed !== undefined; placed = open.pop()) {
    const reason = `it was done before ${JSON.stringify(placed.node.id)}`;
    if (isFree(placed)) for (const child of placed.children) note(child, reasons.get(placed) || reason);
    for (const above of ancestorsOf(placed)) {
      if (known.has(above)) break;
      known.add(above);
      if (!isFree(above)) note(above, reason);
      for (const before of above.dependencies) noteSubtree(before, placed, reason);
    }
    for (const before of placed.dependencies) noteSubtree(before, placed, reason);
  }
  return graph.nodes
    .filter((placed) => reasons.has(placed) && !has(placed.node.id) && !isFree(placed))
    .map((placed) => ({ nodeId: placed.node.id, reason: reasons.get(placed) as string }));
}

function* ancestorsOf({ parent }: GraphNode): Generator<GraphNode> {
  for (let above = parent; above !== undefined; above = above.parent) yield above;
}

/** The nodes whose outputs a handler is given. */
function inputsOf({ parent, dependencies }: GraphNode, { isFree }: Inputs): readonly GraphNode[] {
  return parent === undefined || isFree(parent) ? dependencies : [...new Set([parent, ...dependencies])];
}

/** What an output is made of: its own, or those below a composite without a handler. */
function leavesOf(placed: GraphNode, inputs: Inputs): readonly GraphNode[] {
  return inputs.isFree(placed) ? placed.children.flatMap((child) => leavesOf(child, inputs)) : [placed];
}
