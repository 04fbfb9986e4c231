import { describe, expect, it } from 'vitest';
import { addSpend, type NodeSpend, type Spends, spendBeyond, totalSpend } from '../../src/run/spend.js';

const spent = (nodeId: string, amount: number, currency = 'USD', tokens = 0): NodeSpend => ({
  nodeId,
  currency,
  amount,
  tokens,
});

function spendsOf(...all: NodeSpend[]): Spends {
  const spends: Spends = new Map();
  for (const one of all) addSpend(spends, one);
  return spends;
}

describe('what nodes have cost', () => {
  it('adds up by node and currency', () => {
    const spends = spendsOf(spent('a', 1), spent('a', 2, 'USD', 5), spent('b', 4), spent('b', 8, 'EUR'));
    expect(totalSpend(spends)).toEqual({ USD: { amount: 7, tokens: 5 }, EUR: { amount: 8, tokens: 0 } });
  });

  it('is compared with what another account of the run knows, so that nothing counts twice', () => {
    const all = spendsOf(spent('a', 3), spent('b', 4, 'EUR', 7), spent('c', 1));
    expect(spendBeyond(all, spendsOf(spent('a', 3), spent('b', 1, 'EUR', 7)))).toEqual([
      spent('b', 3, 'EUR'),
      spent('c', 1),
    ]);
    expect(spendBeyond(all, all)).toEqual([]);
  });
});
