import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.js';
import { removeTemporaryDirectories, temporaryDirectory } from './stores.js';

const folders: string[] = [];
afterAll(async () => {
  await removeTemporaryDirectories();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** Runs the demo in an empty folder, which stays empty; answers what it printed, and where it worked. */
async function demo(...args: string[]): Promise<{ stdout: string; folder: string }> {
  const cwd = await temporaryDirectory();
  const { code, stdout, stderr } = await runCli(['demo', ...args], { cwd });
  const folder = /The brief \(\d+ lines\) is in (.*)[/\\]brief\.md\./.exec(stdout)?.[1] ?? join(cwd, 'nowhere');
  folders.push(folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await readdir(cwd)).toEqual([]);
  return { stdout, folder };
}

describe.concurrent('vibe-aigc demo', () => {
  it('kills a run, resumes it, and says what the ledger says', async () => {
    const { stdout, folder } = await demo('--keep');
    const ledger = (await readFile(join(folder, 'ledger.jsonl'), 'utf8')).trimEnd().split('\n');
    const did = (process: string) =>
      ledger
        .map((line) => JSON.parse(line))
        .filter((entry) => entry.process === process && entry.what === 'did')
        .map(({ nodeId }) => nodeId);
    const [first, second] = [did('first'), did('second')];
    const twice = first.filter((nodeId) => second.includes(nodeId));
    expect(first.length).toBeGreaterThanOrEqual(4);
    expect(second).toContain('brief');
    expect(stdout).toContain(`Done twice: ${twice.join(', ') || 'nothing'}.`);
    for (const nodeId of first) expect(stdout).toMatch(new RegExp(`^ {3}${nodeId} +done +(?:-|done)$`, 'm'));
    expect(Number(/resumes with (\d+) nodes done/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(4);
    expect(stdout).toContain((await readFile(join(folder, 'brief.md'), 'utf8')).split('\n')[0] as string);

    const command = /vibe-aigc (checkpoints list --dir \S+)$/m.exec(stdout)?.[1] as string;
    const { stdout: table } = await runCli(command.split(' '));
    expect(table.split('\n')[1]).toContain('completed');
  });

  it('leaves nothing but the brief', async () => {
    const { folder } = await demo();
    expect(await readdir(folder)).toEqual(['brief.md']);
  });
});
