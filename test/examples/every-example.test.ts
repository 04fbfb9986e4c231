import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './run-example.js';

const names = (await readdir(join(root, 'examples')))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));
const tests = await readdir(join(root, 'test/examples'));

describe.each(names)('examples/%s.ts', (name) => {
  it('is run by a test of its own', () => {
    expect(tests).toContain(`${name}.test.ts`);
  });

  it('says what it shows, how to run it and what it prints', async () => {
    const source = await readFile(join(root, 'examples', `${name}.ts`), 'utf8');
    expect(source).toMatch(/^\/\*\*\n \* \S.*\n(?: \* .*\n)* \*\n \* Run: {4}\S(?:.*\n)+? \* Prints:/);
  });

  it('imports nothing but this library and Node itself', async () => {
    const source = await readFile(join(root, 'examples', `${name}.ts`), 'utf8');
    const imported = [...source.matchAll(/\bfrom '([^']+)'|\bimport\('([^']+)'\)/g)].map(([, a, b]) => a ?? b);
    expect(imported).toContain('vibe-aigc');
    expect(imported.filter((from) => !/^vibe-aigc(\/|$)/.test(from ?? '') && !from?.startsWith('node:'))).toEqual([]);
  });
});
