/** What was spent, by currency: `0.42 USD, 1,200 tokens`; empty when nothing was. */
export function spendText(spend: Iterable<{ currency: string; amount: number; tokens: number }>): string {
  const amounts = new Map<string, number>();
  let tokens = 0;
  for (const one of spend) {
    amounts.set(one.currency, (amounts.get(one.currency) ?? 0) + one.amount);
    tokens += one.tokens;
  }
  const money = [...amounts].filter(([, amount]) => amount > 0);
  return [
    ...money.map(([currency, amount]) => `${Number(amount.toFixed(6))} ${currency}`),
    ...(tokens > 0 ? [`${tokens.toLocaleString('en')} tokens`] : []),
  ].join(', ');
}
