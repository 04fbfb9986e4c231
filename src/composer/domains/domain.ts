import type { JsonObject } from '../../plan/json-value.js';
import type { Size } from '../limits.js';
import { inline } from '../markdown.js';
import type { Amounts, PlannedPart } from '../part.js';
import type { Wish } from '../wish.js';

/** How briefs for one medium are planned and written. */
export interface Domain {
  readonly heading: string;
  /** Splits the work into parts, and says where its numbers come from. */
  plan(wish: Wish): { readonly parts: readonly PlannedPart[]; readonly sizes: readonly string[] };
  /** The lines of a part, and what can be counted in them. */
  write(part: PlannedPart, wish: Wish): { readonly lines: readonly string[]; readonly amounts?: Amounts };
}

export function partOf(
  id: string,
  title: string,
  purpose: string,
  budget: Amounts = {},
  share: JsonObject = {},
): PlannedPart {
  return { id, title, purpose, budget, share };
}

/** A number of the plan, and where it comes from. */
export function sizeText(amount: string, { from }: Size): string {
  return `${amount}: ${from ?? 'the usual, as nothing given says otherwise'}`;
}

/** The first, one in between, or the last. */
export function stageOf(index: number, count: number): 0 | 1 | 2 {
  return count > 1 && index === 0 ? 0 : count > 1 && index === count - 1 ? 2 : 1;
}

/** The item of a story in order that is as far on as `index` of `count`. */
export function along<T>(story: readonly T[], index: number, count: number): T {
  return story[count < 2 ? 0 : Math.round((index * (story.length - 1)) / (count - 1))] as T;
}

/** Item by item, and again from the start. Items with a forbidden word are left out, unless nothing would remain. */
export function cycle(wish: Wish, pool: readonly string[]): (index: number) => string {
  const allowed = wish.allowed(pool);
  const items = allowed.length > 0 ? allowed : pool;
  return (index) => items[index % items.length] as string;
}

/** What each word of the style asks for here. */
export function styleLines({ style, allowed }: Wish, ...senses: ('picture' | 'prose')[]): string[] {
  const lines = style.map((word) => {
    const asks = new Set(senses.map((sense) => word[sense]));
    return `- **${inline(word.word)}:** ${[...asks].join('; in words: ')}`;
  });
  if (lines.length > 0) return allowed(lines);
  return ['- **style:** none was given; choose one reference first, and hold every part against it'];
}

/** `Act 2: Turn` of `act`, the second, `Turn`. */
export function unitTitle(unit: string, index: number, name: string): string {
  return `${titled(unit)} ${index + 1}: ${name}`;
}

function titled(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
