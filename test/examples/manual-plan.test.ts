import { expect, it } from 'vitest';
import { printedInHeader, runExample, withoutChance } from './run-example.js';

it('goes on around a node that fails, and prints what its header shows', async () => {
  const { code, stdout, stderr } = await runExample('manual-plan');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(withoutChance(stdout)).toBe(withoutChance(await printedInHeader('manual-plan')));
  expect(stdout).toContain('poster failed: the painter is ill');
  expect(stdout).toContain('release was skipped, it needs pictures');
  expect(stdout).toContain('completed; called: poster, release; taken over: 5 nodes');
});
