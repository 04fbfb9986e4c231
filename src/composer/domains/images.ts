import { sizeOf } from '../limits.js';
import { inline, sentence } from '../markdown.js';
import { amountOf } from '../numbers.js';
import { along, cycle, type Domain, partOf, sizeText, styleLines } from './domain.js';

const views = [
  'wide view',
  'close detail',
  'view from above',
  'view at eye level',
  'against the light',
  'view from low down',
  'view through an opening',
  'as a reflection',
];
const places = [
  'in the lower third of the frame',
  'in the centre',
  'at the right edge, the rest left open',
  'small and far off',
  'from edge to edge',
];
const moments = ['before it begins', 'as it begins', 'at its height', 'as it ends', 'when it is over'];

/** What holds the set together, and one prompt for each picture. */
export const images: Domain = {
  heading: 'Image set',

  plan({ constraints, motifs }) {
    const count = sizeOf(constraints, 'picture', 4, { most: 100 });
    const pictures = Array.from({ length: count.value }, (_, index) => {
      const motif = motifs[index % motifs.length] as string;
      const share = { index, of: count.value, motif };
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
    const { kind, core, style, allowed } = wish;
    if (id === 'set') {
      const lines = [
        `- **the same:** palette, grain and height of the eye; settle them on the first picture, then keep them.`,
        `- **changing:** distance, place in the frame, moment.`,
        `- **order:** from before it begins to when it is over; no two neighbours from the same distance.`,
      ];
      return { lines: [sentence(inline(core)), '', ...styleLines(wish, 'picture'), ...allowed(lines)] };
    }
    const { index, of, motif } = share as { index: number; of: number; motif: string };
    const look = allowed(
      style.map(({ word, picture }) => (picture.startsWith('settle') ? inline(word) : `${inline(word)}: ${picture}`)),
    );
    const prompt = [
      `${kind === '' ? '' : `${inline(kind)}: `}${inline(core, 400)}`,
      `${cycle(wish, views)(index)}: ${inline(motif)}, ${cycle(wish, places)(index)}`,
      `the moment: ${of === 1 ? moments[2] : along(moments, index, of)}`,
      ...look.slice(0, 4),
    ];
    return { lines: [`> ${prompt.map((part) => capitalized(sentence(part))).join(' ')}`], amounts: budget };
  },
};

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
