import { isPlainObject, type JsonObject } from '../plan/json-value.js';
import { marker } from './marker.js';
import { amountOf } from './numbers.js';

/** How much of what, by noun: `{ second: 40, shot: 4 }`. */
export type Amounts = Readonly<Record<string, number>>;

/** A part of a brief as it is planned: what its node has as parameters. */
export interface PlannedPart {
  /** Unique in its brief. */
  readonly id: string;
  readonly title: string;
  /** What the part has to do. */
  readonly purpose: string;
  /** What of the whole it may use; the parts add up to the limits. */
  readonly budget: Amounts;
  /** Whatever else its writer goes by. */
  readonly share: JsonObject;
}

/** A part as it is written: the output of its node. */
export interface Part {
  readonly composer: typeof marker;
  readonly title: string;
  /** Markdown without the heading. */
  readonly text: string;
  /** Style and constraints: apart from the text, so that quoting a forbidden word does not break the constraint. */
  readonly keep: readonly string[];
  /** What is in the text, counted there. */
  readonly amounts: Amounts;
}

/** A part may have been written by a handler that the host put in place of ours: then it is text, or anything. */
export function isPart(output: unknown): output is Part {
  return isPlainObject(output) && output.composer === marker && typeof output.text === 'string';
}

/** What somebody else wrote, as Markdown. */
export function textOf(output: unknown): string {
  return typeof output === 'string' ? output : `\`\`\`json\n${JSON.stringify(output, null, 2)}\n\`\`\``;
}

export function sumOf(all: readonly Amounts[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const amounts of all) {
    for (const [noun, amount] of Object.entries(amounts)) sums[noun] = (sums[noun] ?? 0) + amount;
  }
  return sums;
}

/** `4 shots, 0:40`; that a part is one part goes without saying. */
export function amountsText(amounts: Amounts): string {
  const told = Object.entries(amounts).filter(([noun, amount]) => amount !== 1 || noun === 'second');
  return told.map(([noun, amount]) => amountOf(amount, noun)).join(', ');
}
