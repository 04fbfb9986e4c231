export type DomainName = 'film' | 'images' | 'music' | 'article' | 'generic';

/** The words by which a medium is known. What a compound means that its last word does not tell stands first. */
const media: readonly (readonly [DomainName, string])[] = [
  ['images', 'photo essay|picture book|(?:album|book) cover'],
  ['film', 'video essay|film|movie|video|clip|animation|documentary|trailer|commercial|cinema'],
  [
    'images',
    'image|picture|photo(?:graph(?:y)?)?|illustration|poster|painting|drawing|icon|sticker|watercolou?r|mood ?board',
  ],
  ['music', '(?<=film )score|song|music|soundtrack|album|melody|jingle|anthem|lullaby|ballad|symphony'],
  ['article', 'article|essay|blog(?: ?post)?|newsletter|white ?paper|op-ed|press release|tutorial|short story'],
];

/** For a pattern: any of the words that name a medium. */
export const anyMedium = media.map(([, words]) => words).join('|');
const mediumPattern = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${media.map(([, words]) => `(${words})`).join('|')})s?(?![\\p{L}\\p{N}])`,
  'giu',
);

export interface Medium {
  readonly domain: DomainName;
  readonly word: string;
  /** Where the word ends. */
  readonly end: number;
}

/** The first medium that a text names. Of words in a row the last decides: a film poster is a picture. */
export function mediumIn(text: string): Medium | undefined {
  let found: Medium | undefined;
  for (const match of text.matchAll(mediumPattern)) {
    if (found !== undefined && text.slice(found.end, match.index).trim() !== '') break;
    const [word, ...groups] = match;
    const [domain] = media[groups.findIndex((group) => group !== undefined)] as (typeof media)[number];
    found = { domain, word, end: match.index + word.length };
  }
  return found;
}
