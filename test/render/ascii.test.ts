import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderPlan } from '../../src/render/render-plan.js';
import { randomPlan } from '../helpers/execution-random-plan.js';
import { node, nodeAfter, planOf } from '../helpers/plan-builders.js';
import { expectedArrows, inOrder, sorted } from './readers/expected.js';
import { hostileTexts } from './readers/hostile-texts.js';
import { arrowsOf, rowsOf } from './readers/read-ascii.js';

const ascii = (...nodes: Parameters<typeof planOf>) =>
  renderPlan(planOf(...nodes), { foldAbove: Number.POSITIVE_INFINITY });

describe('a picture of plain text', () => {
  it('has a row for each node, and a line from each node to what depends on it', () => {
    const plan = planOf(node('script'), nodeAfter('music', 'script'), nodeAfter('film', 'music', 'script'));
    expect(renderPlan(plan)).toBe(`plan-1, 3 nodes

o--- script (generate): makes script
>-o- music (generate): makes music
>->- film (generate): makes film

o leads to each > on its line
`);
  });

  it('has no lines and nothing to explain where nothing depends on anything', () => {
    expect(ascii(node('one'), node('two'))).toBe(
      'plan-1, 2 nodes\n\none (generate): makes one\ntwo (generate): makes two\n',
    );
  });

  it('indents what is below a node, and draws no line from what is above it', () => {
    const inner = [nodeAfter('a', 'group'), nodeAfter('b', 'a')];
    const rows = rowsOf(ascii(node('group', { children: inner }), nodeAfter('after', 'group', 'b')));
    expect(rows.map(({ text }) => text)).toEqual([
      ' group (generate): makes group',
      '   a (generate): makes a',
      '   b (generate): makes b',
      ' after (generate): makes after',
    ]);
    expect(sorted(arrowsOf(rows))).toEqual(['0 -> 3', '1 -> 2', '2 -> 3']);
  });

  it('draws 198 nodes between two others with two lines', () => {
    const middle = Array.from({ length: 198 }, (_, index) => nodeAfter(`shot-${index}`, 'script'));
    const picture = ascii(node('script'), ...middle, nodeAfter('cut', ...middle.map(({ id }) => id)));
    const rows = rowsOf(picture);
    expect(rows.map(({ gutter }) => gutter)).toEqual(['o---', ...middle.map(() => '>-o-'), '  >-']);
    expect(arrowsOf(rows)).toHaveLength(396);
  });

  it('draws what it is told, backwards too', () => {
    const rows = rowsOf(ascii(nodeAfter('last', 'middle'), nodeAfter('middle', 'first'), node('first')));
    expect(sorted(arrowsOf(rows))).toEqual(['1 -> 0', '2 -> 1']);
  });

  it('names the dependencies for which sixteen lines beside each other have no room', () => {
    const sources = Array.from({ length: 20 }, (_, index) => node(`source-${index}`));
    const targets = sources.map(({ id }, index) => nodeAfter(`target-${index}`, id, 'source-19'));
    const nodes = [...sources, ...targets, nodeAfter('all', ...sources.map(({ id }) => id))];
    const rows = rowsOf(ascii(...nodes));
    expect(Math.max(...rows.map(({ gutter }) => gutter.length))).toBe(32);
    const named = rows.flatMap(({ text }, to) => {
      const [, names = ''] = text.split('<- ');
      return [...names.matchAll(/source-(\d+)/g)].map(([, from]): [number, number] => [Number(from), to]);
    });
    expect(named.length).toBeGreaterThan(0);
    expect(sorted([...arrowsOf(rows), ...named])).toEqual(sorted(expectedArrows(nodes)));
  });

  it('names no more than five', () => {
    const sources = Array.from({ length: 30 }, (_, index) => node(`source-${index}`));
    const targets = sources.map(({ id }, index) => nodeAfter(`target-${index}`, id));
    const picture = ascii(...sources, ...targets, nodeAfter('all', ...sources.map(({ id }) => id)));
    expect(picture).toMatch(/ all \(generate\): makes all <- source-16, .*, source-20, and 9 more\n/);
  });

  it('draws any plan so that its dependencies can be read off again', () => {
    fc.assert(
      fc.property(randomPlan, ({ rootNodes }) => {
        const rows = rowsOf(ascii(...rootNodes));
        fc.pre(rows.every(({ text }) => !text.includes('<-')));
        expect(rows.map(({ text }) => text.trim().split(' ')[0])).toEqual(
          inOrder(rootNodes).map(({ node: { id } }) => id),
        );
        expect(sorted(arrowsOf(rows))).toEqual(sorted(expectedArrows(rootNodes)));
      }),
      { numRuns: 200 },
    );
  });

  it('shows texts of any kind on one row each, and nothing that a terminal would obey', () => {
    for (const text of hostileTexts) {
      const picture = ascii(node(text, { description: `${text} as it is` }), nodeAfter('after', text));
      expect(picture.split('\n')).toHaveLength(7);
      expect(picture).not.toMatch(/[^\n\P{Cc}]|\p{Cs}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u);
    }
  });

  it('cuts texts by the columns that they take on a terminal', () => {
    const [, , wide] = ascii(node('wide', { description: '東'.repeat(200) })).split('\n');
    expect(wide).toBe(`wide (generate): ${'東'.repeat(40)}...`);
    const [, , narrow] = ascii(node('narrow', { description: 'x'.repeat(200) })).split('\n');
    expect(narrow).toHaveLength(100);
    const [, , family] = ascii(node('family', { description: '👩‍👩‍👧‍👦'.repeat(60) })).split('\n');
    expect(family).toBe(`family (generate): ${'👩‍👩‍👧‍👦'.repeat(39)}...`);
  });

  it('tells an id of white space from none', () => {
    expect(ascii(node(' \n'))).toContain('\n" \\n" (generate)');
  });
});
