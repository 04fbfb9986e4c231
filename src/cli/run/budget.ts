import { InvalidArgumentError } from 'commander';

const usualCurrency = 'USD';

/** Adds `5`, `0.5USD` or `20EUR` to the caps that were given before. */
export function budget(text: string, caps: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const [, amount, currency = usualCurrency] = /^(\d{1,12}(?:\.\d{1,9})?) ?([A-Za-z]\w{0,19})?$/.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('It must be an amount, such as 5 (USD) or 5EUR.');
  return { ...caps, [currency]: Number(amount) };
}

/** As the option takes it. */
export function budgetWords(caps: Readonly<Record<string, number>>): string[] {
  return Object.entries(caps).map(([currency, amount]) => `${amount}${currency === usualCurrency ? '' : currency}`);
}
