import { expect, it } from 'vitest';
import { decodeNodeResult, encodeNodeResult } from '../../src/checkpoint/codec.js';
import { ordinaryResult, ordinaryResultText } from '../../src/checkpoint/ordinary-result.js';
import { type NodeResult, nodeResultSchema } from '../../src/run/node-result.js';
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

const texts = [
  '',
  'a',
  'a "quoted" b',
  'a\\b',
  '\n\u0000\u001f',
  '~ \u007f',
  'Größe 灯台',
  '\u2028',
  '\ud800',
  '__proto__',
];

it('writes a result as JSON.stringify does, whatever is in it', () => {
  const seed = Date.now() % 1_000_000;
  const random = randomFrom(seed);
  let written = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = () => random.pick(texts);
    const output = random.pick<unknown>([text(), { [text()]: [text(), null, 0.5] }, null, 0, -0, 1e300, true, []]);
    const handler = random.pick([
      undefined,
      { name: text() },
      { name: text(), version: text() },
      { name: text(), later: 1 },
    ]);
    const result = {
      status: 'completed',
      nodeId: text(),
      attempts: random.below(3),
      startedAt: text(),
      completedAt: text(),
      durationMs: random.pick([0, 12, 0.1, 1e21]),
      output,
      ...(handler !== undefined && { handler }),
      ...(random.chance(0.1) && { fromChildren: true, output: {} }),
      ...(random.chance(0.1) && { unknownFields: { later: 1 } }),
      ...(random.chance(0.1) && { blobs: [] }),
    } as NodeResult;
    const own = ordinaryResultText(result);
    if (own === undefined) continue;
    written++;
    expect(own, `seed ${seed}`).toBe(JSON.stringify(encodeNodeResult(result)));
  }
  expect(written, `seed ${seed}`).toBeGreaterThan(5_000);
});

it('leaves it to others to write a result that failed', () => {
  const times = { attempts: 1, startedAt: '', completedAt: '', durationMs: 0 };
  const error = { name: 'Error', message: 'no', retryable: false };
  const failed = { status: 'failed', nodeId: 'a', handler: { name: 'default' }, error, ...times } as NodeResult;
  expect(ordinaryResultText(failed)).toBeUndefined();
});
