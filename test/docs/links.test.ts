import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const docs = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
const pages = ['README.md', ...docs.map((name) => `docs/${name}`)];

describe.each(pages)('%s', (page) => {
  it('links to files and headings that exist', async () => {
    const text = await readFile(join(root, page), 'utf8');
    for (const target of linksOf(text)) {
      const [path = '', heading] = target.split('#');
      const file = path === '' ? join(root, page) : resolve(root, dirname(page), decodeURIComponent(path));
      expect((await stat(file).catch(() => undefined))?.isFile(), `${page} links to ${target}`).toBe(true);
      if (heading !== undefined)
        expect(anchorsOf(await readFile(file, 'utf8')), `${page} links to ${target}`).toContain(heading);
    }
  });

  it('is reached from the README', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    expect(page === 'README.md' || linksOf(readme).includes(page)).toBe(true);
  });
});

describe('README.md', () => {
  it('is under 250 lines', async () => {
    expect((await readFile(join(root, 'README.md'), 'utf8')).split('\n').length).toBeLessThan(250);
  });
});

/** Targets of links within the package; fenced code has none. */
function linksOf(text: string): string[] {
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/i.test(target));
}

/** The names that headings get on code hosts: lower case, dashes for spaces, no punctuation. */
function anchorsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}
