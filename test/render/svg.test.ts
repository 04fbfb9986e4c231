import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import { plainText } from '../../src/render/plain-text.js';
import { renderPlan } from '../../src/render/render-plan.js';
import { randomPlan } from '../helpers/execution-random-plan.js';
import { chainOf, node, nodeAfter, planOf } from '../helpers/plan-builders.js';
import { type ExpectedNode, expectedArrows, inOrder, sorted } from './readers/expected.js';
import { hostileTexts } from './readers/hostile-texts.js';
import { type ReadSvg, readSvg } from './readers/read-pictures.js';

const svg = (rootNodes: WorkflowNode[]) =>
  renderPlan(planOf(...rootNodes), { format: 'svg', foldAbove: Number.POSITIVE_INFINITY });

const titleOf = ({ id, description }: WorkflowNode) =>
  plainText(`${plainText(id) || JSON.stringify(id)}: ${description}`);

/** Boxes by row: their titles are those of the nodes. */
function placesOf({ boxes }: ReadSvg, order: readonly ExpectedNode[]): Place[] {
  return order.map(({ node: each }) => {
    const [x = 0, y = 0, width = 0, height = 0] = boxes.find(({ title }) => title === titleOf(each))?.place ?? [];
    return { left: x, top: y, right: x + width, bottom: y + height };
  });
}

/** Where an arrow begins and ends: its last numbers draw its head. */
function endsOf(path: string): { from: [number, number]; to: [number, number] } {
  const [line = ''] = path.split('m');
  const numbers = line.match(/-?\d+(?:\.\d+)?/g)?.map(Number) ?? [];
  return { from: [numbers[0] as number, numbers[1] as number], to: numbers.slice(-2) as [number, number] };
}

const seed = Date.now();
const random = fc.sample(randomPlan, { seed, numRuns: 40 }).map(({ rootNodes }) => rootNodes);
const hostile = hostileTexts.map((text) => [
  node(text, { description: `${text} once more`, children: [node('a', { description: text })] }),
  nodeAfter('z', text),
]);
const chain = [...chainOf(6).reverse(), nodeAfter('far', 'n0', 'n5')];
const wordy = [node('a', { description: 'A long description. '.repeat(9) })];
const found = await readSvg([chain, wordy, ...random, ...hostile].map(svg));
const [ofChain, ofWordy, ...rest] = found as [ReadSvg, ReadSvg, ...ReadSvg[]];

describe('an image', () => {
  it.each(random.map((rootNodes, index) => ({ rootNodes, index })))(
    `has boxes and arrows for all of plan $index of seed ${seed}, and no box upon another`,
    ({ rootNodes, index }) => {
      const read = rest[index] as ReadSvg;
      expect(read.error).toBeUndefined();
      const order = inOrder(rootNodes);
      expect(read.boxes.map(({ title }) => title).sort()).toEqual(order.map(({ node: each }) => titleOf(each)).sort());
      const places = placesOf(read, order);
      expect(collisionsOf(places, order)).toEqual([]);
      const [width, height] = read.size;
      expect(places.filter(({ left, right, bottom }) => left < 0 || right > width || bottom > height)).toEqual([]);
      expect(sorted(read.arrows.map((path) => rowsAtEnds(path, places)))).toEqual(sorted(expectedArrows(rootNodes)));
    },
  );

  it('leads from left to right', () => {
    expect(ofChain.arrows).toHaveLength(7);
    for (const { from, to } of ofChain.arrows.map(endsOf)) expect(from[0]).toBeLessThan(to[0]);
  });

  it('breaks long texts between words, and cuts them', () => {
    const lines = ['a', 'A long description. A long', 'description. A long description.…', 'generate'];
    expect(ofWordy.boxes[0]?.lines).toEqual(lines);
  });

  it('shows texts of any kind as they are, with no element, attribute or address that came out of one', () => {
    const ofHostile = rest.slice(random.length);
    expect(ofHostile.map(({ boxes }) => boxes.map(({ title }) => title).sort())).toEqual(
      hostile.map((rootNodes) =>
        inOrder(rootNodes)
          .map(({ node: each }) => titleOf(each))
          .sort(),
      ),
    );
    for (const read of ofHostile) {
      expect(read.elements).toEqual(['g', 'path', 'rect', 'svg', 'text', 'title']);
      expect(read.attributes.filter((name) => /^on|href|style|class|^id$/.test(name))).toEqual([]);
    }
  });
});

interface Place {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Boxes are within those of the nodes above them, and beside all others. */
function collisionsOf(places: readonly Place[], order: readonly ExpectedNode[]): string[] {
  return places.flatMap((a, row) =>
    places.slice(row + 1).flatMap((b, offset) => {
      const other = row + 1 + offset;
      const isApart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      const isInside = a.left < b.left && a.right > b.right && a.top < b.top && a.bottom > b.bottom;
      const isBelow = order[other]?.above.includes(order[row]?.node.id as string);
      return (isBelow ? isInside : isApart) ? [] : [`${row} and ${other}`];
    }),
  );
}

function rowsAtEnds(path: string, places: readonly Place[]): [number, number] {
  const { from, to } = endsOf(path);
  const isNear = (x: number, y: number, [toX, toY]: readonly [number, number]) =>
    Math.abs(x - toX) <= 1.2 && Math.abs(y - toY) <= 0.2;
  return [
    places.findIndex(({ right, top, bottom }) => isNear(right, (top + bottom) / 2, from)),
    places.findIndex(({ left, top, bottom }) => isNear(left, (top + bottom) / 2, to)),
  ];
}
