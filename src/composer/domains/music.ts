import { type Size, shares, sizeOf } from '../limits.js';
import { inline, sentence } from '../markdown.js';
import { amountOf, clock } from '../numbers.js';
import { paceOf } from '../style.js';
import { mentions } from '../terms.js';
import type { Wish } from '../wish.js';
import { type Domain, partOf, sizeText } from './domain.js';

const kinds = {
  intro: { weight: 1, plays: 0.2, does: 'one instrument alone, the hook not yet' },
  verse: { weight: 2, plays: 0.5, does: 'the story goes on, the band stays low' },
  chorus: { weight: 2, plays: 1, does: 'the hook, and everybody in' },
  bridge: { weight: 1, plays: 0.5, does: 'a chord not heard before, half of the band' },
  outro: { weight: 1, plays: 0.2, does: 'the intro again; the last chord rings out' },
};
type Kind = keyof typeof kinds;

/** Idea, sound, and a structure whose bars and durations add up. */
export const music: Domain = {
  heading: 'Music brief',

  plan(wish) {
    const { length, tempo, bars } = measuresOf(wish);
    const order = structureOf(wish, bars.value);
    const step = [4, 2, 1].find((each) => bars.value >= each * order.length) as number;
    const weights = order.map((kind) => kinds[kind].weight);
    const counts = shares(Math.floor(bars.value / step), weights).map((count) => count * step);
    counts.push((counts.pop() as number) + (bars.value % step));

    let before = 0;
    const sections = order.map((kind, index) => {
      const bar = counts[index] as number;
      const startsAt = secondsOf(before, tempo.value);
      before += bar;
      const endsAt = index === order.length - 1 ? length.value : secondsOf(before, tempo.value);
      const budget = { section: 1, [kind]: 1, bar, second: endsAt - startsAt };
      const share = { index, kind, startsAt, bpm: tempo.value };
      const nth = order.slice(0, index + 1).filter((each) => each === kind).length;
      const isOnly = order.filter((each) => each === kind).length === 1;
      const title = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${isOnly ? '' : ` ${nth}`}`;
      return partOf(`section-${index + 1}`, title, kinds[kind].does, budget, share);
    });
    const sound = { bpm: tempo.value, instrument: bandOf(wish).length };
    return {
      parts: [
        partOf('idea', 'Idea', 'what it is about, and what stays in the ear'),
        partOf('sound', 'Sound', 'tempo, metre and instruments', sound),
        ...sections,
      ],
      sizes: [
        sizeText(clock(length.value), length),
        sizeText(amountOf(tempo.value, 'bpm'), tempo),
        sizeText(amountOf(bars.value, 'bar'), bars),
      ],
    };
  },

  write({ id, budget, purpose, share }, wish) {
    const names = wish.motifs.map((motif) => inline(motif));
    if (id === 'idea') {
      const lines = [
        `- **about:** ${names.join(', ')}`,
        '- **hook:** four notes that can be sung after one hearing, kept back until the first chorus',
        '- **feeling:** the same at both ends, and doubted once in between',
      ];
      return { lines: [sentence(inline(wish.core)), '', ...wish.allowed(lines)] };
    }
    const band = bandOf(wish);
    if (id === 'sound') {
      const lines = [
        `- **tempo:** ${budget.bpm} bpm, 4/4`,
        ...band.map(
          (name, index) => `- **${name}:** ${index === 0 ? 'first in, last out' : 'from the first verse on'}`,
        ),
      ];
      return { lines, amounts: { bpm: budget.bpm ?? 0, instrument: band.length } };
    }
    const { index, kind, startsAt, bpm } = share as { index: number; kind: Kind; startsAt: number; bpm: number };
    const time = `${clock(startsAt)}–${clock(startsAt + (budget.second ?? 0))}`;
    const playing = band.slice(0, Math.max(1, Math.ceil(band.length * kinds[kind].plays)));
    const lines = [
      `- **time:** ${time}, ${amountOf(budget.bar ?? 0, 'bar')} at ${bpm} bpm`,
      `- **does:** ${purpose}`,
      `- **plays:** ${playing.join(', ')}`,
      `- **about:** ${names[index % names.length]}`,
    ];
    return { lines, amounts: budget };
  },
};

/** Length, tempo and bars that go together: 4/4 at `bpm` takes 240 / bpm seconds a bar. */
function measuresOf({ constraints, style }: Wish): { length: Size; tempo: Size; bars: Size } {
  const length = sizeOf(constraints, 'second', 180, { fills: true, most: 36_000 });
  const usual = sizeOf(constraints, 'bpm', [72, 100, 132][paceOf(style)] as number, { least: 30, most: 300 });
  const asked = sizeOf(constraints, 'bar', 0, { most: 2_000 });
  const isBoth = length.from !== undefined && asked.from !== undefined;
  const free = Math.min(300, Math.max(30, Math.ceil((asked.value * 240) / length.value)));
  const tempo = isBoth && usual.from === undefined ? { value: free, from: `${asked.from} in ${length.from}` } : usual;
  const fitting = Math.max(1, Math.floor((length.value * tempo.value) / 240));
  if (asked.from === undefined) return { length, tempo, bars: { value: fitting, from: 'as many as fit' } };
  if (isBoth) return { length, tempo, bars: { ...asked, value: Math.min(asked.value, fitting) } };
  return { length: { ...asked, value: Math.ceil((asked.value * 240) / tempo.value) }, tempo, bars: asked };
}

/** As many verses and choruses as wanted; what nobody asked for goes first when there are too few bars. */
function structureOf({ constraints }: Wish, bars: number): Kind[] {
  const verses = sizeOf(constraints, 'verse', bars < 32 ? 1 : 2, { most: 20 }).value;
  const choruses = sizeOf(constraints, 'chorus', verses, { most: 20 }).value;
  let order: Kind[] = ['intro'];
  for (let turn = 0; turn < Math.max(verses, choruses); turn++) {
    if (turn < verses) order.push('verse');
    if (turn > 0 && turn === choruses - 1) order.push('bridge');
    if (turn < choruses) order.push('chorus');
  }
  order.push('outro');
  const most = Math.min(bars, sizeOf(constraints, 'section', order.length).value);
  for (const kind of ['bridge', 'intro', 'outro'] as const) {
    if (order.length > most) order = order.filter((each) => each !== kind);
  }
  return order.slice(0, most);
}

function bandOf({ constraints, style, allowed, core, keep }: Wish): string[] {
  const usual = ['piano', 'bass', 'drums', 'guitar', 'voice'];
  const asked = ['piano', 'guitar', 'violin', 'cello', 'strings', 'flute', 'organ', 'synth', 'drums', 'choir', 'voice'];
  const wanted = asked.filter((name) => mentions(core, name));
  const named = [...wanted, ...style.flatMap(({ instruments }) => instruments.split(', ')).filter(Boolean)];
  const isInstrumental = /instrumental/i.test([core, ...keep].join(' '));
  const pool = allowed([...new Set([...named, ...usual])]).filter((name) => !isInstrumental || name !== 'voice');
  const count = sizeOf(constraints, 'instrument', named.length + 2, { most: Math.max(1, pool.length) }).value;
  return pool.length === 0 ? ['one instrument'] : pool.slice(0, count);
}

function secondsOf(bars: number, bpm: number): number {
  return Math.round((bars * 240) / bpm);
}
