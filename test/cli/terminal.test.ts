import { describe, expect, it } from 'vitest';
import { formatOfStatus, shortDuration, shortTime } from '../../src/cli/checkpoints/words.js';
import { checkpointsCommand, shellWord } from '../../src/cli/command-line.js';
import { oneLine, printable } from '../../src/cli/terminal/printable.js';
import { naturalWidth, tableLines } from '../../src/cli/terminal/table.js';
import { cut, pad, widthOf } from '../../src/cli/terminal/width.js';

describe('the width of a text', () => {
  it.each([
    ['', 0],
    ['plain', 5],
    ['Müller', 6],
    ['Mu\u0308ller', 6],
    ['海の俳句', 8],
    ['한국어', 6],
    ['ＡＢ', 4],
    ['ﾊﾝｶｸ', 4],
    ['𠮷野家', 6],
    ['🌊', 2],
    ['👩‍👩‍👧‍👦', 2],
    ['👍🏽', 2],
    ['🇯🇵', 2],
    ['❤️', 2],
    ['a…b', 3],
    ['é\u200d', 1],
  ])('of %j is %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  it('decides where a text is cut, and never cuts a character in two', () => {
    expect(cut('plain', 5)).toBe('plain');
    expect(cut('plain', 4)).toBe('pla…');
    expect(cut('海の俳句', 8)).toBe('海の俳句');
    expect(cut('海の俳句', 7)).toBe('海の俳…');
    expect(cut('海の俳句', 6)).toBe('海の…');
    expect(cut('👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 3)).toBe('👩‍👩‍👧‍👦…');
    expect(cut('two words', 5)).toBe('two…');
  });

  it('decides how far a text is filled up', () => {
    expect(pad('海', 4)).toBe('海  ');
    expect(pad('longer', 4)).toBe('longer');
  });
});

describe('text from anywhere', () => {
  it('shows what a terminal would obey', () => {
    expect(printable('\u001b]0;title\u0007\u009b31m\r\n')).toBe('\\u001b]0;title\\u0007\\u009b31m\\u000d\\u000a');
    expect(printable('a\u202egnp.exe\u2066')).toBe('a\\u202egnp.exe\\u2066');
    expect(printable('half \ud83c')).toBe('half \\ud83c');
    expect(printable('海 🌊 👩‍👩‍👧‍👦 Müller')).toBe('海 🌊 👩‍👩‍👧‍👦 Müller');
  });

  it('is put on one line', () => {
    expect(oneLine('  one\r\n\t two\u2028three  ')).toBe('one two three');
  });
});

describe('a table', () => {
  const head = [{ title: 'ID' }, { title: 'PLAN', min: 6 }, { title: 'VIBE', min: 8 }];
  const rows = [
    ['cp-1', '海の俳句', 'A haiku about rain'],
    ['cp-22', 'film', 'Tides'],
  ];

  it('has columns as wide as they need, also of wide characters, and no space at the ends', () => {
    expect(tableLines(head, rows)).toEqual([
      'ID     PLAN      VIBE',
      'cp-1   海の俳句  A haiku about rain',
      'cp-22  film      Tides',
    ]);
  });

  it('is cut from the right to fit, never an id', () => {
    const natural = naturalWidth(head, rows);
    expect(natural).toBe(35);
    expect(tableLines(head, rows, natural - 5)[1]).toBe('cp-1   海の俳句  A haiku abou…');
    for (let columns = 23; columns <= natural; columns++) {
      for (const line of tableLines(head, rows, columns)) expect(widthOf(line)).toBeLessThanOrEqual(columns);
    }
    expect(tableLines(head, rows, 10)[2]).toContain('cp-22');
  });
});

describe('words', () => {
  it('tell times and durations as people read them', () => {
    expect(shortTime('2026-11-24T18:03:48.438+02:00')).toBe('2026-11-24 16:03:48Z');
    expect(shortTime('some day')).toBe('-');
    expect([0, 849.6, 1_000, 59_949, 59_950, 125_000, 3_599_400, 11_400_000].map(shortDuration)).toEqual([
      '0 ms',
      '850 ms',
      '1.0 s',
      '59.9 s',
      '1 min 0 s',
      '2 min 5 s',
      '59 min 59 s',
      '3 h 10 min',
    ]);
  });

  it('have a colour for each state', () => {
    const states = ['completed', 'failed', 'damaged', 'running', 'cancelled', 'paused', 'pending', 'skipped'];
    expect(states.map(formatOfStatus)).toEqual(['green', 'red', 'red', 'cyan', 'yellow', 'yellow', 'yellow', 'yellow']);
  });

  it('make commands that a shell takes as they are', () => {
    expect(checkpointsCommand('list')).toBe('vibe-aigc checkpoints list');
    expect(checkpointsCommand('list', "a folder/of 'mine'")).toBe(
      "vibe-aigc checkpoints list --dir 'a folder/of '\\''mine'\\'''",
    );
    expect(shellWord('/tmp/plain-1.2_x')).toBe('/tmp/plain-1.2_x');
    expect(shellWord('$(rm)')).toBe("'$(rm)'");
  });
});
