import { describe, expect, it } from 'vitest';
import { anyMedium } from '../../src/composer/medium.js';
import { impliedConstraints, parseConstraint, type Rule } from '../../src/composer/rules.js';
import { mentions } from '../../src/composer/terms.js';

/** `60..90 second`, `no people`, `with letter`, `? whatever is left to a reader`. */
function told(rule: Rule): string {
  if (rule.kind === 'open') return `? ${rule.text}`;
  if (rule.kind === 'limit') {
    return `${rule.min}..${rule.max === Number.MAX_SAFE_INTEGER ? '' : rule.max} ${rule.noun}`;
  }
  const word = rule.kind === 'forbid' ? 'no' : 'with';
  return `${word} ${rule.term}${rule.condition === undefined ? '' : ` ? ${rule.condition}`}`;
}

const understood: Record<string, string[]> = {
  // Numbers: comparisons, words, units.
  'under 2 minutes': ['0..119 second'],
  'Under two minutes.': ['0..119 second'],
  'no longer than 1:30': ['0..90 second'],
  'must not exceed 90 sec': ['0..90 second'],
  'longer than 2 minutes': ['121.. second'],
  'a minute and a half': ['90..90 second'],
  'half an hour max': ['0..1800 second'],
  '2m30s': ['150..150 second'],
  '1 hour and 20 minutes': ['4800..4800 second'],
  'one to two minutes': ['60..120 second'],
  'between 1 minute and 90 seconds': ['60..90 second'],
  'a two-minute film': ['120..120 second'],
  'five-minute limit': ['0..300 second'],
  'about 500 words': ['450..550 word'],
  'under 1,500 words': ['0..1499 word'],
  'two hundred and fifty words': ['250..250 word'],
  'at least 300 words, at most 400 words': ['300.. word', '0..400 word'],
  'no more than 5 shots': ['0..5 shot'],
  'No more than FIVE shots!': ['0..5 shot'],
  'not under 300 words': ['300.. word'],
  'no fewer than 3 scenes': ['3.. scene'],
  '12 shots or fewer': ['0..12 shot'],
  'half a dozen photos': ['6..6 picture'],
  'twenty-four shots': ['24..24 shot'],
  'between 80 and 100 bpm': ['80..100 bpm'],
  'include exactly 3 verses': ['3..3 verse'],
  'two verses and two choruses': ['2..2 verse', '2..2 chorus'],
  // Words that are forbidden or required.
  'no dialogue': ['no dialogue'],
  'There must be no dialogue': ['no dialogue'],
  'dialogue-free': ['no dialogue'],
  'zero dialogue': ['no dialogue'],
  'no text, please': ['no text'],
  'no people, text or logos': ['no people', 'no text', 'no logos'],
  'without people and text': ['no people', 'no text'],
  'never use the word "sad"': ['no sad'],
  'do not mention the sea': ['no sea'],
  'the sea must never appear': ['no sea'],
  'no dialogue and under 2 minutes': ['no dialogue', '0..119 second'],
  'must mention the letter': ['with letter'],
  'must mention the letter and the tide': ['with letter', 'with tide'],
  'include salt, rope and fog': ['with salt', 'with rope', 'with fog'],
  'must include a call to action': ['with call to action'],
  'must mention 1984': ['with 1984'],
  'the letter must be mentioned': ['with letter'],
  // What no search for words and numbers can tell stays open, wholly or in part.
  'no text on images': ['no text ? on images'],
  'must mention the letter twice': ['with letter ? twice'],
  'no people, just landscapes': ['no people', '? just landscapes'],
  'under 100 words and cheerful': ['0..99 word', '? cheerful'],
  'must mention the letter and be funny': ['with letter', '? be funny'],
  'exactly six night scenes': ['6..6 scene', '? night'],
  'at most 3 long shots': ['? at most 3 long shots'],
  'each shot under 5 seconds': ['? each shot under 5 seconds'],
  'under 5 seconds per shot': ['? under 5 seconds per shot'],
  'the opening under 10 seconds': ['? the opening under 10 seconds'],
  'no shots longer than 5 seconds': ['? no shots longer than 5 seconds'],
  'no one speaks': ['? no one speaks'],
  'no longer a child': ['? no longer a child'],
  'no 2 shots alike': ['? no 2 shots alike'],
  'never mention that he is dead': ['? never mention that he is dead'],
  'must end with a kiss': ['? must end with a kiss'],
  'black and white': ['? black and white'],
  'aspect ratio 16:9': ['? aspect ratio 16:9'],
  'sin diálogo': ['? sin diálogo'],
};

describe('a constraint', () => {
  for (const [text, rules] of Object.entries(understood)) {
    it(`"${text}" asks for ${rules.join(' and ')}`, () => {
      expect(parseConstraint(text).rules.map(told)).toEqual(rules);
    });
  }

  it('that is very long, empty, or all marks is left to a reader, and at once', () => {
    const hostile = ['', ' ', '"', '***', 'no ', 'the '.repeat(75), '1 second '.repeat(33), 'no a, b or '.repeat(27)];
    const start = performance.now();
    for (const text of [...hostile, 'one hundred and '.repeat(20), 'x'.repeat(100_000)]) {
      expect(parseConstraint(text).rules.every(({ kind }) => kind === 'open' || kind === 'forbid')).toBe(true);
    }
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});

describe('a number in a description', () => {
  const cases: Array<[string, string[]]> = [
    ['A two-minute film about tides', ['2:00']],
    ['A short film of two minutes about rain', ['2:00']],
    ['A set of six watercolours', ['6 pictures']],
    ['Eight watercolour images of Lisbon', ['8 pictures']],
    ['An eight-picture set', ['8 pictures']],
    ['A poster for a fair', ['1 picture']],
    ['An image set about rain', []],
    ['A 500-word essay', ['500 words']],
    ['A film about a man who walks 500 miles in 90 minutes', []],
  ];
  for (const [description, amounts] of cases) {
    it(`counts when it can only mean the work: "${description}"`, () => {
      expect(impliedConstraints(description, anyMedium).map(({ text }) => text)).toEqual(amounts);
    });
  }
});

describe('a word', () => {
  const cases: Array<[string, string, boolean]> = [
    ['The letters came.', 'letter', true],
    ['A STORY', 'stories', true],
    ['two movies', 'movie', true],
    ['a voice over', 'voice-over', true],
    ['The lettered man', 'letter', false],
    ['a new chord', 'news', false],
    ['Die Flut kommt', 'flut', true],
    ['灯塔看守人', '灯塔', true],
  ];
  for (const [text, term, isThere] of cases) {
    it(`"${term}" is ${isThere ? '' : 'not '}in "${text}"`, () => {
      expect(mentions(text, term)).toBe(isThere);
    });
  }
});
