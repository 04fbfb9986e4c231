import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { builtPackage } from '../helpers/built-package.js';
import { runSnippet } from './run-snippet.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const directory = await mkdtemp(join(builtPackage, 'snippets-'));

interface Snippet {
  /** Line of the page on which the code begins, from 1. */
  readonly line: number;
  readonly code: string;
  /** What the page says that it prints. */
  readonly shown?: string;
}

afterAll(() => rm(directory, { recursive: true, force: true }));

describe('docs/concepts.md', async () => {
  const snippets = snippetsOf(await readFile(join(root, 'docs/concepts.md'), 'utf8'));
  const printing = snippets.filter(({ shown }) => shown !== undefined);

  it('shows what most of its snippets print', () => expect(printing.length).toBeGreaterThanOrEqual(3));

  it.concurrent.each(printing)('shows what the snippet of line $line prints', async ({ line, code, shown }) => {
    expect(await runSnippet(directory, `concepts-${line}.mjs`, code)).toBe(shown);
  });
});

describe('the first snippet of a page', () => {
  const pages = ['budgets', 'growing-plans', 'people-in-the-loop', 'steps'];

  it.concurrent.each(pages)('prints what docs/%s.md shows, with no model at hand', async (page) => {
    const [first] = snippetsOf(await readFile(join(root, `docs/${page}.md`), 'utf8'));
    const place = await mkdtemp(join(builtPackage, `${page}-`)); // they keep checkpoints where they run
    try {
      expect(await runSnippet(place, 'first.mjs', first?.code ?? '')).toBe(first?.shown);
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  });
});

describe('docs/testing.md', async () => {
  const snippets = snippetsOf(await readFile(join(root, 'docs/testing.md'), 'utf8'));
  const tests = snippets.filter(({ code }) => code.includes("from 'node:test'"));

  it('consists of tests for the most part', () => expect(tests.length).toBeGreaterThanOrEqual(snippets.length / 2));

  it.concurrent.each(tests)('has tests in line $line that pass', { timeout: 120_000 }, async ({ line, code }) => {
    const printed = await runSnippet(directory, `testing-${line}.mjs`, code);
    expect(Number(/^\S+ pass (\d+)$/m.exec(printed)?.[1])).toBeGreaterThan(0);
  });

  it.concurrent.each(tests)(
    'would fail if what line $line asserts were not so',
    { timeout: 120_000 },
    async ({ line, code }) => {
      const opposite = code.replaceAll(/assert\.(deepEqual|equal)\(/g, (_, name) =>
        name === 'equal' ? 'assert.notEqual(' : 'assert.notDeepEqual(',
      );
      expect(opposite).not.toBe(code);
      await expect(runSnippet(directory, `wrong-${line}.mjs`, opposite)).rejects.toThrow('Command failed');
    },
  );
});

describe('the directory where they ran', () => {
  it('has nothing else in it', async () => {
    expect((await readdir(directory)).filter((name) => !name.endsWith('.mjs'))).toEqual([]);
  });
});

/** The TypeScript of a page, each with the output that stands right behind it. */
function snippetsOf(page: string): Snippet[] {
  return [...page.matchAll(/^```ts\n([\s\S]*?)^```\n(?:\n```\n([\s\S]*?)^```$)?/gm)].map((match) => ({
    line: page.slice(0, match.index).split('\n').length + 1,
    code: match[1] ?? '',
    shown: match[2],
  }));
}
