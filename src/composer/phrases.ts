const setOf = (words: string) => new Set(words.split(' '));
const determiners = setOf('a an the his her its their our my your this these those some any every each no');
const openers = setOf(
  'of in on at from with for about by into over under to through between behind beside near after before during without against across along as like',
);
const others = setOf(
  'who whom whose which that what when where why how is are was were be been being has have had do does did can could will would should must may might not never it he she they we you i him them us me there then than so if but because while until also just only very really too please make want let get give all both out up',
);
/** After these a new phrase begins, of the same kind. */
const links = setOf('and or');

/**
 * The things that a text is about, as they stand in it: `lighthouse keeper`, `tides`, `letter`. What follows an article
 * or a preposition is taken for a thing, what follows `who` or `was` is not. A text of another language has no words
 * that tell them apart: then its longer words have to do.
 */
export function phrasesOf(text: string): string[] {
  const phrases: string[] = [];
  let words: string[] = [];
  let isThing = true;
  let afterDeterminer = false;
  const close = (next: string) => {
    const isBeforeDeterminer = determiners.has(next);
    if (isBeforeDeterminer && (words.length > 1 || !afterDeterminer)) words.pop(); // "reads the tides": a verb
    if (isThing && words.length > 0) {
      phrases.push(...(words.length > 4 ? words.filter((word) => word.length > 3) : [words.join(' ')]));
    }
    words = [];
    afterDeterminer = isBeforeDeterminer;
    if (!links.has(next) || isThing) isThing = !others.has(next);
  };
  for (const token of text.match(/[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{M}\p{N}]/gu) ?? []) {
    const word = token.toLowerCase();
    const isWord = /[\p{L}\p{N}]/u.test(word);
    if (isWord && ![determiners, openers, others, links].some((set) => set.has(word))) words.push(token);
    else close(word);
  }
  close('');
  return [...new Map(phrases.map((phrase) => [phrase.toLowerCase(), phrase])).values()];
}
