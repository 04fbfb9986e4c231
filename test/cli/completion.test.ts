import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { runCli, runInTerminal } from './run-cli.js';
import { makeStore, removeTemporaryDirectories } from './stores.js';

const store = await makeStore();
const ids = await store.ids();
afterAll(removeTemporaryDirectories);

/** What the words can be completed to. */
async function offered(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runCli(['complete', '--', ...words], store);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout === ''
    ? []
    : stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0] as string);
}

describe.concurrent('completing words', () => {
  it('offers commands, and those below a command', async () => {
    const commands = await offered('');
    expect(commands).toEqual(['execute', 'resume', 'plan', 'signal', 'checkpoints', 'doctor', 'demo', 'completion']);
    expect(await offered('ex')).toEqual(['execute']);
    expect(await offered('checkpoints', 're')).toEqual(['repair']);
  });

  it('offers options and what they can be', async () => {
    expect(await offered('execute', '--co')).toEqual(['--constraint', '--concurrency']);
    expect(await offered('checkpoints', 'list', '--j')).toEqual(['--json']);
    expect(await offered('resume', '--on-corrupt', '')).toEqual(['throw', 'fallback']);
    expect(await offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('offers plans and checkpoints, newest first, of the folder that is named', async () => {
    expect(await offered('resume', '')).toEqual(['Kunde Müller/Film 1', 'plan-001']);
    expect(await offered('signal', 'pl')).toEqual(['plan-001']);
    expect(await offered('checkpoints', 'repair', 'K')).toEqual(['Kunde Müller/Film 1']);
    expect(await offered('checkpoints', 'list', '--plan', '')).toEqual(['Kunde Müller/Film 1', 'plan-001']);
    expect(await offered('checkpoints', 'show', '')).toEqual(ids);
    expect(await offered('checkpoints', 'delete', ids[0] as string, '')).toEqual(ids);
    expect(await offered('checkpoints', 'show', '--dir', 'elsewhere', '')).toEqual([]);
  });

  it('offers nothing where a shell offers files', async () => {
    expect(await offered('execute', '--vibe', '')).toEqual([]);
    expect(await offered('execute', '--plan', '')).toEqual([]);
    expect(await offered('execute', 'a film', '')).toEqual([]);
  });
});

describe.concurrent('vibe-aigc completion', () => {
  it('has bash complete words, ids with spaces and files, and runs nothing that is typed', async () => {
    const { cwd } = store;
    const bin = join(cwd, 'bin');
    await mkdir(bin);
    await symlink(process.execPath, join(bin, 'node'));
    await writeFile(join(bin, 'vibe-aigc'), `#!/bin/sh\nexec "${process.execPath}" "${inject('builtCli')}" "$@"\n`, {
      mode: 0o755,
    });
    const script = `
      source <(vibe-aigc completion bash)
      press() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vibe_aigc; printf '%s;' "\${COMPREPLY[@]}"; echo; }
      press vibe-aigc ex
      press vibe-aigc checkpoints list --j
      press vibe-aigc resume K
      press vibe-aigc execute '"$(touch typed)"' --on-corrupt f
      complete -p vibe-aigc`;
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, LC_ALL: 'C.UTF-8' };
    const { stdout, stderr } = await promisify(execFile)('bash', ['--norc', '-c', script], { cwd, env });
    expect({ stdout, stderr }).toEqual({
      stdout: 'execute;\n--json;\nKunde\\ Müller/Film\\ 1;\nfallback;\ncomplete -o default -F _vibe_aigc vibe-aigc\n',
      stderr: '',
    });
    expect((await promisify(execFile)('ls', { cwd })).stdout).not.toContain('typed');
  });

  it.each([
    ['bash', 'complete -o default -F _vibe_aigc vibe-aigc'],
    ['zsh', '#compdef vibe-aigc'],
    ['fish', "complete -c vibe-aigc -f -a '(__vibe_aigc)'"],
  ])('prints a script for %s, also in a terminal', async (shell, line) => {
    const { code, stdout, stderr } = await runCli(['completion', shell], store);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toContain(line);
    const { screen } = await runInTerminal(['completion', shell], store);
    expect(screen).toBe(stdout);
  });

  it('ends with 2 for another shell', async () => {
    const { code, stderr } = await runCli(['completion', 'tcsh'], store);
    expect(code).toBe(2);
    expect(stderr).toContain('Allowed choices are bash, zsh, fish');
  });
});
