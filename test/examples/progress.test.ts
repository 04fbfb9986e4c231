import { expect, it } from 'vitest';
import { printedInHeader, runExample, withoutChance } from './run-example.js';

it('prints a line for each event, as its header shows', async () => {
  const { code, stdout, stderr } = await runExample('progress');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(withoutChance(stdout)).toBe(withoutChance(await printedInHeader('progress')));
  const [first = '', second = ''] = stdout.split('The same call again:');
  expect(first.trimEnd()).toMatch(/ 50 % {2}failed$/);
  expect(second.trimEnd()).toMatch(/ 100 % {2}completed$/);
  expect(second).not.toMatch(/(text|picture) begins/);
});
