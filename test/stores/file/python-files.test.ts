import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MetaPlanner, WorkflowPersistenceManager } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { Provider } from '../../helpers/scripted-run.js';
import { temporaryDirectory } from '../../helpers/stores.js';

const fixtures = fileURLToPath(new URL('../../fixtures/python-1.0/', import.meta.url));
const failedId = 'film-plan_20261124_020702_38f953c3';
const runningId = 'film-plan_20261124_020702_f5e0375f';
const vibe = {
  description: 'Create a short film about tides',
  style: 'noir, rainy',
  constraints: ['under 2 minutes', 'no dialogue'],
  domain: 'film',
  metadata: { fps: 24, tags: ['sea', 'night'] },
};

/** A directory as the Python original leaves it: flat, or in the layout of its guide. */
async function withPythonFiles(layout: 'flat' | 'by plan', ids = [failedId, runningId]) {
  const checkpointDir = join(await temporaryDirectory(), 'checkpoints');
  const directory = layout === 'flat' ? checkpointDir : join(checkpointDir, 'film-plan');
  await mkdir(directory, { recursive: true });
  for (const id of ids) await copyFile(join(fixtures, `${id}.json`), join(directory, `${id}.json`));
  const provider = new Provider();
  const store = new WorkflowPersistenceManager({ checkpointDir });
  const make = () =>
    new MetaPlanner({
      checkpointDir,
      handlers: {
        analyze: provider.handler,
        generate: provider.handler,
        transform: provider.handler,
        validate: provider.handler,
      },
    });
  return { checkpointDir, directory, provider, store, make };
}

for (const layout of ['flat', 'by plan'] as const) {
  describe(`files of the Python original, ${layout}`, () => {
    it('are listed with counts, newest first', async () => {
      const { make } = await withPythonFiles(layout);
      const listed = await make().listCheckpoints();
      expect(listed).toMatchObject([
        { checkpointId: failedId, planId: 'film-plan', state: 'failed', completedNodes: 6, totalNodes: 8 },
        { checkpointId: runningId, planId: 'film-plan', state: 'running', completedNodes: 2, totalNodes: 8 },
      ]);
      expect(listed[0]?.vibeDescription).toBe(vibe.description);
      expect(await make().listCheckpoints({ planId: 'film-plan', limit: 1 })).toHaveLength(1);
      expect(await make().listCheckpoints({ planId: 'other' })).toEqual([]);
    });

    it('are loaded with local times as UTC, seconds as milliseconds, and outputs as they are', async () => {
      const { make } = await withPythonFiles(layout);
      const checkpoint = await make().getCheckpoint(failedId);
      expect(checkpoint.createdAt).toBe(new Date(2026, 10, 24, 2, 7, 2, 607).toISOString());
      expect(checkpoint.vibe).toEqual(vibe);
      expect(checkpoint.workflowPlan).toMatchObject({ id: 'film-plan', estimatedTotalDuration: 120 });
      expect(checkpoint.workflowPlan.rootNodes[2]?.children.map(({ id }) => id)).toEqual([
        'shot-1',
        'shot-2',
        'shot-3',
      ]);
      expect(checkpoint.nodeResults.research).toMatchObject({ status: 'completed', durationMs: 100 });
      expect(checkpoint.nodeResults.script).toMatchObject({ output: { result: 'text for script é中' } });
      expect(checkpoint.nodeResults['shot-2']).toMatchObject({
        status: 'failed',
        error: { message: 'API rate limit exceeded' },
      });
    });

    it('are repaired: what is intact is kept, and the damaged one is moved aside', async () => {
      const { make, directory, provider } = await withPythonFiles(layout);
      const path = join(directory, `${failedId}.json`);
      await writeFile(path, (await readFile(path, 'utf8')).slice(0, 3_000));
      const report = await make().repairCheckpoints({ planId: 'film-plan' });
      expect(report.damage).toMatchObject([{ location: path, checkpointIds: [failedId] }]);
      expect(await readdir(directory)).toContainEqual(expect.stringMatching(`^\\.damaged-${failedId}\\.json-`));
      expect(report.kept).toHaveLength(2);
      expect((await make().executeWithResume(vibe)).status).toBe('completed');
      expect([...provider.calls].sort()).toEqual([...report.toRun].sort());
    });

    it('do not count a composite as completed when a node below it failed', async () => {
      const { make } = await withPythonFiles(layout);
      const { completedNodes, pendingNodes, nodeResults } = await make().getCheckpoint(failedId);
      expect(completedNodes.toSorted()).toEqual(['cut', 'research', 'review', 'script', 'shot-1', 'shot-3']);
      expect(pendingNodes.toSorted()).toEqual(['shot-2', 'shots']);
      expect(nodeResults.shots).toBeUndefined();
    });

    it('are resumed by their vibe: what is completed is not paid for again', async () => {
      const { make, provider, directory } = await withPythonFiles(layout);
      const before = await readFile(join(directory, `${failedId}.json`), 'utf8');
      const result = await make().executeWithResume(vibe);
      expect(result).toMatchObject({
        status: 'completed',
        planId: 'film-plan',
        persistenceInfo: { resumedFrom: failedId },
      });
      expect(provider.calls).toEqual(['shot-2']);
      expect(Object.keys(result.outputs.shots as object)).toEqual(['shot-1', 'shot-2', 'shot-3']);
      expect(await readFile(join(directory, `${failedId}.json`), 'utf8')).toBe(before);
      expect((await make().executeWithResume(vibe)).executionSummary.reused).toBe(8);
    });

    it('are resumed by id, and deleted by id', async () => {
      const { make, provider } = await withPythonFiles(layout);
      const result = await make().executeWithResume(vibe, { checkpointId: runningId });
      expect(result.executionSummary).toMatchObject({ completed: 8, reused: 2 });
      expect(provider.inputs['shot-1']).toEqual({});
      expect(provider.calls[0]).toBe('shot-1');
      expect(await make().deleteCheckpoint(runningId)).toBe(true);
      await expect(make().getCheckpoint(runningId)).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    });

    it('never beat a run of ours of the same plan', async () => {
      const { make, provider } = await withPythonFiles(layout, [runningId]);
      const first = await make().executeWithResume(vibe);
      expect(first.executionSummary.reused).toBe(2);
      provider.calls.length = 0;
      const { directory } = await withPythonFiles(layout, [failedId]);
      const late = (await readFile(join(directory, `${failedId}.json`), 'utf8')).replaceAll('2026-11-24', '2099-11-24');
      const target =
        layout === 'flat'
          ? first.persistenceInfo.checkpointDir
          : join(first.persistenceInfo.checkpointDir ?? '', 'film-plan');
      await writeFile(join(target as string, `${failedId}.json`), late);
      expect((await make().listCheckpoints())[0]?.checkpointId).toBe(failedId);
      expect((await make().executeWithResume(vibe)).runId).toBe(first.runId);
      await writeFile(join(target as string, `${failedId}.json`), 'rotten');
      expect((await make().executeWithResume(vibe)).runId).toBe(first.runId);
      expect(provider.calls).toEqual([]);
    });

    it('that are damaged are listed as damaged with their plan, and refused', async () => {
      const { make, directory, provider } = await withPythonFiles(layout);
      const path = join(directory, `${failedId}.json`);
      await writeFile(path, (await readFile(path, 'utf8')).slice(0, 3_000));
      expect((await make().listCheckpoints())[0]).toMatchObject({
        checkpointId: failedId,
        planId: 'film-plan',
        damaged: { reason: 'it is not JSON' },
      });
      await expect(make().executeWithResume(vibe)).rejects.toMatchObject({
        code: 'CHECKPOINT_CORRUPT',
        checkpointId: failedId,
      });
      expect(provider.calls).toEqual([]);
    });
  });
}

describe('an odd file of the Python original', () => {
  it('without times is read all the same', async () => {
    const { make, directory, provider } = await withPythonFiles('flat', [failedId]);
    const path = join(directory, `${failedId}.json`);
    const document = JSON.parse(await readFile(path, 'utf8'));
    document.execution_result.node_results.script.started_at = null;
    document.execution_result.node_results.script.duration = 1e300;
    await writeFile(path, JSON.stringify(document, null, 2));
    expect((await make().executeWithResume(vibe)).status).toBe('completed');
    expect(provider.calls).toEqual(['shot-2']);
  });

  it('that is damaged and older than an intact one changes nothing, whenever it was copied', async () => {
    const { make, directory, provider } = await withPythonFiles('flat', [failedId]);
    await writeFile(join(directory, 'film-plan_20261124_020601_00000000.json'), 'rotten');
    await copyFile(join(fixtures, `${runningId}.json`), join(directory, 'film-plan_20261124_010000_f5e0375f.json'));
    expect((await make().executeWithResume(vibe)).status).toBe('completed');
    expect(provider.calls).toEqual(['shot-2']);
  });
});

describe('a flat directory', () => {
  it('keeps other JSON files to itself', async () => {
    const { checkpointDir, make } = await withPythonFiles('flat');
    await writeFile(join(checkpointDir, 'package.json'), '{}');
    await copyFile(join(fixtures, `${failedId}.json`), join(checkpointDir, 'cp-abc123.json'));
    expect(await make().listCheckpoints()).toHaveLength(2);
    await expect(make().getCheckpoint('cp-abc123')).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    expect(await readdir(checkpointDir)).toHaveLength(4);
  });
});
