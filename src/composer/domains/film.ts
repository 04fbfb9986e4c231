import { shares, sizeOf, unitNamed } from '../limits.js';
import { inline, sentence, table } from '../markdown.js';
import { amountOf, clock } from '../numbers.js';
import { paceOf } from '../style.js';
import { along, cycle, type Domain, partOf, sizeText, stageOf, styleLines, unitTitle } from './domain.js';

/** What the node of one act is given: its shots, and how long each is. */
interface ActShare {
  readonly firstShot: number;
  readonly ofShots: number;
  readonly startsAt: number;
  readonly lengths: readonly number[];
}

const frames = ['wide shot', 'medium shot', 'close-up', 'long shot', 'detail', 'over the shoulder'];
const weights = [6, 4, 3, 5, 2, 4]; // a wide shot takes longer to read than a detail
const story = [
  'the place, before anyone acts',
  'a habit, done from start to end',
  'a face at work',
  'the first thing that is not as always',
  'the same thing again, nearer',
  'the habit fails',
  'what was hidden comes into view',
  'the reaction before its cause',
  'a choice, seen in the hands',
  'no way back',
  'the world goes on, unaware',
  'what the choice costs',
  'what is left behind',
  'a last look, not returned',
  'the first frame again, one thing in it changed',
];
const acts = [
  ['Opening', 'what is usual, until the first thing that is not'],
  ['Turn', 'what comes to light, and the choice that it forces'],
  ['Ending', 'what the choice costs, and what stays'],
] as const;
const cameras = [
  'The camera rests. Where it moves, the move is noticed only when it is over.',
  'The camera moves when somebody in the frame does, and stops when they stop.',
  'The camera never quite stands still, and every cut lands on a movement.',
];
const layers = [
  '| place | there from the first frame; when it stops, that is an event |',
  '| effects | one sound for each motif, heard before it is seen |',
  '| dialogue | few lines, and none that repeats the picture |',
  '| silence | once, right before the turn |',
];

/** Logline, look, sound, and a list of shots for each act: all shots together are as long as the film. */
export const film: Domain = {
  heading: 'Film brief',

  plan({ constraints, style, allowed }) {
    const length = sizeOf(constraints, 'second', 90, { fills: true, most: 36_000 });
    const usual = Math.round(length.value / ([12, 8, 5][paceOf(style)] as number));
    const shots = sizeOf(constraints, 'shot', Math.min(24, Math.max(3, usual)), { most: Math.min(240, length.value) });
    const act = unitNamed(constraints, /^(?:act|scene|chapter|part)$/, 'act');
    const number = sizeOf(constraints, act, 3, { most: Math.min(40, shots.value) });

    const lengths = shares(
      length.value,
      Array.from({ length: shots.value }, (_, index) => weights[index % 6] as number),
    );
    const counts = shares(
      shots.value,
      Array.from({ length: number.value }, (_, index) => 1 + (stageOf(index, number.value) % 2)),
    );
    let firstShot = 1;
    let startsAt = 0;
    const actParts = counts.map((shot, index) => {
      const own = lengths.slice(firstShot - 1, firstShot - 1 + shot);
      const second = own.reduce((sum, each) => sum + each, 0);
      const share = { firstShot, ofShots: shots.value, startsAt, lengths: own } satisfies ActShare;
      firstShot += shot;
      startsAt += second;
      const [name, purpose] = acts[stageOf(index, number.value)] as (typeof acts)[number];
      return partOf(`${act}-${index + 1}`, unitTitle(act, index, name), purpose, { [act]: 1, shot, second }, share);
    });
    const around = [
      partOf('logline', 'Logline', 'the film in one sentence, and what carries it'),
      partOf('look', 'Look', 'light, colour and camera, and how each motif is shown'),
      partOf('sound', 'Sound', 'what is heard, and when'),
    ];
    return {
      parts: [...around.filter(({ title }) => allowed([title]).length > 0), ...actParts],
      sizes: [
        sizeText(clock(length.value), length),
        sizeText(amountOf(shots.value, 'shot'), shots),
        sizeText(amountOf(number.value, act), number),
      ],
    };
  },

  write({ id, share, budget }, wish) {
    const { core, motifs, style, allowed } = wish;
    const names = motifs.map((motif) => inline(motif));
    if (id === 'logline') {
      const turn = names.at(-1) as string;
      return {
        lines: [
          sentence(inline(core)),
          '',
          `- **Begins with:** ${names[0]}`,
          `- **Turns on:** ${turn}`,
          `- **Ends on:** ${names[0]}, seen differently`,
        ],
      };
    }
    if (id === 'look') {
      const ways = cycle(wish, [
        'whole at first, and nearer each time',
        'only in part, until the turn',
        'by its effect on others',
        'always in the same place of the frame',
      ]);
      return {
        lines: [
          ...styleLines(wish, 'picture'),
          ...allowed([`- **camera:** ${cameras[paceOf(style)]}`]),
          '',
          ...table(
            ['motif', 'how it is shown'],
            names.map((name, index) => [name, ways(index)]),
          ),
        ],
      };
    }
    if (id === 'sound') {
      const band = style.map(({ instruments }) => instruments).filter(Boolean)[0] ?? 'one instrument';
      return {
        lines: [...table(['layer', 'use'], []), ...allowed([...layers, `| music | ${band}; not before the turn |`])],
      };
    }
    const { firstShot, ofShots, startsAt, lengths } = share as unknown as ActShare;
    const frame = cycle(wish, frames);
    let now = startsAt;
    const rows = lengths.map((length, index) => {
      const shot = firstShot - 1 + index;
      const on = shot % 3 === 2 ? names[0] : names[Math.floor((shot * names.length) / ofShots)];
      const from = now;
      now += length;
      return [
        `${shot + 1}`,
        `${clock(from)}–${clock(now)}`,
        `${length} s`,
        frame(shot),
        `${on}`,
        along(story, shot, ofShots),
      ];
    });
    return {
      lines: table(['shot', 'time', 'length', 'frame', 'on', 'what it shows'], rows),
      amounts: { ...budget, shot: rows.length, second: now - startsAt },
    };
  },
};
