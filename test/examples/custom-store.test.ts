import { expect, it } from 'vitest';
import { runExample } from './run-example.js';

it('lists the checkpoints of a run that its own store kept, newest first', async () => {
  const { code, stdout, stderr } = await runExample('custom-store');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  const listed = lines.map((line) => /^(cp-[a-z0-9-]+) (\d+)\/(\d+)$/.exec(line)?.slice(1) ?? [line]);
  const total = Number(listed[0]?.[2]);
  expect(total).toBeGreaterThan(3);
  const counts = listed.map(([, completed]) => Number(completed));
  expect(counts).toEqual([...new Set(counts)].toSorted((a, b) => b - a));
  expect([counts[0], counts.at(-1)]).toEqual([total, 0]);
  expect(counts.length).toBeGreaterThan(total / 3);
  expect(listed.map(([id]) => id)).toEqual(
    listed
      .map(([id]) => id)
      .toSorted()
      .reverse(),
  );
  expect(listed.every(([id]) => !id?.startsWith('cp-live-'))).toBe(true);
});
