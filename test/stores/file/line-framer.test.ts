import { describe, expect, it } from 'vitest';
import { noLine } from '../../../src/stores/file/journal-lines.js';
import { LineFramer } from '../../../src/stores/file/line-framer.js';
import { frameLine } from '../../helpers/journal-files.js';

const short = '{"a":"é 🌊"}';
const long = `{"b":"${'🌊 é x'.repeat(200_000)}"}`;

describe('the lines of a journal', () => {
  it('are as its format has them, whatever their length', () => {
    const framer = new LineFramer();
    let sum = noLine;
    for (const [index, text] of [short, long, short, long].entries()) {
      const expected = frameLine(index + 1, 0, sum, text);
      expect(framer.frame([text], 0).toString() === expected.line).toBe(true);
      sum = expected.sum;
    }
    expect(framer.end).toEqual({ number: 4, sum });
    const together = new LineFramer().frame([short, long, short, long], 0).toString();
    expect(together.split('\n').slice(0, -1).at(-1)?.split(' ').slice(0, 4)).toEqual([
      '4',
      '0',
      expect.any(String),
      sum,
    ]);
  });

  it('are made in one step, and long or many ones in as many as it takes', () => {
    const stepsFor = (texts: readonly string[]) => [...new LineFramer().framing(texts, 0)].length;
    expect(stepsFor([short, short])).toBe(0);
    expect(stepsFor([short, long])).toBeGreaterThanOrEqual(long.length / 256 / 1024);
    expect(stepsFor(new Array(100_000).fill(short))).toBeGreaterThanOrEqual(3);
  });
});
