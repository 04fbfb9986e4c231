import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { finalScreen, runInTerminal } from '../cli/run-cli.js';
import { removeTemporaryDirectories, temporaryDirectory } from '../cli/stores.js';

afterAll(removeTemporaryDirectories);

const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');

describe('the first screen of the README', () => {
  it('shows what its command leaves on a terminal', async () => {
    const [, line = '', shown = ''] = /```sh\nnpx vibe-aigc (.*)\n```\n\n```\n([\s\S]*?)```\n/.exec(readme) ?? [];
    expect(readme.slice(0, readme.indexOf(shown)).split('\n').length).toBeLessThan(24);
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    const { code, screen } = await runInTerminal(words, { cwd: await temporaryDirectory(), columns: 120 });
    expect(code).toBe(0);
    const printed = withoutTime(finalScreen(screen)).split('\n');
    let from = 0;
    for (const part of withoutTime(shown).trimEnd().split('\n...\n')) {
      const lines = part.split('\n');
      const start = printed.findIndex((text, index) => index >= from && text === lines[0]);
      expect(printed.slice(start, start + lines.length)).toEqual(lines);
      from = start + lines.length;
    }
    expect(from).toBe(printed.length - 1);
  });
});

/** How long it took and when it was are another time's. */
function withoutTime(text: string): string {
  return text.replaceAll(/\bcp-[0-9a-z-]+/g, 'cp-...').replaceAll(/, in [\d.]+ m?s$/gm, ', in a while');
}
