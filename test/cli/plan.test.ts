import { readdir } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { chain, makeProject } from './handlers.js';
import { runCli, runInTerminal } from './run-cli.js';
import { removeTemporaryDirectories, temporaryDirectory } from './stores.js';

afterAll(removeTemporaryDirectories);

describe.concurrent('vibe-aigc plan', () => {
  it('shows the nodes of a plan, and runs and keeps nothing', async () => {
    const cwd = await temporaryDirectory();
    const { code, stdout, stderr } = await runCli(['plan', 'A postcard', '--plan-id', 'card'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^No model is used: /) });
    expect(stdout).toMatch(
      /^Plan card\n\nNODE {2,}TYPE {2,}AFTER {2,}DESCRIPTION\nanalysis {2,}analyze {2,}- {2,}Read/,
    );
    expect(stdout).toMatch(/^outline +generate +analysis +Lay out/m);
    expect(await readdir(cwd)).toEqual([]);
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
    expect(stdout).toMatch(/^a +generate +- +海の 俳句\n {2}a-1 +generate +- +Write a-1$/m);
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
  });

  it('ends with 2 without a vibe', async () => {
    const cwd = await temporaryDirectory();
    expect(await runCli(['plan'], { cwd })).toMatchObject({ code: 2, stdout: '' });
  });
});
