import type { NodeHandler, WorkflowPlanInput } from 'vibe-aigc';

/** A vibe that tests resume. */
export const tides = { description: 'A film about tides', style: 'noir', constraints: ['under 2 minutes'] };

/** script -> (shots, music) -> cut -> review */
export function filmPlan(id = 'film'): WorkflowPlanInput {
  const node = (nodeId: string, dependencies: string[] = []) => ({
    id: nodeId,
    type: 'generate' as const,
    description: `Do ${nodeId}`,
    dependencies,
  });
  const rootNodes = [
    node('script'),
    node('shots', ['script']),
    node('music', ['script']),
    node('cut', ['shots', 'music']),
    node('review', ['cut']),
  ];
  return { id, sourceVibe: tides, rootNodes };
}

/** A provider that bills: it notes every call, and fails or waits where it is told to. */
export class Provider {
  /** Node ids in the order in which they were paid for. */
  readonly calls: string[] = [];
  readonly inputs: Record<string, unknown> = {};
  readonly keys: Record<string, string> = {};
  private readonly failing = new Map<string, Error>();
  private readonly gates = new Map<string, { opened: Promise<void>; open: () => void }>();
  private readonly arrivals = new Map<string, { reached: Promise<void>; reach: () => void }>();

  readonly handler: NodeHandler = async (node, { inputs, idempotencyKey }) => {
    this.calls.push(node.id);
    this.inputs[node.id] = inputs;
    this.keys[node.id] = idempotencyKey;
    this.arrival(node.id).reach();
    await this.gates.get(node.id)?.opened;
    const error = this.failing.get(node.id);
    if (error !== undefined) throw error;
    return { did: node.id, from: Object.keys(inputs) };
  };

  failAt(nodeId: string, error = new Error(`rate limit at ${nodeId}`)): this {
    this.failing.set(nodeId, error);
    return this;
  }

  mend(): this {
    this.failing.clear();
    this.arrivals.clear();
    return this;
  }

  /** The handler of this node waits until `open`. */
  holdAt(nodeId: string): this {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.gates.set(nodeId, { opened, open });
    return this;
  }

  open(nodeId: string): void {
    this.gates.get(nodeId)?.open();
  }

  /** Resolves when the handler of this node has been called. */
  reached(nodeId: string): Promise<void> {
    return this.arrival(nodeId).reached;
  }

  timesCalled(nodeId: string): number {
    return this.calls.filter((call) => call === nodeId).length;
  }

  private arrival(nodeId: string) {
    const known = this.arrivals.get(nodeId);
    if (known !== undefined) return known;
    let reach = () => {};
    const reached = new Promise<void>((resolve) => {
      reach = resolve;
    });
    const arrival = { reached, reach };
    this.arrivals.set(nodeId, arrival);
    return arrival;
  }
}
