/** `stories` as `story`: good enough to compare nouns, and wrong in the same way on both sides. */
export function singular(noun: string): string {
  if (/^(?:news|lens|series|species)$/.test(noun)) return noun;
  return noun
    .replace(/(?<=[^aeiou])ies$/, 'y')
    .replace(/(?<=ch|sh|x|ss|us)es$/, '')
    .replace(/(?<=[^su])s$/, '');
}

/** Whether a text has a word or phrase: in any case, in singular or plural, hyphened or not, never inside another word. */
export function mentions(text: string, term: string): boolean {
  const words = term.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const last = singular(words.pop() ?? '');
  const ending = last.endsWith('y') ? `${last.slice(0, -1)}(?:y|ies?)` : `${last}(?:s|es)?`;
  const phrase = [...words, ending].join('[^\\p{L}\\p{N}]?');
  const isSpaced = !/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u.test(term);
  return new RegExp(isSpaced ? `(?<![\\p{L}\\p{N}])${phrase}(?![\\p{L}\\p{N}])` : phrase, 'iu').test(text);
}

/** A word or phrase to look for; `undefined` when it says more than a search for words can tell. */
export function termOf(text: string): { term: string; condition?: string } | undefined {
  const bare = text.trim().replace(determiner, '');
  const quoted = /^["'“”‘’«»„]+(.+?)["'“”‘’«»„]+(.*)$/.exec(bare);
  const [, head = bare, condition] = quoted ?? conditional.exec(bare) ?? [];
  const term = head.trim().replace(emphasis, '');
  const isPlain = quoted !== null || (term.split(' ').length <= 4 && !clause.test(term));
  if (!isPlain || !/[\p{L}\p{N}]/u.test(term)) return undefined;
  return condition?.trim() ? { term, condition: condition.trim() } : { term };
}

const determiner =
  /^(?:(?:a|an|the|any|some|its|his|her|their|our|my|your|kinds? of|(?:use|mention) of|words?|phrase)\s+)+/i;
const emphasis = /\s+(?:at all|whatsoever|allowed|please|anywhere|ever|of any kind)$/i;
const conditional =
  /^(.+?)\s((?:in|on|at|before|after|until|during|for|from|when|where|while|if|by|as|unless|except|with|without|inside|throughout|once|twice|often|early|only|again)(?:\s.*)?)$/i;
const clause =
  /(?:^|\s)(?:is|are|was|were|be|been|has|have|had|do|does|that|who|which|how|why|what|he|she|it|they|we|you|one|and|or|nor|but|than|more|less|fewer|longer|shorter|over|under|below|above|each|every|matter)(?:\s|$)/i;
