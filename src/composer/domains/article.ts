import { shares, sizeOf, unitNamed } from '../limits.js';
import { inline, sentence } from '../markdown.js';
import { amountOf } from '../numbers.js';
import { cycle, type Domain, partOf, sizeText, stageOf, styleLines, unitTitle } from './domain.js';

const sections = {
  opening: ['Opening', 'one scene or fact that makes a reader stay'],
  ground: ['Ground', 'what a reader has to know first, and no more'],
  heart: ['Heart', 'the one claim of the piece, and what holds it up'],
  otherSide: ['Other side', 'the best case against the claim, and the answer to it'],
  reach: ['Reach', 'where else it is true, and where it stops being true'],
  ending: ['Ending', 'the opening again, read with what is known now'],
} as const;
const asks = [
  ['one thing that can be seen or heard', 'why now, in one sentence'],
  [
    'a fact that a reader can look up',
    'a person to whom it matters, by name',
    'what is commonly got wrong about it',
    'the strongest objection, as its friends would put it',
    'what it costs, in a number',
    'how it was before',
  ],
  ['what has changed since the opening', 'what a reader can do tomorrow'],
] as const;

/** Angle, voice, and sections whose words add up to the limit. */
export const article: Domain = {
  heading: 'Article brief',

  plan({ constraints }) {
    const words = sizeOf(constraints, 'word', 800, { fills: true });
    const unit = unitNamed(constraints, /^(?:section|chapter|paragraph|part|point|tip|step)$/, 'section');
    const usual = Math.min(6, Math.max(3, Math.round(words.value / 160)));
    const number = sizeOf(constraints, unit, usual, { most: Math.min(40, words.value) });
    const kinds = kindsOf(number.value);
    const budgets = shares(
      words.value,
      kinds.map((_, index) => (stageOf(index, kinds.length) === 1 ? 3 : 2)),
    );
    return {
      parts: [
        partOf('angle', 'Angle', 'the question, the claim and the reader'),
        partOf('voice', 'Voice', 'how it reads, sentence by sentence'),
        ...kinds.map((kind, index) => {
          const [name, purpose] = sections[kind];
          const budget = { [unit]: 1, word: budgets[index] as number };
          const share = { index, stage: stageOf(index, kinds.length) };
          return partOf(`${unit}-${index + 1}`, unitTitle(unit, index, name), purpose, budget, share);
        }),
      ],
      sizes: [sizeText(amountOf(words.value, 'word'), words), sizeText(amountOf(number.value, unit), number)],
    };
  },

  write({ id, purpose, budget, share }, wish) {
    const names = wish.motifs.map((motif) => inline(motif));
    if (id === 'angle') {
      const lines = [
        `- **question:** what will a reader know about “${names[0]}” at the end that they did not know before?`,
        '- **claim:** one sentence, written before anything else; every part answers to it.',
        '- **reader:** one person, curious and short of time.',
      ];
      return { lines: [sentence(inline(wish.core)), '', ...wish.allowed(lines)] };
    }
    if (id === 'voice') {
      const lines = [
        '- **tense and person:** chosen once, in the first sentence.',
        '- **proof:** read it aloud; cut what the breath does not carry.',
      ];
      return { lines: [...styleLines(wish, 'prose'), ...wish.allowed(lines)] };
    }
    const { index, stage } = share as { index: number; stage: 0 | 1 | 2 };
    const ask = cycle(wish, asks[stage]);
    const words = budget.word ?? 0;
    const points = [0, 1].map((point) => `- **${names[(index + point) % names.length]}:** ${ask(2 * index + point)}`);
    const length = `- **length:** ${amountOf(words, 'word')}, about ${amountOf(Math.ceil(words / 18), 'sentence')}`;
    return { lines: [sentence(`Gives ${purpose}`), '', ...points, length], amounts: budget };
  },
};

function kindsOf(count: number): (keyof typeof sections)[] {
  if (count === 1) return ['heart'];
  if (count < 5) return ['opening', ...(['heart', 'otherSide'] as const).slice(0, count - 2), 'ending'];
  const before = count === 5 ? (['ground', 'heart', 'otherSide'] as const) : undefined;
  const between = before ?? [
    'ground' as const,
    ...Array<'heart'>(count - 5).fill('heart'),
    'otherSide' as const,
    'reach' as const,
  ];
  return ['opening', ...between, 'ending'];
}
