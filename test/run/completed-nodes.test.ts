import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CompletedNodes } from '../../src/run/completed-nodes.js';

it('keeps the order in which nodes became complete, whichever are taken out and come again', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 12 }), { maxLength: 60 }), (turns) => {
      const nodes = new CompletedNodes();
      let expected: string[] = [];
      for (const turn of turns) {
        const id = `n${turn}`;
        if (expected.includes(id)) {
          nodes.remove(id);
          expected = expected.filter((one) => one !== id);
        } else {
          nodes.add(id);
          expected.push(id);
          expect(nodes.fromEnd(1)).toBe(id);
        }
        expect(nodes.toArray()).toEqual(expected);
        expect(nodes).toHaveLength(expected.length);
      }
    }),
  );
});
