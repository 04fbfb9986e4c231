import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CheckpointCorruptError,
  type ExecutionEvent,
  MetaPlanner,
  type WorkflowPersistenceManager,
} from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';
import { fileStore, removeJournals } from '../helpers/stores.js';

async function pathOf(store: WorkflowPersistenceManager, checkpointId: string): Promise<string> {
  const entries = await readdir(store.checkpointDir, { recursive: true });
  return join(store.checkpointDir, entries.find((entry) => entry.endsWith(`${checkpointId}.json`)) ?? 'missing');
}

const damages: Record<string, (text: string) => string> = {
  'a word changed': (text) => text.replace('A film about tides', 'A film about tidez'),
  'its second half cut off': (text) => text.slice(0, text.length / 2),
  'nothing in it': () => '',
  'something else in it': () => 'not a checkpoint at all\n',
  'the checksum taken away': (text) => text.replace(/,\n {2}"checksum".*\n/, '\n'),
};

describe('a damaged checkpoint, where no journal proves what it held,', () => {
  /** A run that failed after three of five nodes, with listed checkpoints of 0, 1, 2 and 3 completed nodes. */
  async function setUp() {
    const store = await fileStore();
    const provider = new Provider().failAt('cut');
    const options = { persistenceManager: store, checkpointInterval: 1, concurrency: 1 };
    const make = () =>
      new MetaPlanner({
        ...options,
        decomposer: () => ({ rootNodes: filmPlan().rootNodes }),
        handlers: { default: provider.handler },
      });
    const failed = await make().executeWithResume(tides);
    provider.mend();
    provider.calls.length = 0;
    await removeJournals(store);
    const ids = (await make().listCheckpoints()).map(({ checkpointId }) => checkpointId);
    const damage = async (checkpointId: string, how = damages['a word changed'] as (text: string) => string) => {
      const path = await pathOf(store, checkpointId);
      await writeFile(path, how(await readFile(path, 'utf8')));
      return path;
    };
    return { store, provider, make, failed, ids, damage };
  }

  for (const [name, how] of Object.entries(damages)) {
    it(`with ${name} is listed as damaged, refused by name, and can be deleted`, async () => {
      const { make, ids, damage, failed } = await setUp();
      const path = await damage(ids[1] as string, how);
      const listed = await make().listCheckpoints();
      expect(listed.map(({ checkpointId }) => checkpointId)).toEqual(ids);
      expect(listed[1]).toMatchObject({
        checkpointId: ids[1],
        planId: failed.planId,
        damaged: { reason: expect.any(String) },
      });
      expect(listed[1]?.completedNodes).toBeUndefined();

      const error = await make()
        .getCheckpoint(ids[1] as string)
        .catch((thrown: unknown) => thrown as CheckpointCorruptError);
      expect(error).toMatchObject({ code: 'CHECKPOINT_CORRUPT', checkpointId: ids[1], location: path });
      expect(await make().deleteCheckpoint(ids[1] as string)).toBe(true);
      expect(await make().listCheckpoints()).toHaveLength(ids.length - 1);
    });
  }

  it('that is the latest stops the run with an error that names it and the newest intact one, and changes no file', async () => {
    const { store, provider, make, ids, damage, failed } = await setUp();
    await damage(ids[0] as string);
    const before = await contentOf(store);
    const error = await make()
      .executeWithResume(tides)
      .catch((thrown: unknown) => thrown as CheckpointCorruptError);
    expect(error).toMatchObject({
      code: 'CHECKPOINT_CORRUPT',
      planId: failed.planId,
      checkpointId: ids[0],
      fallbackCheckpointId: ids[1],
      reason: 'its checksum does not match',
    });
    expect(provider.calls).toEqual([]);
    expect(await contentOf(store)).toEqual(before);
  });

  it('that is the latest is passed over with onCorrupt: fallback, with an event', async () => {
    const { provider, make, ids, damage } = await setUp();
    await damage(ids[0] as string);
    const events: ExecutionEvent[] = [];
    const result = await make().executeWithResume(tides, {
      onCorrupt: 'fallback',
      onProgress: (event) => void events.push(event),
    });
    expect(result.status).toBe('completed');
    expect(result.persistenceInfo.resumedFrom).toBe(ids[1]);
    expect(events[0]).toMatchObject({ type: 'run_started', resumed: true });
    expect(events[1]).toMatchObject({
      type: 'checkpoint_corrupt',
      checkpointId: ids[0],
      reason: 'its checksum does not match',
    });
    expect(provider.calls).toEqual(['cut', 'review']);
  });

  it('that is older than the latest changes nothing', async () => {
    const { provider, make, ids, damage } = await setUp();
    await damage(ids[2] as string);
    const result = await make().executeWithResume(tides);
    expect(result.executionSummary.reused).toBe(3);
    expect(provider.calls).toEqual(['cut', 'review']);
  });

  it('asked for by id is refused, and with fallback replaced by the newest intact state as a new run', async () => {
    const { provider, make, ids, damage, failed } = await setUp();
    await damage(ids[2] as string);
    const call = make().executeWithResume(tides, { checkpointId: ids[2] });
    await expect(call).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT', checkpointId: ids[2] });
    const events: ExecutionEvent[] = [];
    const result = await make().executeWithResume(tides, {
      checkpointId: ids[2],
      onCorrupt: 'fallback',
      onProgress: (event) => void events.push(event),
    });
    expect(result).toMatchObject({
      status: 'completed',
      planId: failed.planId,
      persistenceInfo: { resumedFrom: ids[0] },
    });
    expect(result.runId).not.toBe(failed.runId);
    expect(events[1]).toMatchObject({ type: 'checkpoint_corrupt', checkpointId: ids[2] });
    expect(provider.calls).toEqual(['cut', 'review']);
  });

  it('never leads to a silent restart when nothing intact is left', async () => {
    const { provider, make, ids, damage } = await setUp();
    for (const id of ids) await damage(id);
    for (const onCorrupt of ['throw', 'fallback'] as const) {
      const error = await make()
        .executeWithResume(tides, { onCorrupt })
        .catch((thrown: unknown) => thrown as CheckpointCorruptError);
      expect(error).toMatchObject({ code: 'CHECKPOINT_CORRUPT', checkpointId: ids[0] });
      expect((error as CheckpointCorruptError).fallbackCheckpointId).toBeUndefined();
    }
    expect(provider.calls).toEqual([]);
    expect((await make().executeWithResume(tides, { fresh: true })).status).toBe('completed');
  });

  it('of a plan with another name is reported when it may be of this vibe, and the run goes on', async () => {
    const { store, make } = await setUp();
    const foreign = { ...tides, description: 'A film about rain' };
    const other = await make().executeWithResume(foreign, { planId: 'rain' });
    for (const { checkpointId } of await store.listCheckpoints({ planId: 'rain' })) {
      if (checkpointId !== other.persistenceInfo.lastCheckpointId) await store.deleteCheckpoint(checkpointId);
    }
    const path = await pathOf(store, other.persistenceInfo.lastCheckpointId as string);
    await writeFile(path, 'rotten');
    await removeJournals(store);
    const events: ExecutionEvent[] = [];
    const result = await make().executeWithResume(tides, { onProgress: (event) => void events.push(event) });
    expect(result.status).toBe('completed');
    expect(events[1]).toMatchObject({ type: 'checkpoint_corrupt', damagedPlanId: 'rain' });
  });

  it('of another vibe whose plan is known is not mentioned', async () => {
    const { make, damage } = await setUp();
    const foreign = { ...tides, description: 'A film about rain' };
    const other = await make().executeWithResume(foreign);
    await damage(other.persistenceInfo.lastCheckpointId as string, () => 'rotten');
    const events: ExecutionEvent[] = [];
    await make().executeWithResume(tides, { onProgress: (event) => void events.push(event) });
    expect(events.map(({ type }) => type)).not.toContain('checkpoint_corrupt');
  });

  it('can be deleted as the guide shows, and the vibe started over', async () => {
    const { make, ids, damage } = await setUp();
    await damage(ids[0] as string);
    const planner = make();
    try {
      await planner.executeWithResume(tides);
      expect.unreachable();
    } catch (error) {
      expect(await planner.deleteCheckpoint((error as CheckpointCorruptError).checkpointId as string)).toBe(true);
    }
    expect((await planner.execute(tides)).status).toBe('completed');
    expect((await planner.executeWithResume(tides)).status).toBe('completed');
  });

  it('in the rolling save of a crashed run counts, because it may be the latest', async () => {
    const { store, make, failed, ids } = await setUp();
    const latest = await store.loadCheckpoint(ids[0] as string);
    await store.deleteCheckpoint(ids[0] as string);
    await make().createCheckpoint({ planId: failed.planId, executionState: { ...latest, seq: 0 } as never });
    const planner = make();
    const newest = (await planner.listCheckpoints())[0]?.checkpointId as string;
    // Deleting the one proof of the latest state leaves it as the rolling save.
    await store.saveCheckpoint({ ...(latest as NonNullable<typeof latest>) });
    await store.deleteCheckpoint(newest);
    await planner.deleteCheckpoint(ids[0] as string);
    const rolling = (await store.listCheckpoints()).find(({ checkpointId }) => checkpointId.startsWith('cp-live-'));
    await writeFile(await pathOf(store, rolling?.checkpointId as string), 'rotten');
    await expect(planner.executeWithResume(tides)).rejects.toMatchObject({
      code: 'CHECKPOINT_CORRUPT',
      checkpointId: rolling?.checkpointId,
      fallbackCheckpointId: ids[1],
    });
    expect(await planner.deleteCheckpoint(rolling?.checkpointId as string)).toBe(true);
    expect((await planner.executeWithResume(tides)).executionSummary.reused).toBe(3);
  });

  it('of a newer format is left alone with an error of its own, whatever onCorrupt says', async () => {
    const { store, provider, make, ids, damage } = await setUp();
    await damage(ids[0] as string, (text) => text.replace('"schema_version": "2.0"', '"schema_version": "3.0"'));
    const before = await contentOf(store);
    for (const onCorrupt of ['throw', 'fallback'] as const) {
      const call = make().executeWithResume(tides, { onCorrupt });
      await expect(call).rejects.toMatchObject({ code: 'CHECKPOINT_VERSION_UNSUPPORTED', checkpointId: ids[0] });
    }
    expect((await make().listCheckpoints())[0]).toMatchObject({ damaged: { reason: expect.stringContaining('3.0') } });
    expect(provider.calls).toEqual([]);
    expect(await contentOf(store)).toEqual(before);
  });

  it('is refused when its plan and results do not fit together, even with a right checksum', async () => {
    const { store, make, ids } = await setUp();
    const latest = await make().getCheckpoint(ids[0] as string);
    const { script } = latest.nodeResults;
    for (const broken of [
      { nodeResults: { ...latest.nodeResults, stranger: { ...script, nodeId: 'stranger' } } },
      {
        workflowPlan: {
          ...latest.workflowPlan,
          rootNodes: [...latest.workflowPlan.rootNodes, latest.workflowPlan.rootNodes[0]],
        },
      },
    ]) {
      await store.saveCheckpoint({ ...latest, ...broken } as never);
      const call = make().executeWithResume(tides);
      await expect(call).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT', checkpointId: ids[0] });
    }
  });

  it('is one that was laid over the file of another plan or of another checkpoint', async () => {
    const { store, make, ids, damage, failed } = await setUp();
    await make().executeWithResume(tides, { planId: 'twin' });
    const twin = (await store.listCheckpoints({ planId: 'twin' }))[0]?.checkpointId as string;
    const foreign = await readFile(await pathOf(store, twin), 'utf8');
    await damage(ids[0] as string, () => foreign);
    await writeFile(join(store.checkpointDir, failed.planId, `${twin}.json`), foreign);
    const damaged = (await store.listCheckpoints({ planId: failed.planId })).filter((summary) => summary.damaged);
    expect(damaged.map(({ damaged: { reason } = { reason: '' } }) => reason)).toEqual([
      'it is the file of another plan',
      'it is the file of another plan',
    ]);
    await rm(join(store.checkpointDir, failed.planId, `${twin}.json`));
    const copied = await readFile(await pathOf(store, ids[1] as string), 'utf8');
    await damage(ids[0] as string, () => copied);
    await expect(make().getCheckpoint(ids[0] as string)).rejects.toMatchObject({
      reason: 'it is the file of another checkpoint',
    });
  });
});

async function contentOf(store: WorkflowPersistenceManager): Promise<Record<string, string>> {
  const files = (await readdir(store.checkpointDir, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && !entry.name.startsWith('.lock-'),
  );
  const content: Record<string, string> = {};
  for (const { parentPath, name } of files)
    content[join(parentPath, name)] = await readFile(join(parentPath, name), 'utf8');
  return content;
}
