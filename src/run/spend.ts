import { z } from 'zod';
import { setOwn } from '../plan/json-value.js';

/** What a node has cost, in one currency. */
export const nodeSpendSchema = z.object({
  nodeId: z.string(),
  currency: z.string(),
  amount: z.number().nonnegative(),
  tokens: z.number().nonnegative(),
});
export type NodeSpend = z.infer<typeof nodeSpendSchema>;

/** What nodes have cost so far: node id, then currency. */
export type Spends = Map<string, Map<string, NodeSpend>>;

export function addSpend(spends: Spends, { nodeId, currency, amount, tokens }: NodeSpend): void {
  const ofNode = spends.get(nodeId) ?? new Map<string, NodeSpend>();
  spends.set(nodeId, ofNode);
  const before = ofNode.get(currency);
  const sum = { amount: (before?.amount ?? 0) + amount, tokens: (before?.tokens ?? 0) + tokens };
  ofNode.set(currency, { nodeId, currency, ...sum });
}

export function* allSpends(spends: Spends): Generator<NodeSpend> {
  for (const ofNode of spends.values()) yield* ofNode.values();
}

/** By currency. */
export function totalSpend(spends: Spends): Record<string, { amount: number; tokens: number }> {
  const totals: Record<string, { amount: number; tokens: number }> = {};
  for (const { currency, amount, tokens } of allSpends(spends)) {
    const before = Object.hasOwn(totals, currency) ? totals[currency] : undefined;
    setOwn(totals, currency, { amount: (before?.amount ?? 0) + amount, tokens: (before?.tokens ?? 0) + tokens });
  }
  return totals;
}

/** What was spent by one account of a run and is not in another. */
export function spendBeyond(spends: Spends, known: Spends): NodeSpend[] {
  return [...allSpends(spends)].flatMap(({ nodeId, currency, amount, tokens }) => {
    const before = known.get(nodeId)?.get(currency);
    const more = {
      amount: Math.max(0, amount - (before?.amount ?? 0)),
      tokens: Math.max(0, tokens - (before?.tokens ?? 0)),
    };
    return more.amount > 0 || more.tokens > 0 ? [{ nodeId, currency, ...more }] : [];
  });
}
