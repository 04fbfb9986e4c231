import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import { cut, plainText } from '../../src/render/plain-text.js';
import { renderPlan } from '../../src/render/render-plan.js';
import { randomPlan } from '../helpers/execution-random-plan.js';
import { node, nodeAfter, planOf } from '../helpers/plan-builders.js';
import { expectedArrows, inOrder, sorted } from './readers/expected.js';
import { hostileTexts } from './readers/hostile-texts.js';
import { type ReadMermaid, readMermaid } from './readers/read-pictures.js';

const mermaid = (rootNodes: WorkflowNode[]) =>
  renderPlan(planOf(...rootNodes), { format: 'mermaid', foldAbove: Number.POSITIVE_INFINITY });

/** `n3` is the node of row 3. */
const rowOf = (id: string) => Number(id.slice(1));

function linesByRow({ boxes, groups }: ReadMermaid): string[][] {
  const lines: string[][] = [];
  for (const { id, lines: found } of [...groups, ...boxes]) lines[rowOf(id)] = found;
  return lines;
}

function expectedLines({ id, description, type }: WorkflowNode): string[] {
  const about = [description].filter((text) => text !== '' && plainText(text) !== plainText(id));
  return [plainText(id) || JSON.stringify(id), ...about.map(plainText), type].map((text) => cut(text, 60));
}

const seed = Date.now();
const random = fc.sample(randomPlan, { seed, numRuns: 40 }).map(({ rootNodes }) => rootNodes);
const hostile = hostileTexts.map((text) => [
  node(text, { children: [node('a', { description: `${text} once more` })] }),
  nodeAfter('z', text),
]);
const found = await readMermaid([...random, ...hostile].map(mermaid));

describe('a flowchart', () => {
  it('is plain to read', () => {
    const group = node('scenes', { children: [node('scene-1', { description: 'The water leaves' })] });
    expect(mermaid([node('script', { description: '' }), { ...group, dependencies: ['script'] }])).toBe(`flowchart LR
  n0["script<br/>generate"]
  subgraph n1["scenes<br/>makes scenes<br/>generate"]
    n2["scene#45;1<br/>The water leaves<br/>generate"]
  end
  n0 --> n1
`);
  });

  it.each(random.map((rootNodes, index) => ({ rootNodes, index })))(
    `has nodes, groups and dependencies of plan $index of seed ${seed}, as the parser of Mermaid reads it`,
    ({ rootNodes, index }) => {
      const read = found[index] as ReadMermaid;
      expect(read.error).toBeUndefined();
      const order = inOrder(rootNodes);
      expect(linesByRow(read)).toEqual(order.map(({ node: each }) => expectedLines(each)));
      const arrows = read.arrows.map(([from, to]): [number, number] => [rowOf(from), rowOf(to)]);
      expect(sorted(arrows)).toEqual(sorted(expectedArrows(rootNodes)));
      const groups = order.filter(({ node: { children } }) => children.length > 0);
      expect(read.groups).toHaveLength(groups.length);
      for (const { id, nodes } of read.groups) {
        const below = order[rowOf(id)]?.node.children.map((child) => order.findIndex((each) => each.node === child));
        expect(nodes.map(rowOf).sort()).toEqual(below?.sort());
      }
    },
  );

  it.each(hostile.map((rootNodes, index) => ({ rootNodes, index })))(
    'shows hostile text $index as it is, and takes it for nothing of its own',
    ({ rootNodes, index }) => {
      const read = found[random.length + index] as ReadMermaid;
      expect(read.error).toBeUndefined();
      expect(linesByRow(read)).toEqual(inOrder(rootNodes).map(({ node: each }) => expectedLines(each)));
      expect([read.boxes.length, read.groups.length, read.arrows.length]).toEqual([2, 1, 1]);
    },
  );

  it('parts what Mermaid would make a formula or an icon of', () => {
    const picture = mermaid([node('$$x$$ fa:fa-car')]);
    expect(picture).toContain('#36;\u2060#36;x#36;\u2060#36; fa#58;\u2060fa#45;car');
  });
});
