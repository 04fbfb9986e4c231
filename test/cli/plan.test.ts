import { readdir, readFile } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { renderPlan } from 'vibe-aigc';
import { afterAll, describe, expect, it } from 'vitest';
import { chain, makeProject } from './handlers.js';
import { runCli, runInTerminal } from './run-cli.js';
import { removeTemporaryDirectories, temporaryDirectory } from './stores.js';

afterAll(removeTemporaryDirectories);

describe.concurrent('vibe-aigc plan', () => {
  it('draws the plan, and runs and keeps nothing', async () => {
    const cwd = await temporaryDirectory();
    const { code, stdout, stderr } = await runCli(['plan', 'A postcard', '--plan-id', 'card'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^No model is used: /) });
    expect(stdout).toMatch(/^card, 9 nodes\n\no-{7} analysis \(analyze\): Read the vibe/);
    expect(stdout).toMatch(/^>-o-{5} outline \(generate\): Lay out/m);
    expect(stdout.endsWith('\no leads to each > on its line\n')).toBe(true);
    expect(await readdir(cwd)).toEqual([]);
  });

  it.each([['ascii'], ['mermaid'], ['svg']] as const)(
    'prints the picture that renderPlan makes, alone on stdout, with --format %s',
    async (format) => {
      const cwd = await temporaryDirectory();
      const vibe = ['plan', 'A postcard', '--plan-id', 'card'];
      const { plan } = JSON.parse((await runCli([...vibe, '--json'], { cwd })).stdout);
      const { code, stdout } = await runCli([...vibe, '--format', format], { cwd });
      expect(code).toBe(0);
      expect(stdout.trimEnd()).toBe(renderPlan(plan, { format }).trimEnd());
    },
  );

  it('folds a large plan on a terminal and in an image, and not when it is piped or with --no-trunc', async () => {
    const scenes = chain(...Array.from({ length: 60 }, (_, at) => `scene-${at}`));
    const nodes = [{ ...chain('film')[0], children: scenes }, ...chain('poster')];
    const { cwd } = await makeProject(
      `export const decomposer = () => ({ rootNodes: ${JSON.stringify(nodes)} });
      export const handlers = { default: () => 1 };`,
      [],
    );
    const args = ['plan', 'A film', '--handlers', 'handlers.mjs'];
    expect((await runInTerminal(args, { cwd, columns: 90 })).screen).toContain('[60 folded]');
    expect((await runInTerminal([...args, '--no-trunc'], { cwd, columns: 90 })).screen).toContain('scene-59');
    expect((await runCli(args, { cwd })).stdout).toContain('scene-59');
    expect((await runCli([...args, '--format', 'svg'], { cwd })).stdout).not.toContain('scene-59');
    expect((await runCli([...args, '--format', 'svg', '--no-trunc'], { cwd })).stdout).toContain('scene-59');
  });

  it('prints one document, which "execute" takes, with --json', async () => {
    const cwd = await temporaryDirectory();
    const { stdout } = await runCli(['plan', 'A postcard', '--style', 'loud', '--json'], { cwd });
    const { version, plan } = JSON.parse(stdout);
    expect(version).toBe(1);
    expect(plan).toMatchObject({ sourceVibe: { description: 'A postcard', style: 'loud' } });
    expect(plan.rootNodes).toHaveLength(10);
  });

  it('has the decomposer of a module make it, children below their parent', async () => {
    const nodes = [{ ...chain('a')[0], description: '海の\n俳句', children: chain('a-1') }];
    const { cwd } = await makeProject(
      `export const decomposer = () => ({ rootNodes: ${JSON.stringify(nodes)} });
      export const handlers = { default: () => 1 };`,
      [],
    );
    const { code, stdout, stderr } = await runCli(['plan', 'A haiku', '--handlers', 'handlers.mjs'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^a \(generate\): 海の 俳句\n {2}a-1 \(generate\): Write a-1$/m);
  });

  it('looks on a terminal as docs/cli.md shows it', async () => {
    const cwd = await temporaryDirectory();
    const args = ['plan', 'a noir short film about tides', '--style', 'rainy', '--plan-id', 'tides'];
    const { screen } = await runInTerminal(args, { cwd, columns: 90 });
    const picture = screen.slice(screen.indexOf('tides, 10 nodes')).replaceAll('\r', '');
    expect(picture).toMatch(/^tides, 10 nodes\n\no---/);
    expect(await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8')).toContain(picture);
  });

  it('is cut to fit a terminal, and not with --no-trunc', async () => {
    const cwd = await temporaryDirectory();
    const cut = await runInTerminal(['plan', 'A postcard'], { cwd, columns: 90 });
    expect(cut.code).toBe(0);
    const lines = cut.screen.split('\n').slice(1);
    expect(lines.every((line) => stripVTControlCharacters(line).length <= 90)).toBe(true);
    expect(cut.screen).toContain('…');
    const whole = await runInTerminal(['plan', 'A postcard', '--no-trunc'], { cwd, columns: 90 });
    expect(whole.screen).not.toContain('…');
    const image = await runInTerminal(['plan', 'A postcard', '--format', 'svg'], { cwd, columns: 90 });
    expect(image.screen).toMatch(/<svg [^…]*>\s/);
  });

  it.each([
    [['plan'], 'do:  say what you want made, in quotes: vibe-aigc plan "a film about tides"'],
    [['plan', 'A postcard', '--format', 'png'], 'Allowed choices are ascii, mermaid, svg'],
    [['plan', 'A postcard', '--format', 'svg', '--json'], 'cannot be used with option'],
  ])('ends with 2 for %j', async (args, message) => {
    const cwd = await temporaryDirectory();
    const ended = await runCli(args, { cwd });
    expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  });
});
