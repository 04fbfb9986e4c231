import type { GraphNode } from '../plan/plan-graph.js';
import type { Pause } from '../run/pause.js';
import type { RunState } from '../run/run-state.js';
import { allSpends } from '../run/spend.js';

/** What may be spent, by currency; over all processes that work on a run. */
export type Caps = Readonly<Record<string, number>>;

export interface BudgetOptions {
  /** For the whole run, such as `{ USD: 5 }`. */
  readonly run?: Caps;
  /** For all nodes of a type together. */
  readonly types?: Readonly<Record<string, Caps>>;
  /** For all nodes with this `parameters.tool` together. */
  readonly tools?: Readonly<Record<string, Caps>>;
  /**
   * What a call counts for whose cost is not known (`ctx.spend({})`): what was reserved for it (`estimate`, the default),
   * nothing (`ignore`), or that nothing more may be begun (`pause`).
   */
  readonly unknownCost?: 'estimate' | 'ignore' | 'pause';
}

/** Why something may not be spent. */
export type Refusal = Extract<Pause, { reason: 'budget' }>;

interface Account {
  readonly name: string;
  readonly caps: Caps;
  readonly spent: Map<string, number>;
  readonly reserved: Map<string, number>;
}

/** What a run has spent and set aside, against its caps. Sums go on over resumes: they are made of its records. */
export class Budget {
  private readonly accounts: Account[] = [];
  private readonly run: Account | undefined;
  private readonly types = new Map<string, Account>();
  private readonly tools = new Map<string, Account>();
  private readonly waiting: Array<() => void> = [];
  /** A cost that nobody knows, where that stops everything. */
  private unknown: string | undefined;

  constructor(
    private readonly options: BudgetOptions,
    state: RunState,
  ) {
    this.run = options.run && this.open('run', options.run);
    for (const [type, caps] of Object.entries(options.types ?? {}))
      this.types.set(type, this.open(`type ${type}`, caps));
    for (const [tool, caps] of Object.entries(options.tools ?? {}))
      this.tools.set(tool, this.open(`tool ${tool}`, caps));
    for (const { nodeId, currency, amount } of allSpends(state.spends)) {
      const placed = state.graph.get(nodeId);
      if (placed !== undefined) this.add(placed, currency, amount);
    }
  }

  get unknownCost(): NonNullable<BudgetOptions['unknownCost']> {
    return this.options.unknownCost ?? 'estimate';
  }

  /** Why an attempt may not even begin: a cap is used up. */
  refusalOf(placed: GraphNode): Refusal | undefined {
    for (const account of this.of(placed)) {
      for (const [currency, limit] of Object.entries(account.caps)) {
        const spent = sumOf(account.spent, currency);
        if (spent >= limit) return refusal(placed, account, currency, limit, spent);
      }
    }
    if (this.unknown === undefined) return undefined;
    return {
      reason: 'budget',
      nodeId: placed.node.id,
      cap: `the cost of ${this.unknown} is unknown`,
      currency: '',
      limit: 0,
      spent: 0,
    };
  }

  /** Sets an amount aside, or says why not. At once: nodes that run at the same time cannot pass a cap together. */
  reserve(placed: GraphNode, currency: string, amount: number): Refusal | undefined {
    const accounts = this.of(placed);
    for (const account of accounts) {
      const limit = Object.hasOwn(account.caps, currency) ? account.caps[currency] : undefined;
      if (limit === undefined) continue;
      const spent = sumOf(account.spent, currency);
      if (spent + sumOf(account.reserved, currency) + amount > limit) {
        return { ...refusal(placed, account, currency, limit, spent), needed: amount };
      }
    }
    for (const { reserved } of accounts) reserved.set(currency, sumOf(reserved, currency) + amount);
    return undefined;
  }

  /** Gives back what was set aside. */
  release(placed: GraphNode, currency: string, amount: number): void {
    for (const { reserved } of this.of(placed)) reserved.set(currency, Math.max(0, sumOf(reserved, currency) - amount));
    for (const tell of this.waiting.splice(0)) tell();
  }

  /** Calls back once, when something that was set aside is given back. */
  onReleased(callback: () => void): void {
    this.waiting.push(callback);
  }

  add(placed: GraphNode, currency: string, amount: number): void {
    for (const { spent } of this.of(placed)) spent.set(currency, sumOf(spent, currency) + amount);
  }

  /** A node cannot say what it cost, and that is to stop the run. */
  stopFor(nodeId: string): void {
    this.unknown = nodeId;
  }

  private open(name: string, caps: Caps): Account {
    const account = { name, caps, spent: new Map(), reserved: new Map() };
    this.accounts.push(account);
    return account;
  }

  private of({ node }: GraphNode): Account[] {
    const { tool } = node.parameters;
    const ofTool = typeof tool === 'string' ? this.tools.get(tool) : undefined;
    return [this.run, this.types.get(node.type), ofTool].filter((account) => account !== undefined);
  }
}

function sumOf(sums: ReadonlyMap<string, number>, currency: string): number {
  return sums.get(currency) ?? 0;
}

function refusal({ node }: GraphNode, { name }: Account, currency: string, limit: number, spent: number): Refusal {
  return { reason: 'budget', nodeId: node.id, cap: name, currency, limit, spent };
}
