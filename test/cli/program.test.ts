import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.js';
import { removeTemporaryDirectories, temporaryDirectory } from './stores.js';

const cwd = await temporaryDirectory();
afterAll(removeTemporaryDirectories);

describe.concurrent('vibe-aigc', () => {
  it('prints its version, alone on stdout', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(await runCli(['--version'], { cwd })).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('opens its help with two examples, as docs/cli.md shows it, and hides what is its own business', async () => {
    const { code, stdout, stderr } = await runCli(['--help'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Examples:\n {2}vibe-aigc execute .*\n {2}vibe-aigc resume .*\n\nUsage: /);
    expect(stdout).not.toContain('demo-worker');
    expect(await readFile(new URL('../../docs/cli.md', import.meta.url), 'utf8')).toContain(stdout);
  });

  it('opens the help of a command with two examples of it', async () => {
    const { code, stdout } = await runCli(['checkpoints', 'delete', '--help'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Examples:\n(?: {2}vibe-aigc checkpoints delete .*\n){2}\nUsage: /);
    expect(stdout).toContain('--verbose');
  });

  it('shows its help on stderr when it is asked for nothing', async () => {
    for (const args of [[], ['checkpoints']]) {
      const { code, stdout, stderr } = await runCli(args, { cwd });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('Usage: vibe-aigc');
    }
  });

  it.each([
    [['chekpoints'], "unknown command 'chekpoints'", 'Did you mean checkpoints?'],
    [['a noir film'], "unknown command 'a noir film'", 'do:  if it is what you want made: vibe-aigc execute "'],
    [['checkpoints', 'lst'], "unknown command 'lst'", 'Did you mean list?'],
    [['checkpoints', 'list', '--jsn'], "unknown option '--jsn'", 'Did you mean --json?'],
    [['checkpoints', 'list', '--limit', '0'], "argument '0' is invalid", 'a whole number of at least 1'],
    [['demo', '\u001b[31mred'], 'too many arguments', '--help'],
  ])('ends with 2 and helps on: %j', async (args, what, help) => {
    const { code, stdout, stderr } = await runCli(args, { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(what);
    expect(stderr).toContain(help);
    expect(stderr).not.toContain('\u001b');
  });
});
