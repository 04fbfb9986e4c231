import { z } from 'zod';
import type { Cost } from '../execution/context/spending.js';
import type { ModelAnswer } from './chat-model.js';

/** Units of the currency for a million tokens. */
export const pricesSchema = z.strictObject({
  input: price(),
  output: price(),
  /** Any text. Default `USD`. */
  currency: z.custom<string>((currency) => typeof currency === 'string' && currency !== '', 'some text').optional(),
});
export type Prices = z.infer<typeof pricesSchema>;

/** What an answer has cost; without prices or without counts, no amount is known. */
export function costOf(usage: ModelAnswer['usage'], prices: Prices | undefined): Cost {
  const { inputTokens, outputTokens } = usage ?? {};
  if (inputTokens === undefined && outputTokens === undefined) return currencyOf(prices);
  const [input, output] = [inputTokens ?? 0, outputTokens ?? 0];
  const tokens = input + output;
  if (prices === undefined) return { tokens };
  return { amount: (input * prices.input + output * prices.output) / 1_000_000, tokens, ...currencyOf(prices) };
}

function currencyOf(prices: Prices | undefined): Cost {
  return prices?.currency === undefined ? {} : { currency: prices.currency };
}

function price() {
  const isPrice = (value: unknown) => typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
  return z.custom<number>(isPrice, 'a number of at least 0');
}
