import { amountOf, tidyNumbers } from './numbers.js';
import { singular, termOf } from './terms.js';

/** What a constraint asks, as far as it can be checked; bounds are whole and inclusive. */
export type Rule =
  | { readonly kind: 'limit'; readonly noun: string; readonly min: number; readonly max: number; readonly aim?: number }
  | { readonly kind: 'forbid' | 'require'; readonly term: string; readonly condition?: string }
  | { readonly kind: 'open'; readonly text: string };

/** A constraint as it was given, or a number that the description names. */
export interface Constraint {
  readonly text: string;
  readonly isImplied?: true;
  readonly rules: readonly Rule[];
}

/** Whatever is not understood to the last word stays open: nothing is claimed of it. */
export function parseConstraint(text: string): Constraint {
  const line = text.replace(/\s+/g, ' ').trim();
  return { text, rules: rulesOf(line.replace(/[\s.!]+$/, '').replace(/,? please$/i, '')) };
}

function rulesOf(text: string): readonly Rule[] {
  if (text.length > 300) return [{ kind: 'open', text }];
  const whole = ruleOf(text);
  if (whole !== undefined) return whole;
  const parts = text.split(/[,;:.]\s+(?:and\s+|but\s+)?|\s+(?:and|but)\s+/i).filter((part) => part !== '');
  const rules = parts.map((part) => ruleOf(part) ?? [{ kind: 'open', text: part } as const]);
  return rules.every(([rule]) => rule?.kind === 'open') ? [{ kind: 'open', text }] : rules.flat();
}

function ruleOf(text: string): Rule[] | undefined {
  return limitRulesOf(tidyNumbers(text)) ?? wordRulesOf(text);
}

const lead =
  /^(?:(?:it|its|there|please|(?:the|a|this|one)?\s*(?:whole|entire|total|overall|final|finished)?\s*(?:film|video|movie|clip|article|essay|text|piece|song|track|music|set|series|story|result|post|poem|length|duration|runtime|running time|word count|number|(?:word |time )?limit)|total|must|should|has to|have to|needs? to|may|can|shall|will|to|be|is|are|have|has|keep|kept|stay|stays|make|run|runs|last|lasts|of|with|do|does|in|there)(?:\s*:\s*|\s+))+/;
const verbs = /^(?:(?:use|contain|include|fit|show|mention|plan|write|read|into|in|an?)s?\s+)+/;
const tail =
  /(?:\s+(?:long|in length|in total|in all|total|overall|altogether|only|please|of (?:length|text|runtime)|(or less|or fewer|or under|or shorter|max(?:imum)?|at (?:the )?most|tops)|(or more|or longer|or over|min(?:imum)?|at least))|(?<=\bseconds?|\bwords?)[ -](?:film|video|movie|clip|article|essay|text|song|track|piece|limit|maximum))$/;
const comparison =
  /^(?:(not|no|never)\s+(?:(?:be|run|last|have|use|go)\s+)?)?(?:(longer|more|over|above|greater|beyond|exceed(?:ing|s)?)|(shorter|less|fewer|under|below|smaller)|(at (?:the )?most|up to|max(?:imum)?\.?(?: of)?|within|limited to|(?:a )?(?:limit|maximum) of|capped at|≤|<=)|(at least|min(?:imum)?\.?(?: of)?|(?:a )?minimum of|≥|>=)|(about|around|roughly|approximately|approx\.?|nearly|ca\.?|~)|between|from|exactly|precisely|just|only|=)(?:\s+than)?\s*/;
const quantity =
  /^(\d+(?:\.\d+)?)(?: seconds)?(?:\s*(?:-|–|—|to|and)\s*(\d+(?:\.\d+)?))?[\s-]?((?:[a-z][a-z-]* ){0,2})([a-z-]+)$/;
const notNouns = /\b(?:of|in|on|at|a|an|the|with|without|for|from|to|per|each|every|and|or|that|is|are|by|long|than)\b/;
/**
 * A number with a unit: `no more than 5 shots`, `between 60 and 90 seconds`. A word before the unit is a kind of it:
 * `six night scenes` are six scenes, and whether at night takes a reader; `at least 3 long shots` counts nothing here.
 */
function limitRulesOf(text: string): Rule[] | undefined {
  let rest = text.replace(lead, '').replace(verbs, '');
  let bound: 'min' | 'max' | undefined = /\blimit\b/.test(text) ? 'max' : undefined;
  for (let end = tail.exec(rest); end !== null; end = tail.exec(rest)) {
    bound ??= end[1] ? 'max' : end[2] ? 'min' : undefined;
    rest = rest.slice(0, end.index);
  }
  const [compared = '', not, above, below, most, least, roughly] = comparison.exec(rest) ?? [];
  const [, first, second, which = '', unit] = quantity.exec(rest.slice(compared.length)) ?? [];
  if (first === undefined || unit === undefined || notNouns.test(`${which}${unit}`)) return undefined;
  const noun = nounOf(unit);
  const [low, high] = [Number(first), Number(second ?? first)];
  if (roughly) return [limit(noun, low * 0.9, high * 1.1, Math.round((low + high) / 2))];
  const isUpper = most || bound === 'max' || (above && not) || (below && !not);
  const isLower = least || bound === 'min' || (below && not) || (above && !not);
  if ((not && !above && !below) || (which && (isUpper || isLower)) || high === 0) return undefined;
  const min = isUpper ? 0 : above ? Math.floor(low) + 1 : low;
  const max = isLower ? undefined : below ? Math.ceil(high) - 1 : high;
  const kind: Rule[] = which ? [{ kind: 'open', text: which.trim() }] : [];
  return [limit(noun, min, max), ...kind];
}

function limit(noun: string, min: number, max = Number.MAX_SAFE_INTEGER, aim?: number): Rule {
  const bounds = { kind: 'limit', noun, min: Math.ceil(min), max: Math.floor(max) } as const;
  return aim === undefined ? bounds : { ...bounds, aim };
}

const pictures = 'image|picture|photo|photograph|illustration|poster|painting|drawing|icon';
const adjectives = '(?:(?!(?:of|in|on|at|the|and|with|from|to|for) )[\\p{L}-]+ ){0,2}';

/** Many words for a picture are one. */
function nounOf(unit: string): string {
  const noun = singular(unit.split('-').at(-1) as string);
  return new RegExp(`^(?:${pictures})$`).test(noun) ? 'picture' : noun;
}

const passive =
  /^(.+?)\s+(?:must|should|has to|have to|needs? to)\s+(not\s+|never\s+)?(?:be\s+(?:mentioned|included|shown|named|used|seen|heard)|appear)(?:\s+(.*))?$/i;
const mention = '(?:mention|include|show|name|say|contain|feature|use|have|reference)';
const forbidden = new RegExp(
  `^(?:no|zero|(?:not?|never|(?:do|must|should|can)n['’]t|cannot) ${mention}|without|free of|leave out|(?:avoid|exclude|omit)(?: (?:using|mentioning|showing|mention of))?)\\s+(.+)$`,
  'i',
);
const required =
  /^(?:always\s+)?(?:mention|include|contain|name|feature|show|say|reference|use the (?:words?|phrase))s?\s+(.+)$/i;

function wordRulesOf(text: string): Rule[] | undefined {
  const [, subject, never, when] = passive.exec(text) ?? [];
  if (subject !== undefined)
    return termRules(never ? 'forbid' : 'require', when ? `${subject} ${when}` : subject, /$^/);
  const rest = text.replace(new RegExp(lead.source, 'i'), '');
  const [, free] = /^([\p{L}\p{N}-]+)-free$/iu.exec(rest) ?? [];
  if (free !== undefined) return [{ kind: 'forbid', term: free }];
  const [, out] = forbidden.exec(rest) ?? [];
  if (out !== undefined) return termRules('forbid', out, /^no /i.test(rest) ? /\s+n?or\s+/i : /\s+(?:and|n?or)\s+/i);
  const [, must] = required.exec(rest) ?? [];
  return must === undefined ? undefined : termRules('require', must, /\s+and\s+/i);
}

/** `salt, rope and fog` are three terms; a comma alone makes no list, as in `no people, just landscapes`. */
function termRules(kind: 'forbid' | 'require', text: string, last: RegExp): Rule[] | undefined {
  const parts = last.test(text) ? text.split(new RegExp(`,?${last.source}|,\\s+`, 'i')) : [text];
  const terms = parts.map(termOf);
  const isCount = kind === 'forbid' && parts.some((part) => /^\d/.test(part)); // `no 2 shots alike`
  const isList = parts.length === 1 || !parts.some((part, index) => index > 0 && notTerms.test(part));
  if (!isList || isCount || terms.includes(undefined) || /[,;:]\s/.test(parts.join(''))) return undefined;
  return terms.map((found) => ({ kind, ...(found as { term: string }) }));
}

/** How a new wish begins, after a word that could also have continued a list. */
const notTerms =
  /^(?:be|keep|have|has|end|ends|start|starts|stay|feel|feels|use|avoid|make|in|on|at|with|without|by|for|as|is|are|should|must|then|also|only|just|still|always|no|not|never|mention|include|show|under|over|exactly|\d)\b/i;

/** Numbers in a description that can only mean the work itself: `a two-minute film`, `a set of six`, `eight images`. */
export function impliedConstraints(description: string, medium: string): Constraint[] {
  const text = tidyNumbers(description.slice(0, 2_000));
  const patterns = [
    `(\\d+) (second)s?[ -]${adjectives}(?:${medium})`,
    `(?:${medium})s? (?:of|in|lasting) (\\d+) (second)s`,
    '(\\d+) (second)s long\\b',
    '(\\d+)[ -](word)s?\\b',
    '(?:set|series|sequence|collection) of (\\d+)\\b',
    `(\\d+)[ -]${adjectives}(${pictures}|shot|scene|act|section|chapter|verse|stanza|bar)s?\\b`,
    `^(?:make |draw |paint |create |design )?(?:an?|the)() ${adjectives}(${pictures})\\b(?! (?:set|series|essay|book))`,
  ];
  const found = patterns.flatMap((pattern): Constraint[] => {
    const match = new RegExp(pattern, 'u').exec(text);
    if (match === null) return [];
    const [count, noun] = [Number(match[1] || 1), nounOf(match[2] ?? 'picture')];
    return [{ text: amountOf(count, noun), isImplied: true, rules: [limit(noun, count, count)] }];
  });
  return [...new Map(found.map((constraint) => [constraint.text, constraint])).values()];
}
