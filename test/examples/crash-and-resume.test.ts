import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowPersistenceManager } from 'vibe-aigc';
import { expect, it } from 'vitest';
import { readLedger, runExample, temporaryDirectory } from './run-example.js';

it('does nothing twice that a listed checkpoint had kept when the process was killed', async () => {
  const temporary = await temporaryDirectory();
  const { code, stdout, stderr } = await runExample('crash-and-resume', [], {
    TMPDIR: temporary,
    TEMP: temporary,
    TMP: temporary,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const made = (await readdir(temporary)).filter((name) => name.startsWith('vibe-aigc-demo-'));
  expect(made).toHaveLength(1);
  const directory = join(temporary, made[0] as string);

  const [, crashed] = /Process (\d+) is gone/.exec(stdout) ?? [];
  const [, lastListed = '', nodes] = /What it left behind:\n +(cp-\S+) .* (\d+)\/\d+ nodes\n/.exec(stdout) ?? [];
  const store = new WorkflowPersistenceManager({ checkpointDir: join(directory, 'checkpoints') });
  const covered = (await store.loadCheckpoint(lastListed))?.completedNodes ?? [];
  expect(covered.length).toBeGreaterThanOrEqual(2);
  expect(covered).toHaveLength(Number(nodes));

  const ledger = await readLedger(join(directory, 'ledger'));
  expect(ledger.begunBy(Number(crashed)).length).toBeGreaterThanOrEqual(2);
  expect(ledger.begunBy(resumedPid(stdout))).not.toEqual([]);
  expect(ledger.begunBy(resumedPid(stdout)).filter((nodeId) => covered.includes(nodeId))).toEqual([]);
  expect(covered.filter((nodeId) => ledger.timesDone(nodeId) > 1)).toEqual([]);

  const [newest] = await store.listCheckpoints();
  expect(newest?.state).toBe('completed');
  expect(newest?.completedNodes).toBe(newest?.totalNodes);
  expect(Number(/resumed with (\d+) nodes done/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(covered.length);
  expect(await readFile(join(directory, 'brief.md'), 'utf8')).toMatch(/\S/);
  expect(stdout).toContain(join(directory, 'brief.md'));
});

/** The process that went on. */
function resumedPid(stdout: string): number {
  return Number(/process (\d+): /.exec(stdout.split('3. A fresh process')[1] ?? '')?.[1]);
}
