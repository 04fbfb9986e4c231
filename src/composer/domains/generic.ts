import { shares, sizeOf, unitNamed } from '../limits.js';
import { inline, sentence } from '../markdown.js';
import { amountOf } from '../numbers.js';
import { type Amounts, amountsText } from '../part.js';
import { along, type Domain, partOf, sizeText, stageOf, styleLines, unitTitle } from './domain.js';

const stages = [
  ['Beginning', 'what is there first, and makes somebody stay'],
  ['Middle', 'what it is about, and nothing else'],
  ['End', 'what stays when it is over'],
] as const;
const asks = [
  'one thing that can be seen, heard or touched',
  'the detail that only this one has',
  'what it means to somebody',
];

/** For a wish whose medium is not known: idea, audience, style, and the parts of the thing itself. */
export const generic: Domain = {
  heading: 'Creative brief',

  plan({ constraints, style }) {
    const unit = unitNamed(
      constraints,
      /^(?:section|part|chapter|page|panel|slide|step|stanza|verse|scene|point)$/,
      'part',
    );
    const limited = ['word', 'second'].flatMap((noun) => {
      const size = sizeOf(constraints, noun, 0, { fills: true });
      return size.from === undefined ? [] : [{ noun, size }];
    });
    const most = Math.max(1, Math.min(40, ...limited.map(({ size }) => size.value)));
    const number = sizeOf(constraints, unit, 3, { most });
    const weights = Array.from({ length: number.value }, (_, index) => 1 + (stageOf(index, number.value) % 2));
    const split = limited.map(({ noun, size }) => ({ noun, each: shares(size.value, weights) }));
    const units = weights.map((_, index) => {
      const budget: Record<string, number> = { [unit]: 1 };
      for (const { noun, each } of split) budget[noun] = each[index] as number;
      const [name, purpose] = stages[stageOf(index, number.value)] as (typeof stages)[number];
      const share = { index, of: number.value };
      return partOf(`${unit}-${index + 1}`, unitTitle(unit, index, name), purpose, budget, share);
    });
    return {
      parts: [
        partOf('idea', 'Core idea', 'what it is about, in one breath'),
        partOf('audience', 'Audience', 'whom it is for, and what should stay with them'),
        ...(style.length > 0 ? [partOf('style', 'Style', 'what each word of the style asks for')] : []),
        ...units,
      ],
      sizes: [
        sizeText(amountOf(number.value, unit), number),
        ...limited.map(({ noun, size }) => sizeText(amountOf(size.value, noun), size)),
      ],
    };
  },

  write({ id, purpose, budget, share }, wish) {
    const names = wish.motifs.map((motif) => inline(motif));
    if (id === 'idea') {
      const lines = [`- **in focus:** ${names.join(', ')}`, '- **left out:** whatever none of these needs.'];
      return { lines: [sentence(inline(wish.core)), '', ...wish.allowed(lines)] };
    }
    if (id === 'audience') {
      const lines = [
        `- **for:** one person who would stop for “${names[0]}”.`,
        `- **afterwards:** they remember “${names.at(-1)}”, and want to tell somebody.`,
      ];
      return { lines: wish.allowed(lines) };
    }
    if (id === 'style') return { lines: [...styleLines(wish, 'picture'), ...styleLines(wish, 'prose')] };
    const { index, of } = share as { index: number; of: number };
    const lines = [
      `- **in focus:** ${along(names, index, of)}`,
      `- **needs:** ${along(asks, index, of)}`,
      ...lengthLines(budget),
    ];
    return { lines: [sentence(`This is ${purpose}`), '', ...wish.allowed(lines)], amounts: budget };
  },
};

function lengthLines({ word, second }: Amounts): string[] {
  const amounts = amountsText({ ...(word !== undefined && { word }), ...(second !== undefined && { second }) });
  return amounts === '' ? [] : [`- **length:** ${amounts}`];
}
