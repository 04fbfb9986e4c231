import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { builtPackage } from '../helpers/built-package.js';
import { runExample } from './run-example.js';

it('writes the briefs of the example vibes and says where', async () => {
  const { code, stdout, stderr } = await runExample('write-briefs');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const files = stdout.trimEnd().split('\n');
  expect(files).toEqual(['./examples/output/tide-film.md', './examples/output/night-market.md']);
  for (const file of files)
    expect(await readFile(join(builtPackage, file), 'utf8')).toMatch(/^# .+ brief|^# Image set/);
});
