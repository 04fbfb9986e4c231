import { expect, it } from 'vitest';
import { printedInHeader, runExample, withoutChance } from './run-example.js';

it('runs many vibes at once, and one vibe once, as its header shows', async () => {
  const { code, stdout, stderr } = await runExample('concurrent-runs');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(withoutChance(stdout)).toBe(withoutChance(await printedInHeader('concurrent-runs')));
  expect(stdout.match(/^ {3}a \w+ song +(completed|failed)/gm)).toHaveLength(4);
  expect(stdout).toContain('fulfilled; rejected\n   PLAN_LOCKED');
});
