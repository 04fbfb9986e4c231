const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const scales: Readonly<Record<string, number>> = { dozen: 12, hundred: 100, thousand: 1000 };

const plain = `(?:(?:${tens.join('|')})(?:[ -](?:${ones.slice(1, 10).join('|')}))?|${ones.join('|')})`;
const scaled = `(?:(${plain}|half an?|an?|\\d+) )?(${Object.keys(scales).join('|')})(?:(?<!dozen) (?:and )?(${plain}))?`;
const spelled = new RegExp(`\\b(?:${scaled}|(${plain}))\\b`, 'g');

const digits = String.raw`(\d+(?:\.\d+)?)[ -]?`;
const units = ['h(?:ours?|rs?)?', 'm(?:in(?:ute)?s?)?', 's(?:ec(?:ond)?s?)?'].map((unit) => `${unit}(?![a-z])`);
const range = new RegExp(`${digits}(?:-|–|—|to|and) ?${digits}(${units.join('|')})`, 'g');
const [hours, ...shorter] = units.map((unit) => `${digits}${unit}`);
const duration = new RegExp(
  `(?<![\\d.])(?=\\d)(?:${hours})?${shorter.map((part) => `(?:,? ?(?:and )?${part})?`).join('')}`,
  'g',
);

/** The text in lower case, with every number in digits and every duration as `N seconds`. */
export function tidyNumbers(text: string): string {
  return text
    .toLowerCase()
    .replace(/\bbetween (.+?) and /g, 'between $1 to ')
    .replace(/\b(?:an?|one) (minute|hour|second) and a half\b/g, '1.5 $1s')
    .replace(/\bhalf an? (?=minute|hour|second)/g, '0.5 ')
    .replace(/\ban? (?=(?:minute|hour|second)\b)/g, '1 ')
    .replace(/\b(?:a )?(?:couple|pair) of\b/g, '2')
    .replace(/\b(?:a )?single\b/g, '1')
    .replace(spelled, (_, times, scale, rest, alone) => String(numberOf(times, scale, rest ?? alone)))
    .replace(/(\d) and a half\b/g, '$1.5')
    .replace(/(\d),(?=\d{3}\b)/g, '$1')
    .replace(/\b(\d+):(\d\d)\b/g, (_, whole, rest) => `${60 * whole + Number(rest)} seconds`)
    .replace(range, (_, from, to, unit) => `${from * secondsIn(unit)} to ${to * secondsIn(unit)} seconds`)
    .replace(duration, (found, h, m, s) =>
      h || m || s ? `${3600 * (h ?? 0) + 60 * (m ?? 0) + Number(s ?? 0)} seconds` : found,
    );
}

/** 119 seconds as `1:59`. */
export function clock(length: number): string {
  const minutes = Math.floor(length / 60);
  const rest = String(length % 60).padStart(2, '0');
  return minutes < 60 ? `${minutes}:${rest}` : `${clock(minutes)}:${rest}`;
}

/** `1:59` for seconds, `3 stories` for anything else. */
export function amountOf(count: number, noun: string): string {
  return noun === 'second' ? clock(count) : `${count} ${count === 1 ? noun : pluralOf(noun)}`;
}

export function pluralOf(noun: string): string {
  if (noun === 'bpm') return noun;
  return `${noun}s`.replace(/([^aeiou])ys$/, '$1ies').replace(/(ch|sh|x|s)s$/, '$1es');
}

function numberOf(times = 'a', scale?: string, rest = 'zero'): number {
  const many = times.startsWith('half') ? 0.5 : times.startsWith('a') ? 1 : plainValue(times);
  return many * (scale === undefined ? 0 : (scales[scale] as number)) + plainValue(rest);
}

function plainValue(text: string): number {
  if (/\d/.test(text)) return Number(text);
  const values = text.split(/[ -]/).map((word) => ones.indexOf(word) + 1 || 10 * tens.indexOf(word) + 21);
  return values.reduce((sum, value) => sum + value - 1, 0);
}

function secondsIn(unit: string): number {
  return unit.startsWith('h') ? 3600 : unit.startsWith('m') ? 60 : 1;
}
