import { afterAll, describe, expect, it } from 'vitest';
import { hasTerminal, runCli, runInTerminal } from './run-cli.js';
import { makeStore, removeTemporaryDirectories, type Store } from './stores.js';

const original = await makeStore();
const ids = await original.ids();
const [end, start, failed, third, second, first] = ids as [string, string, string, string, string, string];
const complete = 'Kunde Müller/Film 1';
afterAll(removeTemporaryDirectories);

const prune = ({ cwd }: Store, ...args: string[]) => runCli(['checkpoints', 'prune', ...args], { cwd });

describe.concurrent('checkpoints prune', () => {
  it('keeps the newest of each plan, and says what it deleted', async () => {
    const store = await original.copy();
    const { code, stdout, stderr } = await prune(store, '--keep-last', '1', '--yes');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = [`${start}  (plan ${complete})`, ...[third, second, first].map((id) => `${id}  (plan plan-001)`)];
    expect(stdout.trim().split('\n').toSorted()).toEqual(lines.map((line) => `deleted ${line}`).toSorted());
    expect(await store.ids()).toEqual([end, failed]);
    const again = await prune(store, '--keep-last', '1');
    expect(again).toEqual({ code: 0, stdout: '', stderr: 'There is nothing to delete.\n' });
  });

  it('deletes nothing without --yes where nobody can be asked, and says so', async () => {
    const { code, stdout, stderr } = await prune(original, '--delete-on-success');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^error: Nothing was deleted: whether to delete 2 checkpoints, and all that is left of 1 plan can only/,
    );
    expect(await original.ids()).toEqual(ids);
  });

  it('says with --dry-run what it would delete, also as a document', async () => {
    const told = await prune(original, '--delete-on-success', '--dry-run', '--yes');
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toContain(`would delete all that is left of plan ${complete}\n`);
    const { stdout } = await prune(original, '--delete-on-success', '--dry-run', '--json');
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      dryRun: true,
      deleted: [end, start].map((checkpointId) => ({ checkpointId, planId: complete })),
      freedPlans: [complete],
      blobs: { count: 0, bytes: 0 },
      skipped: [],
    });
    expect(await original.ids()).toEqual(ids);
  });

  it('deletes what is older than --max-age, and keeps what a run that failed needs', async () => {
    const store = await makeStore({ now: () => Date.now() - 24 * 60 * 60 * 1000 });
    const before = await store.ids();
    expect((await prune(store, '--max-age', '2d', '--yes')).stderr).toBe('There is nothing to delete.\n');
    const { code, stdout } = await prune(store, '--max-age', '23h', '--plan', 'plan-001', '--yes');
    expect(code).toBe(0);
    expect(stdout.match(/^deleted /gm)).toHaveLength(3);
    expect(await store.ids()).toEqual(before.slice(0, 3));
    expect((await prune(store, '--max-age', '23h', '--yes')).stdout).toContain(`all that is left of plan ${complete}`);
    expect(await store.ids()).toEqual(before.slice(2, 3));
  });

  it('leaves a damaged plan as it is, prunes the others, and ends with 4', async () => {
    const store = await original.copy();
    await store.spoil(second, (text) => text.slice(0, 300));
    const { code, stdout, stderr } = await prune(store, '--keep-last', '1', '--yes', '--json');
    expect(code).toBe(4);
    expect(stderr).toContain('error: A plan was left alone that could not be read.');
    expect(JSON.parse(stdout)).toMatchObject({
      deleted: [{ checkpointId: start, planId: complete }],
      skipped: [{ planId: 'plan-001', code: 'CHECKPOINT_CORRUPT', message: expect.stringContaining('plan-001') }],
    });
    expect(await store.ids()).toEqual(ids.filter((id) => id !== start));
  });

  it.each([
    ['no word of what to keep', [], 'not said what to keep'],
    ['a number that is none', ['--keep-last', '0'], 'whole number of at least 1'],
    ['an age without a unit', ['--max-age', '30'], '90s, 45m, 12h, 30d or 8w'],
  ])('refuses %s, and deletes nothing', async (_, args, message) => {
    const { code, stdout, stderr } = await prune(original, ...args, '--yes');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(await original.ids()).toEqual(ids);
  });
});

describe.skipIf(!hasTerminal).concurrent('checkpoints prune in a terminal', () => {
  it('shows what would go, asks, and deletes when the answer is yes', async () => {
    const store = await original.copy();
    const args = ['checkpoints', 'prune', '--keep-last', '4'];
    const { code, screen } = await runInTerminal(args, { cwd: store.cwd, answer: 'y\r' });
    expect(code).toBe(0);
    expect(screen).toContain('There is nothing to delete.');
    const fewer = [...args.slice(0, -1), '3'];
    const asked = await runInTerminal(fewer, { cwd: store.cwd, answer: 'y\r' });
    expect(asked.screen).toContain('Delete 1 checkpoint? [y/N]');
    expect(asked.screen).toContain(`deleted ${first}`);
    expect(await store.ids()).not.toContain(first);
  });

  it('deletes nothing when the answer is no', async () => {
    const args = ['checkpoints', 'prune', '--delete-on-success'];
    const { code, screen } = await runInTerminal(args, { cwd: original.cwd, answer: '\r' });
    expect(code).toBe(1);
    expect(screen).toContain('you did not say yes');
    expect(await original.ids()).toEqual(ids);
  });
});
