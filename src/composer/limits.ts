import type { Constraint, Rule } from './rules.js';

/** How many of something are planned, and which words say so. */
export interface Size {
  readonly value: number;
  /** Nothing when it is the standard that is taken without a limit. */
  readonly from?: string;
}

type Limit = Extract<Rule, { kind: 'limit' }>;

/**
 * As near to the standard as the limits allow; what `fills` goes up to its limit instead, as a film uses its time.
 * Constraints come before numbers in the description. When limits contradict each other, the upper one holds.
 */
export function sizeOf(
  constraints: readonly Constraint[],
  noun: string,
  standard: number,
  { least = 1, most = 1_000_000, fills = false } = {},
): Size {
  const found = constraints.filter(({ rules }) => limitsIn(rules, noun).length > 0);
  const given = found.filter(({ isImplied }) => !isImplied);
  const sources = given.length > 0 ? given : found;
  const limits = sources.flatMap(({ rules }) => limitsIn(rules, noun));
  const max = limits.reduce((least, limit) => Math.min(least, limit.max), Number.POSITIVE_INFINITY);
  const min = limits.reduce((most, limit) => Math.max(most, limit.min), Number.NEGATIVE_INFINITY);
  const isBounded = max < Number.MAX_SAFE_INTEGER;
  const wanted = limits.find(({ aim }) => aim !== undefined)?.aim ?? (fills && isBounded ? max : standard);
  const value = Math.max(least, Math.min(Math.max(wanted, min), max, most));
  if (sources.length === 0) return { value };
  const from = sources.map(({ text, isImplied }) => (isImplied ? 'the description' : `“${text}”`));
  return { value, from: from.join(' and ') };
}

/** The noun by which the constraints call a unit: an act may be a scene, a section a chapter. */
export function unitNamed(constraints: readonly Constraint[], nouns: RegExp, standard: string): string {
  const limits = constraints.flatMap(({ rules }) => rules).filter((rule) => rule.kind === 'limit');
  return limits.find(({ noun }) => nouns.test(noun))?.noun ?? standard;
}

/** Whole shares, at least 1 each, that add up to `total`, which must be at least their number. */
export function shares(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const spare = total - weights.length;
  let weight = 0;
  let given = 0;
  return weights.map((own) => {
    weight += own;
    const before = given;
    given = Math.round((spare * weight) / sum);
    return 1 + given - before;
  });
}

function limitsIn(rules: readonly Rule[], noun: string): Limit[] {
  return rules.filter((rule): rule is Limit => rule.kind === 'limit' && rule.noun === noun);
}
