import { isPlainObject } from '../plan/json-value.js';
import type { Vibe } from '../plan/vibe.js';
import { clip } from './markdown.js';
import { anyMedium, type DomainName, mediumIn } from './medium.js';
import { tidyNumbers } from './numbers.js';
import { phrasesOf } from './phrases.js';
import { type Constraint, impliedConstraints, parseConstraint } from './rules.js';
import { readStyle, type StyleWord } from './style.js';
import { mentions, singular } from './terms.js';

/** What the vibe was understood to be: the output of the node `analysis`. */
export interface Analysis {
  readonly domain: DomainName;
  readonly because: string;
  /** What is to be made, such as `watercolour illustration`; empty when the description does not say. */
  readonly kind: string;
  /** The description without the words that name the medium. */
  readonly core: string;
  /** The things that it is about; what must be mentioned stands among them. Never empty. */
  readonly motifs: readonly string[];
}

/** A vibe as the writers use it. */
export interface Wish extends Analysis {
  readonly constraints: readonly Constraint[];
  readonly style: readonly StyleWord[];
  /** The style and every constraint, for each part to carry; empty when there are none. */
  readonly keep: readonly string[];
  /** Those of the texts that have no forbidden word in them. */
  allowed<T extends string>(texts: readonly T[]): T[];
}

/** `analysis` may have been written by a handler that the host put in place of ours: then we read the vibe again. */
export function wishOf(vibe: Vibe, analysis?: unknown): Wish {
  const style = vibe.style === undefined ? [] : [clip(vibe.style, 200)];
  const given = vibe.constraints.map(parseConstraint);
  const isOurs =
    isPlainObject(analysis) &&
    Array.isArray(analysis.motifs) &&
    typeof analysis.core === 'string' &&
    typeof analysis.kind === 'string';
  return {
    ...(isOurs ? (analysis as unknown as Analysis) : analyze(vibe)),
    constraints: [...given, ...impliedConstraints(vibe.description, anyMedium)],
    style: readStyle(vibe.style),
    keep: [...style, ...vibe.constraints.map((text) => clip(text, 200))].filter(Boolean),
    allowed: (texts) => texts.filter((text) => !termsOf('forbid', given).some((term) => mentions(text, term))),
  };
}

function analyze({ description, domain, ...vibe }: Vibe): Analysis {
  const constraints = vibe.constraints.map(parseConstraint);
  const text = clip(description, 2_000);
  const medium = mediumIn(text);
  const given = domain === undefined ? undefined : mediumIn(domain.replace(/[-_]/g, ' '));
  const core =
    text
      .slice(medium?.end ?? 0)
      .match(
        /^(?: (?:set|series|cycle|collection))?(?: (?:about|of|on|showing|(?:that |which )?(?:explain|describ|cover|introduc)(?:e?s|ing))|:) (.+)/,
      )?.[1] ?? text;
  const required = termsOf('require', constraints);
  const forbidden = termsOf('forbid', constraints);
  const things = phrasesOf(core).filter((thing) => core !== text || mediumIn(thing) === undefined);
  const found = [
    ...things.slice(0, 6),
    ...required.filter((term) => !things.slice(0, 6).some((thing) => mentions(thing, term))),
  ];
  const motifs = found
    .filter((thing) => !forbidden.some((term) => mentions(thing, term)))
    .map((thing) => clip(thing, 60));
  const word = (given ?? medium)?.word.toLowerCase();
  return {
    domain: (given ?? medium)?.domain ?? 'generic',
    because:
      word === undefined
        ? 'no word of it names a medium known here'
        : `${given ? 'the domain' : 'the description'} says “${word}”`,
    kind: medium === undefined ? '' : kindOf(text.slice(0, medium.end)),
    core: core.charAt(0).toUpperCase() + core.slice(1),
    motifs: motifs.length > 0 ? motifs : [clip(core, 60)],
  };
}

function termsOf(kind: 'forbid' | 'require', constraints: readonly Constraint[]): string[] {
  return constraints.flatMap(({ rules }) => rules.flatMap((rule) => (rule.kind === kind ? [rule.term] : [])));
}

/** The words before the medium that belong to it: `watercolour illustration` of `a set of six watercolour illustrations`. */
function kindOf(text: string): string {
  const words = text.split(' ').slice(-3);
  const start = words.findLastIndex((word) =>
    /^(?:an?|the|of|some|few|our|my|make|create|write|\d.*)$/.test(tidyNumbers(word)),
  );
  return singular(words.slice(start + 1).join(' '));
}
