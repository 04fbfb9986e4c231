import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { widthOf } from '../../src/cli/terminal/width.js';
import { hasTerminal, runCli, runCliIntoClosedPipe, runInTerminal } from './run-cli.js';
import { makeStore, removeTemporaryDirectories, temporaryDirectory } from './stores.js';

const store = await makeStore();
const { cwd } = store;
const ids = await store.ids();
const damagedId = ids[2] as string;
await store.spoil(damagedId, (text) => text.slice(0, 300));
const empty = await temporaryDirectory();
await writeFile(join(cwd, 'a file'), '');
afterAll(removeTemporaryDirectories);

const list = (...args: string[]) => runCli(['checkpoints', 'list', ...args], { cwd });

const plain = await list();

describe.concurrent('checkpoints list', () => {
  it('prints a table, newest first, damaged ones marked in words, and nothing on stderr', async () => {
    const { code, stdout, stderr } = plain;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^CHECKPOINT +CREATED +PLAN +STATE +NODES +VIBE$/);
    expect(lines.slice(1).map((line) => line.split(' ')[0])).toEqual(ids);
    expect(lines[1]).toMatch(/ Kunde Müller\/Film 1 {2}completed {2}1\/1 {4}海の俳句 🌊 about the tides$/);
    expect(lines[3]).toMatch(/ plan-001 +damaged +- +it is cut off/);
    const columnsOfState = lines.map((line) =>
      widthOf(line.slice(0, line.search(/STATE|completed|running|failed|damaged/))),
    );
    expect(new Set(columnsOfState).size).toBe(1);
  });

  it('prints one document for a script', async () => {
    const { code, stdout, stderr } = await list('--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      checkpointDir: store.checkpointDir,
      checkpoints: JSON.parse(JSON.stringify(await store.planner.listCheckpoints())),
    });
  });

  it('is of one plan, and of the newest only, when that is asked', async () => {
    const { stdout } = await list('--plan', 'plan-001', '--limit', '1', '--json');
    expect(JSON.parse(stdout).checkpoints.map((one: { checkpointId: string }) => one.checkpointId)).toEqual([
      damagedId,
    ]);
  });

  it('says on stderr that there are none, and prints nothing', async () => {
    await mkdir(join(empty, '.vibe_checkpoints'));
    const none = await runCli(['checkpoints', 'list'], { cwd: empty });
    expect({ code: none.code, stdout: none.stdout }).toEqual({ code: 0, stdout: '' });
    expect(none.stderr).toMatch(/^No checkpoints in .*\.vibe_checkpoints\. "vibe-aigc demo" shows .*\n$/);
    const noFolder = await runCli(['checkpoints', 'list', '--dir', 'nowhere', '--plan', '../..'], { cwd: empty });
    expect({ code: noFolder.code, stdout: noFolder.stdout }).toEqual({ code: 0, stdout: '' });
    expect(noFolder.stderr).toMatch(/^No checkpoints of plan "\.\.\/\.\." yet: .*nowhere does not exist\./);
    const document = await runCli(['checkpoints', 'list', '--dir', 'nowhere', '--json'], { cwd: empty });
    expect(JSON.parse(document.stdout).checkpoints).toEqual([]);
  });

  it('ends with 1 when the store cannot be read', async () => {
    const { code, stdout, stderr } = await list('--dir', 'a file');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: The checkpoint store failed\.\n {2}why: ENOTDIR.*\n {2}do: {2}look at --dir.*\n$/);
  });

  it('shows with --verbose where an error comes from, with its causes', async () => {
    const { code, stderr } = await list('--dir', 'a file', '--verbose');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^PersistenceError: [\s\S]*\n {4}at [\s\S]*\ncaused by: Error: ENOTDIR/m);
  });

  it('ends with 2 for a folder or a plan that cannot be', async () => {
    for (const args of [
      ['--dir', ''],
      ['--plan', ''],
      ['--plan', 'x'.repeat(201)],
    ]) {
      const { code, stdout, stderr } = await list(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^error: /);
    }
  });

  it('ends quietly when nobody reads on', async () => {
    expect(await runCliIntoClosedPipe(['checkpoints', 'list'], { cwd })).toMatchObject({ code: 0, stderr: '' });
  });

  it('is coloured where that is asked for, and in words all the same', async () => {
    expect(plain.stdout).not.toContain('\u001b');
    const coloured = await runCli(['checkpoints', 'list'], { cwd, env: { FORCE_COLOR: '1' } });
    expect(coloured.stdout).toContain('\u001b[31mdamaged\u001b[39m');
  });
});

describe.skipIf(!hasTerminal).concurrent('checkpoints list in a terminal', () => {
  it('is coloured and cut to fit, with ids that are still taken for the whole ones', async () => {
    const { code, screen } = await runInTerminal(['checkpoints', 'list'], { cwd, columns: 80 });
    expect(code).toBe(0);
    expect(screen).toContain('\u001b[31mdamaged\u001b[39m');
    const lines = stripVTControlCharacters(screen).trimEnd().split('\n');
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(80);
    const shown = lines.slice(1).map((line) => line.split(' ')[0] as string);
    expect(shown.map((prefix) => ids.filter((id) => id.startsWith(prefix)))).toEqual(ids.map((id) => [id]));
    expect(shown).not.toEqual(ids);
  });

  it('is whole with --no-trunc, and plain under NO_COLOR', async () => {
    const env = { NO_COLOR: '1' };
    const { screen } = await runInTerminal(['checkpoints', 'list', '--no-trunc'], { cwd, env });
    expect(screen).toBe(plain.stdout);
  });

  it('is plain on a terminal that knows no colours', async () => {
    const { screen } = await runInTerminal(['checkpoints', 'list'], { cwd, columns: 200, env: { TERM: 'dumb' } });
    expect(screen).toBe(plain.stdout);
  });
});
