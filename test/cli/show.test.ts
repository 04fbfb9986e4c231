import { basename } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { removeJournals } from '../helpers/stores.js';
import { runCli } from './run-cli.js';
import { makeStore, removeTemporaryDirectories } from './stores.js';

const store = await makeStore();
const { cwd } = store;
const ids = await store.ids();
const [latest, , failed, beforeFailure] = ids as [string, string, string, string];
const spoiled = await store.copy();
await spoiled.spoil(failed, (text) => text.slice(0, 300));
await spoiled.spoil(latest, (text) => text.replace('"schema_version": "2.0"', '"schema_version": "3.0"'));
afterAll(removeTemporaryDirectories);

const show = (...args: string[]) => runCli(['checkpoints', 'show', ...args], { cwd });

describe.concurrent('checkpoints show', () => {
  it('shows what it is of and what each node made, found by the beginning of its id', async () => {
    const { code, stdout, stderr } = await show(failed.slice(0, -4));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Checkpoint +${failed}$`, 'm'));
    expect(stdout).toMatch(/^Plan +plan-001$/m);
    expect(stdout).toMatch(/^Run +run-\w+$/m);
    expect(stdout).toMatch(/^State +failed$/m);
    expect(stdout).toMatch(/^Progress +2\/5 nodes \(40 %\)$/m);
    expect(stdout).toMatch(/^Vibe +海の俳句 🌊 about the tides$/m);
    expect(stdout).toMatch(/^Constraint +three lines$/m);
    const nodes = stdout.slice(stdout.indexOf('NODE')).trimEnd().split('\n');
    expect(nodes.map((line) => line.split(/ {2,}/).filter(Boolean)[0])).toEqual([
      'NODE',
      'idea',
      'text',
      'line-1',
      'line-2',
      'check',
    ]);
    expect(nodes[1]).toMatch(/^idea +analyze +completed +1 +\d+ ms +\{"text":"\\u001b\[31m潮+…$/);
    expect(nodes[2]).toMatch(/^text +generate +own part done +1 +\d+ ms +some text$/);
    expect(nodes[4]).toMatch(/^ {2}line-2 +generate +failed +1 +\d+ ms +RATE_LIMITED: the model answered 429$/);
    expect(nodes[5]).toMatch(/^check +validate +skipped +- +- +blocked by line-2$/);
  });

  it('shows what is still pending', async () => {
    const { stdout } = await show(ids.at(-1) as string);
    expect(stdout).toMatch(/^State +running$/m);
    expect(stdout).toMatch(/^idea +analyze +pending +- +-$/m);
  });

  it('prints the whole latest checkpoint as one document', async () => {
    const { code, stdout, stderr } = await show('latest', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const checkpoint = JSON.parse(JSON.stringify(await store.planner.getCheckpoint(latest)));
    expect(JSON.parse(stdout)).toEqual({ version: 1, ...checkpoint });
  });

  it('shows by its whole id also what is kept of a run without a journal whose checkpoints are all deleted', async () => {
    const own = await store.copy();
    await removeJournals(own);
    for (const id of await own.ids()) await own.planner.deleteCheckpoint(id);
    expect(await own.ids()).toEqual([]);
    const kept = (await own.files()).map((name) => basename(name, '.json')).filter((id) => id.startsWith('cp-live-'));
    expect(kept).toHaveLength(2);
    const { code, stdout } = await runCli(['checkpoints', 'show', kept[0] as string], { cwd: own.cwd });
    expect(code).toBe(0);
    expect(stdout).toContain(`Checkpoint   ${kept[0]}\n`);
  });

  it('ends with 4 for a damaged one, and tells what is wrong and what to do', async () => {
    const { code, stdout, stderr } = await runCli(['checkpoints', 'show', failed, '--json'], { cwd: spoiled.cwd });
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(`error: Checkpoint ${failed} of plan "plan-001" is damaged.\n  why: it is cut off`);
    expect(stderr).toContain(`vibe-aigc checkpoints show ${beforeFailure} `);
    expect(stderr).toContain(`vibe-aigc checkpoints delete ${failed} `);
  });

  it('ends with 4 for one of a newer version', async () => {
    const { code, stderr } = await runCli(['checkpoints', 'show', 'latest'], { cwd: spoiled.cwd });
    expect(code).toBe(4);
    expect(stderr).toContain('was written by a newer version');
    expect(stderr).toContain('schema_version "3.0"');
  });

  it('ends with 2 when an id is the beginning of several, and names them', async () => {
    const { code, stdout, stderr } = await show('cp-0');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`"cp-0" is the beginning of ${ids.length} checkpoint ids`);
    for (const id of ids) expect(stderr).toContain(id);
  });

  it.each(['../../../../etc/passwd', '\u001b[2J\u0007'])('ends with 3 for an id that is none', async (id) => {
    const { code, stdout, stderr } = await show(id);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('do:  vibe-aigc checkpoints list ');
    expect(stderr).not.toMatch(/[^\P{Cc}\n]/u);
  });

  it('ends with 3 when there is nothing to be the latest', async () => {
    const { code, stderr } = await show('latest', '--dir', 'no where');
    expect(code).toBe(3);
    expect(stderr).toContain("vibe-aigc checkpoints list --dir 'no where'");
  });
});
