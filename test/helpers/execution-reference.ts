import type { WorkflowNode } from '../../src/plan/workflow-node.js';

/** What a handler did: it returned an output, or it failed for good. */
export type HandlerEnd = { readonly output: unknown } | 'failed';

export type Outcome =
  | { readonly status: 'completed'; readonly output: unknown }
  | { readonly status: 'failed' }
  | { readonly status: 'skipped'; readonly blockedBy: string };

/** Whether something lets those through that wait for it: not yet, yes, or never because of that node. */
type Gate = 'open' | 'free' | { readonly blame: string };

/**
 * What follows for every node of a plan from what its handlers did so far, worked out anew from the rules for plans and
 * nodes: slow, and independent of how a run keeps track.
 */
export class Reference {
  private readonly parents = new Map<WorkflowNode, WorkflowNode>();
  private readonly nodes = new Map<string, WorkflowNode>();
  private readonly known = new Map<string, Gate>();

  constructor(
    rootNodes: readonly WorkflowNode[],
    private readonly isServed: (node: WorkflowNode) => boolean,
    private readonly ends: ReadonlyMap<string, HandlerEnd>,
  ) {
    const place = (node: WorkflowNode) => {
      this.nodes.set(node.id, node);
      for (const child of node.children) {
        this.parents.set(child, node);
        place(child);
      }
    };
    rootNodes.forEach(place);
  }

  /** Ids of nodes whose handler may be under way now. */
  mayRun(): string[] {
    const isWaitedFor = (node: WorkflowNode) => this.isServed(node) && !this.ends.has(node.id);
    return [...this.nodes.values()]
      .filter((node) => isWaitedFor(node) && this.start(node) === 'free')
      .map(({ id }) => id);
  }

  /** Outputs of the dependencies by id, and of a parent that has a handler. */
  inputsOf(id: string): Record<string, unknown> {
    const node = this.node(id);
    const parent = this.parents.get(node);
    const sources = parent && this.isServed(parent) ? [parent.id, ...node.dependencies] : node.dependencies;
    return Object.fromEntries(sources.map((source) => [source, this.outputOf(source)]));
  }

  /** Of all nodes that are settled. */
  outcomes(): Map<string, Outcome> {
    const outcomes = new Map<string, Outcome>();
    for (const node of this.nodes.values()) {
      const outcome = this.outcomeOf(node);
      if (outcome !== undefined) outcomes.set(node.id, outcome);
    }
    return outcomes;
  }

  /** Ids of nodes that are complete with all below them. */
  complete(): string[] {
    return [...this.nodes.values()].filter((node) => this.whole(node) === 'free').map(({ id }) => id);
  }

  private outcomeOf(node: WorkflowNode): Outcome | undefined {
    const start = this.start(node);
    if (start === 'open') return undefined;
    if (start !== 'free') return { status: 'skipped', blockedBy: start.blame };
    if (this.isServed(node)) {
      const end = this.ends.get(node.id);
      if (end === undefined) return undefined;
      return end === 'failed' ? { status: 'failed' } : { status: 'completed', output: end.output };
    }
    const gates = node.children.map((child) => this.whole(child));
    if (gates.includes('open')) return undefined;
    const blamed = gates.flatMap((gate) => (typeof gate === 'object' ? [gate.blame] : []));
    if (blamed.some((id) => this.outcomeOf(this.node(id))?.status === 'failed')) return { status: 'failed' };
    if (blamed[0] !== undefined) return { status: 'skipped', blockedBy: blamed[0] };
    return {
      status: 'completed',
      output: Object.fromEntries(node.children.map(({ id }) => [id, this.outputOf(id)])),
    };
  }

  private outputOf(id: string): unknown {
    const outcome = this.outcomeOf(this.node(id));
    if (outcome?.status !== 'completed') throw new Error(`${id} has no output`);
    return outcome.output;
  }

  /** May the node begin? Its parent's own work comes first, and its dependencies with all below them. */
  private start(node: WorkflowNode): Gate {
    return this.once(`start ${node.id}`, () => {
      const parent = this.parents.get(node);
      const gates = node.dependencies.map((id) => this.dependency(this.node(id), node));
      if (parent !== undefined) gates.unshift(this.own(parent));
      return allOf(gates);
    });
  }

  private dependency(dependency: WorkflowNode, node: WorkflowNode): Gate {
    for (let above = this.parents.get(node); above !== undefined; above = this.parents.get(above)) {
      if (above === dependency) return this.own(dependency);
    }
    return this.whole(dependency);
  }

  /** Has the node done its own work? A composite without a handler has none. */
  private own(node: WorkflowNode): Gate {
    return this.once(`own ${node.id}`, () => {
      const start = this.start(node);
      if (start !== 'free') return start === 'open' ? 'open' : { blame: node.id };
      if (!this.isServed(node)) return 'free';
      const end = this.ends.get(node.id);
      if (end === undefined) return 'open';
      return end === 'failed' ? { blame: node.id } : 'free';
    });
  }

  /** Is the node complete with all below it? */
  private whole(node: WorkflowNode): Gate {
    return this.once(`whole ${node.id}`, () => {
      const own = this.own(node);
      if (own !== 'free') return own;
      const below = allOf(node.children.map((child) => this.whole(child)));
      return typeof below === 'object' && !this.isServed(node) ? { blame: node.id } : below;
    });
  }

  private once(key: string, work: () => Gate): Gate {
    const gate = this.known.get(key) ?? work();
    this.known.set(key, gate);
    return gate;
  }

  private node(id: string): WorkflowNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`no node is called ${id}`);
    return node;
  }
}

/** Nobody is blamed before everything that is waited for is settled. */
function allOf(gates: readonly Gate[]): Gate {
  if (gates.includes('open')) return 'open';
  return gates.find((gate) => gate !== 'free') ?? 'free';
}
