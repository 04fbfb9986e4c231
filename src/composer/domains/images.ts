import { sizeOf } from '../limits.js';
import { inline, sentence } from '../markdown.js';
import { amountOf } from '../numbers.js';
import { cycle, type Domain, partOf, sizeText, styleLines } from './domain.js';

const views = [
  'wide view',
  'close detail',
  'from above',
  'at eye level',
  'silhouette',
  'from low down',
  'through an opening',
  'as a reflection',
  'only its trace',
];
const places = [
  'lower third',
  'centre, symmetrical',
  'right edge, the rest left open',
  'small and far off',
  'edge to edge',
];
const times = ['just before', 'in the middle of it', 'just after', 'long after'];

/** What holds the set together, and one prompt for each picture. */
export const images: Domain = {
  heading: 'Image set',

  plan({ constraints, motifs }) {
    const count = sizeOf(constraints, 'picture', 4, { most: 100 });
    const pictures = Array.from({ length: count.value }, (_, index) => {
      const motif = motifs[index % motifs.length] as string;
      const share = { index, motif };
      return partOf(
        `picture-${index + 1}`,
        `Picture ${index + 1}`,
        `the prompt for it; in focus: ${motif}`,
        { picture: 1 },
        share,
      );
    });
    return {
      parts: [partOf('set', 'What they share', 'what is the same in every picture, and what changes'), ...pictures],
      sizes: [sizeText(amountOf(count.value, 'picture'), count)],
    };
  },

  write({ id, share, budget }, wish) {
    const { core, style, allowed } = wish;
    if (id === 'set') {
      const lines = [
        `- **the same:** palette, grain and height of the eye; settle them on the first picture, then keep them.`,
        `- **changing:** distance, place in the frame, moment.`,
        `- **order:** by distance, so that no two neighbours look alike.`,
      ];
      return { lines: [sentence(inline(core)), '', ...styleLines(wish, 'picture'), ...allowed(lines)] };
    }
    const { index, motif } = share as { index: number; motif: string };
    const view = [cycle(wish, views)(index), `in focus: ${inline(motif)}`, `place: ${cycle(wish, places)(index)}`];
    const look = allowed(style.map(({ word, picture }) => (picture.startsWith('settle') ? inline(word) : picture)));
    const prompt = [
      sentence(inline(core, 400)),
      `${view.join('; ')}.`,
      `Moment: ${cycle(wish, times)(index)}.`,
      ...look.slice(0, 3).map(sentence),
    ];
    return { lines: [`> ${prompt.map(capitalized).join(' ')}`], amounts: budget };
  },
};

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
