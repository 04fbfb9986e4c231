import { expect, it } from 'vitest';
import { ordinaryNode } from '../../src/plan/ordinary-node.js';
import { workflowNodeSchema } from '../../src/plan/workflow-node.js';
import { randomFrom } from '../faults/helpers/random.js';

const ordinary = {
  id: 'a',
  type: 'generate',
  description: 'Write it',
  parameters: { tool: 'pen', list: [1, { deep: true }] },
  dependencies: ['b', 'c'],
  children: [],
};

const sparse = ['b', 'c'];
delete sparse[0];

const strange: readonly unknown[] = [
  undefined,
  null,
  '',
  'x'.repeat(201),
  'composite',
  -1,
  Number.NaN,
  true,
  [],
  {},
  ['b'],
  ['b', 2],
  [''],
  sparse,
  { at: new Date(0), nothing: undefined },
  { bad: 1n },
  { bad: Number.POSITIVE_INFINITY },
  new Map(),
  Object.assign(Object.create(null), { a: 1 }),
  JSON.parse('{"__proto__":{"polluted":true}}'),
  [{ ...ordinary, id: 'child' }],
  { maxAttempts: 2 },
];
const others = ['estimatedDuration', 'limits', 'retry', 'unknownFields', 'later', '__proto__', 'toString'];

it('takes an ordinary node, as a copy', () => {
  const node = ordinaryNode(ordinary);
  expect(node).toEqual(workflowNodeSchema.parse(ordinary));
  expect(node?.parameters).not.toBe(ordinary.parameters);
  expect(node?.dependencies).not.toBe(ordinary.dependencies);
  expect(ordinaryNode({ id: 'a', type: 'analyze', description: '' })).toEqual({
    ...{ id: 'a', type: 'analyze', description: '' },
    ...{ parameters: {}, dependencies: [], children: [] },
  });
});

it('says of nothing that it is ordinary which the schema reads in another way, or refuses', () => {
  const seed = Date.now() % 1_000_000;
  const random = randomFrom(seed);
  let taken = 0;
  for (let round = 0; round < 20_000; round++) {
    const fields = { ...ordinary } as Record<string, unknown>;
    const changes: string[] = [];
    for (let change = 0; change < 1 + random.below(3); change++) {
      const key = random.pick([...Object.keys(ordinary), ...others]);
      const index = random.below(strange.length);
      changes.push(`${key}: ${index}`);
      if (random.chance(0.3)) delete fields[key];
      else Object.defineProperty(fields, key, { value: strange[index], enumerable: true, configurable: true });
    }
    const node = ordinaryNode(fields);
    if (node === undefined) continue;
    taken++;
    const parsed = workflowNodeSchema.safeParse(fields);
    const which = `seed ${seed}: ${changes.join(', ')}`;
    expect(parsed.success, which).toBe(true);
    expect(node, which).toEqual(parsed.data);
  }
  expect(taken, `seed ${seed}`).toBeGreaterThan(100);
});
