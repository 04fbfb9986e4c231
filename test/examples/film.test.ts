import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowPersistenceManager } from 'vibe-aigc';
import { expect, it } from 'vitest';
import { printedInHeader, runExample, temporaryDirectory } from './run-example.js';

it('makes a film through a crash, an approval and a budget, and buys each render once', async () => {
  const directory = await temporaryDirectory();
  const { code, stdout, stderr } = await runExample('film', [directory]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim()).toBe(await printedInHeader('film'));

  const ledger = (await readFile(join(directory, 'ledger'), 'utf8')).trimEnd().split('\n');
  expect(ledger.map((line) => line.split(/ +/).slice(1))).toEqual([
    ['scene-1', '$2'],
    ['scene-2', '$2'],
    ['scene-3', '$2'],
    ['master', '$3'],
  ]);

  const store = new WorkflowPersistenceManager({ checkpointDir: join(directory, 'checkpoints') });
  const [newest] = await store.listCheckpoints();
  expect(newest).toMatchObject({ state: 'completed', completedNodes: 6, totalNodes: 6 });
  const blobs = (await store.blobs.list(newest?.planId ?? '')).map(({ bytes }) => bytes);
  expect(blobs.sort()).toEqual([2_000_000, 2_000_000, 2_000_000, 3_000_000]);
  const { spend = [], pendingNodes } = (await store.loadCheckpoint(newest?.checkpointId ?? ''))!;
  expect(pendingNodes).toEqual([]);
  expect(spend.reduce((sum, { amount }) => sum + amount, 0)).toBe(9);
});

it('leaves nothing behind when it is not told where to work', async () => {
  const temporary = await temporaryDirectory();
  const { code } = await runExample('film', [], { TMPDIR: temporary, TEMP: temporary, TMP: temporary });
  expect(code).toBe(0);
  expect((await readdir(temporary)).filter((name) => name.startsWith('vibe-aigc-film-'))).toEqual([]);
});
