import { afterAll, describe, expect, it } from 'vitest';
import { hasTerminal, runCli, runInTerminal } from './run-cli.js';
import { makeStore, removeTemporaryDirectories, type Store } from './stores.js';

const original = await makeStore();
const ids = await original.ids();
const [latest, second, damaged] = ids as [string, string, string];
await original.spoil(damaged, (text) => text.slice(0, 300));
afterAll(removeTemporaryDirectories);

const remove = ({ cwd }: Store, ...args: string[]) => runCli(['checkpoints', 'delete', ...args], { cwd });

describe.concurrent('checkpoints delete', () => {
  it('deletes nothing without --yes where nobody can be asked, and says so', async () => {
    const { code, stdout, stderr } = await remove(original, 'latest', second);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^error: Nothing was deleted: whether to delete these 2 checkpoints .*\n {2}do: {2}add --yes/,
    );
    expect(await original.ids()).toEqual(ids);
  });

  it('says with --dry-run what it would delete, and deletes nothing', async () => {
    const { code, stdout, stderr } = await remove(original, 'latest', damaged, '--dry-run', '--yes');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `would delete ${latest}  (plan Kunde Müller/Film 1, completed, 1/1 nodes)\n` +
        `would delete ${damaged}  (plan plan-001, damaged)\n`,
    );
    const document = await remove(original, 'latest', '--dry-run', '--json');
    expect(JSON.parse(document.stdout)).toEqual({
      version: 1,
      dryRun: true,
      checkpoints: [{ checkpointId: latest, planId: 'Kunde Müller/Film 1', deleted: false }],
    });
    expect(await original.ids()).toEqual(ids);
  });

  it('deletes what is named: the latest, by the beginning of an id, and a damaged one; each once', async () => {
    const store = await original.copy();
    const { code, stdout, stderr } = await remove(store, 'latest', latest, damaged.slice(0, -3), '--yes', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      dryRun: false,
      checkpoints: [
        { checkpointId: latest, planId: 'Kunde Müller/Film 1', deleted: true },
        { checkpointId: damaged, planId: 'plan-001', deleted: true },
      ],
    });
    expect(await store.ids()).toEqual(ids.filter((id) => id !== latest && id !== damaged));

    const again = await remove(store, damaged, second, '--yes');
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 3, stdout: '' });
    expect(await store.ids()).toContain(second);
  });

  it('deletes nothing when one id is unknown, or the beginning of several', async () => {
    expect(await remove(original, latest, 'cp-nothing', '--yes')).toMatchObject({ code: 3, stdout: '' });
    const several = await remove(original, latest, 'cp-0', '--yes');
    expect(several).toMatchObject({ code: 2, stdout: '' });
    expect(several.stderr).toContain(second);
    expect(await remove(original, '../plan-001', '--yes')).toMatchObject({ code: 3, stdout: '' });
    expect(await original.ids()).toEqual(ids);
  });
});

describe.skipIf(!hasTerminal).concurrent('checkpoints delete in a terminal', () => {
  it('asks, and deletes when the answer is yes', async () => {
    const store = await original.copy();
    const { code, screen } = await runInTerminal(['checkpoints', 'delete', second], { cwd: store.cwd, answer: 'y\r' });
    expect(code).toBe(0);
    expect(screen).toContain('Delete this checkpoint? [y/N]');
    expect(screen).toContain(`deleted ${second}`);
    expect(await store.ids()).not.toContain(second);
  });

  it.each([
    ['nothing', '\r', 1, 'you did not say yes'],
    ['the end of the input', '\u0004', 1, 'you did not say yes'],
    ['Ctrl-C', '\u0003', 130, 'Interrupted'],
  ])('deletes nothing when the answer is %s', async (_, answer, exitCode, message) => {
    const { code, screen } = await runInTerminal(['checkpoints', 'delete', latest], { cwd: original.cwd, answer });
    expect(code).toBe(exitCode);
    expect(screen).toContain(message);
    expect(await original.ids()).toEqual(ids);
  });
});
