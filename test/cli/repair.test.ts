import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { rotted } from '../helpers/damaged-run.js';
import { hasTerminal, runCli, runInTerminal } from './run-cli.js';
import { makeStore, removeTemporaryDirectories, type Store } from './stores.js';

// Of five nodes, idea, text and line-1 have a result: line-2 failed, so check was skipped.
const original = await makeStore();
const sound = await original.copy();
// A repair locks its plan, if only to look: each test has a copy.
const directory = (store: Store) => join(store.checkpointDir, 'plan-001');
const journal = join(directory(original), '.journal-1');
const lines = (await readFile(journal, 'utf8')).split('\n');
await writeFile(journal, rotted(lines, '"node_id":"text","status":"completed"').join('\n'));
for (const id of (await original.ids()).slice(2)) await original.spoil(id, (text) => text.slice(0, 300));
afterAll(removeTemporaryDirectories);

const repair = ({ cwd }: Store, ...args: string[]) => runCli(['checkpoints', 'repair', ...args], { cwd });
const namesIn = async (store: Store) =>
  (await readdir(directory(store))).filter((name) => !name.startsWith('.lock')).sort();

describe.concurrent('checkpoints repair', () => {
  it('says with --dry-run what is kept, what is lost and what is damaged, and changes nothing', async () => {
    const store = await original.copy();
    const before = await namesIn(store);
    const { code, stdout, stderr } = await repair(store, 'plan-001', '--dry-run');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^would repair plan plan-001, run run-\w+\n/);
    expect(stdout).toMatch(/^idea +kept$/m);
    expect(stdout).toMatch(/^text +paid again +its record is damaged$/m);
    expect(stdout).toMatch(/^line-1 +kept +made from an earlier output of text$/m);
    expect(stdout).toMatch(/^check +never done$/m);
    expect(stdout).toContain('nodes: 2 kept, 1 to be paid again, 2 never done');
    expect(stdout).toMatch(/^damaged .*\.journal-1: line \d+ is not as it was written\n {2}would be moved aside$/m);
    expect(await namesIn(store)).toEqual(before);
  });

  it('changes nothing without --yes where nobody can be asked, and says so', async () => {
    const store = await original.copy();
    const before = await namesIn(store);
    const { code, stdout, stderr } = await repair(store, 'plan-001');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: Nothing was repaired: .*\n {2}do: {2}add --yes/);
    expect(await namesIn(store)).toEqual(before);
  });

  it('repairs with --yes, and the list is sound after that', async () => {
    const store = await original.copy();
    const { code, stdout, stderr } = await repair(store, 'plan-001', '--yes');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [, id] = /^saved (cp-\S+), which has all that is kept$/m.exec(stdout) ?? [];
    expect(await store.ids()).toContain(id);
    expect(stdout).toMatch(/^ {2}moved to .*\.damaged-journal-1-\w+$/m);
    expect((await store.planner.listCheckpoints()).filter(({ damaged }) => damaged)).toEqual([]);
    expect(await repair(store, 'plan-001')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nothing to repair: plan plan-001, run run-\w+\n$/),
    });
  });

  it('prints one document with --json, and drops with --rerun what was made from what is lost', async () => {
    const store = await original.copy();
    const { code, stdout } = await repair(store, 'plan-001', '--yes', '--json', '--rerun');
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ version: 1, dryRun: false, planId: 'plan-001', kept: ['idea'], staleInputs: [] });
    expect(document.paidAgain.map(({ nodeId }: { nodeId: string }) => nodeId)).toEqual(['text', 'line-1']);
  });

  it('ends with 3 for a plan that nobody knows, and makes nothing', async () => {
    const { code, stderr } = await repair(original, 'plan-002', '--yes');
    expect(code).toBe(3);
    expect(stderr).toContain('There is no checkpoint of plan "plan-002".');
    expect(await readdir(original.checkpointDir)).not.toContain('plan-002');
  });

  it('ends with 4 when nothing tells what the run was to make', async () => {
    const store = await original.copy();
    for (const name of await namesIn(store)) await writeFile(join(directory(store), name), 'zzz\n');
    const { code, stderr } = await repair(store, 'plan-001', '--yes');
    expect(code).toBe(4);
    expect(stderr).toMatch(
      /^error: Plan "plan-001" cannot be repaired\.\n {2}why: .*\n {2}do: {2}start over with fresh/,
    );
  });

  it('is what show tells of a damaged checkpoint', async () => {
    const damaged = (await original.ids()).at(-1) as string;
    const { code, stderr } = await runCli(['checkpoints', 'show', damaged], { cwd: original.cwd });
    expect(code).toBe(4);
    expect(stderr).toContain('do:  vibe-aigc checkpoints repair plan-001   saves all that is intact of the plan');
  });

  it('has nothing to do for a sound plan', async () => {
    const { code, stdout } = await repair(sound, 'Kunde Müller/Film 1');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^nothing to repair: plan Kunde Müller/),
    });
  });
});

describe.skipIf(!hasTerminal).concurrent('checkpoints repair in a terminal', () => {
  it.each([
    ['y\r', 0, 'repaired plan plan-001'],
    ['\r', 1, 'Nothing was repaired, since you did not say yes.'],
  ])('shows what it would do and asks; the answer %j ends with %i', async (answer, exitCode, message) => {
    const store = await original.copy();
    const { code, screen } = await runInTerminal(['checkpoints', 'repair', 'plan-001'], { cwd: store.cwd, answer });
    expect(screen).toContain('would repair plan plan-001');
    expect(screen).toContain('Repair it? [y/N]');
    expect(screen).toContain(message);
    expect(code).toBe(exitCode);
    expect((await namesIn(store)).some((name) => name.startsWith('.damaged-'))).toBe(exitCode === 0);
  });
});
