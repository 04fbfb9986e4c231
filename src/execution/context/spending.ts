import type { GraphNode } from '../../plan/plan-graph.js';
import type { AttemptControl } from '../attempt-control.js';
import type { Budget } from '../budget.js';

/** What something costs or may cost. */
export interface Cost {
  /** In units of the currency, such as 0.04. Left out: not known. */
  readonly amount?: number;
  /** Any text. Default `USD`. */
  readonly currency?: string;
  readonly tokens?: number;
}

export interface Spending {
  /** Sets an amount aside before it is spent; waits, or pauses the run, while a cap does not allow it. */
  reserve(estimate: Cost & { readonly amount: number }): Promise<void>;
  /** Records what was spent. */
  spend(cost: Cost): Promise<void>;
}

interface SpendingOptions {
  readonly budget?: Budget | undefined;
  /** Counts tokens against the limits of a node. */
  readonly useTokens?: (placed: GraphNode, tokens: number) => void;
}

export function spendingOf(control: AttemptControl, { budget, useTokens }: SpendingOptions): Spending {
  const { placed } = control;
  const nodeId = placed.node.id;
  const reserved = new Map<string, number>();

  function giveBack(currency: string, atMost: number): number {
    const amount = Math.min(atMost, reserved.get(currency) ?? 0);
    if (amount <= 0) return 0;
    reserved.set(currency, (reserved.get(currency) ?? 0) - amount);
    budget?.release(placed, currency, amount);
    return amount;
  }

  async function reserve({ amount, currency = 'USD' }: Cost & { readonly amount: number }): Promise<void> {
    checkCost(amount, 'reserve');
    if (budget === undefined) return;
    for (;;) {
      const refusal = budget.reserve(placed, currency, amount);
      if (refusal === undefined) break;
      await control.parkUntil(refusal, (wake) => budget.onReleased(wake));
    }
    if (reserved.size === 0) control.onEnd(() => reserved.forEach((rest, of) => void giveBack(of, rest)));
    reserved.set(currency, (reserved.get(currency) ?? 0) + amount);
  }

  async function spend({ amount, currency = 'USD', tokens = 0 }: Cost): Promise<void> {
    checkCost(tokens, 'spend');
    if (amount !== undefined) checkCost(amount, 'spend');
    const unknownCost = amount === undefined ? (budget?.unknownCost ?? 'ignore') : undefined;
    if (unknownCost === 'pause') budget?.stopFor(nodeId);
    const spent = amount ?? (unknownCost === 'estimate' ? (reserved.get(currency) ?? 0) : 0);
    giveBack(currency, spent);
    budget?.add(placed, currency, spent);
    if (tokens > 0) useTokens?.(placed, tokens);
    await control.record({ kind: 'spend_recorded', nodeId, currency, amount: spent, tokens, at: control.isoNow() });
  }

  return { reserve, spend };
}

function checkCost(amount: number, of: string): void {
  if (typeof amount === 'number' && amount >= 0 && amount < Number.POSITIVE_INFINITY) return;
  throw new TypeError(`ctx.${of} takes an amount of at least 0, got ${String(amount)}.`);
}
