import { expect, it } from 'vitest';
import { decodeNodeResult } from '../../src/checkpoint/codec.js';
import { ordinaryResult } from '../../src/checkpoint/ordinary-result.js';
import { nodeResultSchema } from '../../src/run/node-result.js';
import { randomFrom } from '../faults/helpers/random.js';

const ordinary = {
  node_id: 'a',
  status: 'completed',
  output: { text: 'x' },
  attempts: 1,
  started_at: '2026-01-01T00:00:00.000Z',
  completed_at: '2026-01-01T00:00:01.000Z',
  duration_ms: 1_000,
  handler: { name: 'default' },
};

const strange: readonly unknown[] = [
  undefined,
  null,
  '',
  'failed',
  -1,
  0.5,
  1e300,
  2 ** 53,
  true,
  [],
  {},
  { name: 'default', version: '2' },
  { name: 'default', version: 2 },
  { name: 1 },
  { name: 'default', later: true },
];
const others = ['later', '__proto__', 'error', 'blocked_by', 'output_from_children', 'unknownFields'];

it('takes an ordinary result', () => {
  const {
    node_id: nodeId,
    started_at: startedAt,
    completed_at: completedAt,
    duration_ms: durationMs,
    ...same
  } = ordinary;
  expect(ordinaryResult(ordinary)).toEqual({ nodeId, startedAt, completedAt, durationMs, ...same });
  expect(ordinaryResult({ ...ordinary, output: null })?.output).toBeNull();
});

it('says of nothing that it is ordinary which the schema reads in another way, or refuses', () => {
  const seed = Date.now() % 1_000_000;
  const random = randomFrom(seed);
  let taken = 0;
  for (let round = 0; round < 20_000; round++) {
    const fields = { ...ordinary } as Record<string, unknown>;
    for (let change = 0; change < 1 + random.below(3); change++) {
      const key = random.pick([...Object.keys(ordinary), ...others]);
      if (random.chance(0.3)) delete fields[key];
      else Object.defineProperty(fields, key, { value: random.pick(strange), enumerable: true, configurable: true });
    }
    const text = JSON.stringify(fields);
    const result = ordinaryResult(JSON.parse(text));
    if (result === undefined) continue;
    taken++;
    const parsed = nodeResultSchema.safeParse(decodeNodeResult(JSON.parse(text)));
    expect(parsed.success, `seed ${seed}: ${text}`).toBe(true);
    expect(JSON.parse(JSON.stringify(parsed.data)), `seed ${seed}: ${text}`).toEqual(
      JSON.parse(JSON.stringify(result)),
    );
  }
  expect(taken, `seed ${seed}`).toBeGreaterThan(100);
});
