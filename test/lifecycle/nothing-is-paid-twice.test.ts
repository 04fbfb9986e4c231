import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Checkpoint,
  type CheckpointCorruptError,
  type ExecutionEvent,
  MemoryPersistenceManager,
  MetaPlanner,
  type NodeContext,
  type PersistenceManager,
} from 'vibe-aigc';
import { sampleCheckpoint } from 'vibe-aigc/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { rollingIdOf } from '../../src/lifecycle/identity.js';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';
import { fileStore, removeJournals } from '../helpers/stores.js';

/** A run of the film plan that failed at "cut", as checkpoint files alone have it. */
async function failedRun(planId = 'film') {
  const store = await fileStore();
  const provider = new Provider().failAt('cut');
  const handlers = { default: provider.handler };
  const make = () => new MetaPlanner({ persistenceManager: store, checkpointInterval: 1, concurrency: 1, handlers });
  const failed = await make().executeWithResume(tides, { plan: filmPlan(), planId });
  provider.mend();
  provider.calls.length = 0;
  await removeJournals(store);
  const directory = join(store.checkpointDir, (await readdir(store.checkpointDir))[0] as string);
  const latestId = failed.persistenceInfo.lastCheckpointId as string;
  const latest = (await store.loadCheckpoint(latestId)) as Checkpoint;
  return {
    store,
    provider,
    make,
    failed,
    directory,
    latest,
    latestId,
    fileOf: (id: string) => join(directory, `${id}.json`),
  };
}

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

/** As a newer version would have written it, with right checksums. */
async function rewriteWithChecksums(
  path: string,
  change: (document: Record<string, Record<string, never>>) => void,
): Promise<void> {
  const { head_checksum, checksum, ...document } = JSON.parse(await readFile(path, 'utf8'));
  change(document);
  const sum = (text: string) => createHash('sha256').update(text).digest('hex');
  const [head, body] = JSON.stringify(document, null, 2).split(/(?=\n {2}"vibe": )/) as [string, string];
  const covered = `${head}\n  "head_checksum": "sha256:${sum(`${head}\n`)}",${body.slice(0, -2)},\n`;
  await writeFile(path, `${covered}  "checksum": "sha256:${sum(covered)}"\n}\n`);
}

describe('nothing that is known as completed is paid for again', () => {
  it('when a bit of the head of a large checkpoint rots', async () => {
    const { store, provider, make, latest, latestId, fileOf } = await failedRun();
    const big = { ...latest, vibe: { ...latest.vibe }, unknownFields: { padding: 'x'.repeat(200_000) } };
    await store.saveCheckpoint(big);
    for (const [from, to] of [
      ['"epoch": 1', '"epoch": 0'],
      ['"vibe_key": "v1:', '"vibe_key": "v1;'],
      ['"seq": ', '"seq":  '],
    ] as const) {
      await rewrite(fileOf(latestId), (text) => text.replace(from, to));
      await expect(make().executeWithResume(tides, { planId: 'film' })).rejects.toMatchObject({
        code: 'CHECKPOINT_CORRUPT',
        checkpointId: latestId,
      });
      await store.saveCheckpoint(big);
    }
    expect(provider.calls).toEqual([]);
  });

  it('when the clock of the process that crashed was ahead, and its rolling save is damaged', async () => {
    const { store, provider, make, latest, fileOf } = await failedRun();
    const rollingId = rollingIdOf({ runId: latest.runId, epoch: 2 });
    await store.saveCheckpoint({ ...latest, epoch: 2, state: 'running', checkpointId: rollingId });
    await writeFile(fileOf(rollingId), 'rotten');
    await utimes(fileOf(rollingId), new Date(0), new Date(0));
    const call = make().executeWithResume(tides, { planId: 'film' });
    await expect(call).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT', checkpointId: rollingId });
    expect(provider.calls).toEqual([]);

    const result = await make().executeWithResume(tides, { planId: 'film', onCorrupt: 'fallback' });
    expect(result.executionSummary.reused).toBe(3);
    expect(await readFile(fileOf(rollingId), 'utf8')).toBe('rotten'); // for whoever repairs it
  });

  it('when a copy of an older state was made after the latest was damaged', async () => {
    const { store, provider, make, latestId, fileOf } = await failedRun();
    const early = (await make().listCheckpoints()).find(({ completedNodes }) => completedNodes === 1);
    await writeFile(fileOf(latestId), 'rotten');
    const others = (await make().listCheckpoints()).filter(
      ({ checkpointId }) => ![latestId, early?.checkpointId].includes(checkpointId),
    );
    for (const { checkpointId } of others) await store.deleteCheckpoint(checkpointId);
    const executionState = await make().getCheckpoint(early?.checkpointId as string);
    await make().createCheckpoint({ planId: 'film', executionState });
    const call = make().executeWithResume(tides, { planId: 'film' });
    await expect(call).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT', checkpointId: latestId });
    expect(provider.calls).toEqual([]);
  });

  it('when somebody copied the plan directory, and a checkpoint is loaded or deleted', async () => {
    const { store, provider, make, directory, latestId } = await failedRun();
    for (const name of ['a', 'old', 'zzz']) await cp(directory, join(store.checkpointDir, name), { recursive: true });
    expect((await make().getCheckpoint(latestId)).checkpointId).toBe(latestId);
    const other = (await make().listCheckpoints({ planId: 'film' })).at(-1)?.checkpointId as string;
    expect(await make().deleteCheckpoint(other)).toBe(true);
    expect(await readdir(join(store.checkpointDir, 'old'))).toContain(`${other}.json`);
    expect((await make().executeWithResume(tides, { planId: 'film' })).executionSummary.reused).toBe(3);
    expect(provider.calls).toEqual(['cut', 'review']);
  });

  it('when the latest checkpoint is deleted while a run is looking for it', async () => {
    const { store, provider, latestId } = await failedRun();
    let isDeleted = false;
    const racing: PersistenceManager = {
      saveCheckpoint: (checkpoint) => store.saveCheckpoint(checkpoint),
      listCheckpoints: (query) => store.listCheckpoints(query),
      deleteCheckpoint: (id) => store.deleteCheckpoint(id),
      loadCheckpoint: async (id) => {
        if (!isDeleted) await new MetaPlanner({ persistenceManager: store }).deleteCheckpoint(latestId);
        isDeleted = true;
        return store.loadCheckpoint(id);
      },
    };
    const planner = new MetaPlanner({ persistenceManager: racing, handlers: { default: provider.handler } });
    expect((await planner.executeWithResume(tides, { planId: 'film' })).executionSummary.reused).toBe(3);
    expect(provider.calls).toEqual(['cut', 'review']);
  });

  it('when a listener deletes the final checkpoint the moment it is saved', async () => {
    const provider = new Provider();
    const memory = new MemoryPersistenceManager();
    const deletions: Array<Promise<boolean>> = [];
    const planner = new MetaPlanner({
      persistenceManager: memory,
      handlers: { default: provider.handler },
      onProgress: (event) => {
        if (event.type === 'checkpoint_saved' && event.listed)
          deletions.push(planner.deleteCheckpoint(event.checkpointId));
      },
    });
    await planner.executeWithResume(tides, { plan: filmPlan() });
    expect(await Promise.all(deletions)).toEqual([true, true]);
    expect(await planner.listCheckpoints()).toEqual([]);
    const again = new MetaPlanner({ persistenceManager: memory, handlers: { default: provider.handler } });
    expect((await again.executeWithResume(tides, { plan: filmPlan() })).executionSummary.reused).toBe(5);
  });

  it('when all checkpoints of an executed vibe are damaged', async () => {
    const store = await fileStore();
    const provider = new Provider();
    const options = { persistenceManager: store, checkpointInterval: 2, handlers: { default: provider.handler } };
    const make = () => new MetaPlanner({ ...options, decomposer: () => filmPlan() });
    const { planId } = await make().execute(tides);
    for (const file of await readdir(join(store.checkpointDir, planId))) {
      await writeFile(join(store.checkpointDir, planId, file), 'rotten');
    }
    await expect(make().executeWithResume(tides)).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT', planId });
    expect(provider.calls).toHaveLength(5);
  });

  it('when a wrapper spreads the context, so that the key reaches the provider', async () => {
    const seen: unknown[] = [];
    const provider = (_node: unknown, { idempotencyKey, inputs, signal, input }: NodeContext) => {
      seen.push([idempotencyKey, Object.keys(inputs), signal.aborted, typeof input]);
      return null;
    };
    const wrapper = (node: unknown, context: NodeContext) => provider(node, { ...context });
    const planner = new MetaPlanner({ handlers: { default: wrapper } });
    const { runId } = await planner.executePlan(filmPlan());
    expect(seen[1]).toEqual([`${runId}:shots`, ['script'], false, 'function']);
    expect(new Set(seen.map((entry) => (entry as string[])[0])).size).toBe(5);
  });
});

describe('damage that no checksum shows', () => {
  it('can be deleted by the id in the error, and the run goes on from what is left', async () => {
    const { store, make, latest, latestId } = await failedRun();
    const stranger = { ...latest.nodeResults.script, nodeId: 'stranger' };
    await store.saveCheckpoint({ ...latest, nodeResults: { ...latest.nodeResults, stranger } } as Checkpoint);
    const error = await make()
      .executeWithResume(tides, { planId: 'film' })
      .catch((thrown: unknown) => thrown as CheckpointCorruptError);
    expect(error).toMatchObject({ code: 'CHECKPOINT_CORRUPT', checkpointId: latestId });
    expect(await make().deleteCheckpoint(latestId)).toBe(true);
    expect((await make().executeWithResume(tides, { planId: 'film' })).executionSummary.reused).toBe(3);
  });

  it('is found in composites that name each other without end', async () => {
    const { make, latestId, fileOf } = await failedRun();
    await rewriteWithChecksums(fileOf(latestId), (document) => {
      const results: Record<string, unknown> = document.node_results ?? {};
      for (let link = 0; link < 50_000; link++) {
        results[`c${link}`] = {
          node_id: `c${link}`,
          status: 'completed',
          output: [`c${link + 1}`],
          output_from_children: true,
        };
      }
    });
    await expect(make().getCheckpoint(latestId)).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
    expect(await make().deleteCheckpoint(latestId)).toBe(true);
  });

  it('is deletable in a store that cannot even load it', async () => {
    const store = new MemoryPersistenceManager();
    await store.saveCheckpoint(sampleCheckpoint());
    const brittle: PersistenceManager = {
      saveCheckpoint: (checkpoint) => store.saveCheckpoint(checkpoint),
      listCheckpoints: (query) => store.listCheckpoints(query),
      deleteCheckpoint: (id) => store.deleteCheckpoint(id),
      loadCheckpoint: async () => JSON.parse('{"half": '),
    };
    const planner = new MetaPlanner({ persistenceManager: brittle });
    expect(await planner.deleteCheckpoint(sampleCheckpoint().checkpointId)).toBe(true);
  });

  it('tells the true plan, and the latest intact checkpoint, also for a plan whose directory is encoded', async () => {
    const { make, latestId, fileOf, provider } = await failedRun('my plan');
    await writeFile(fileOf(latestId), 'rotten');
    const told = {
      code: 'CHECKPOINT_CORRUPT',
      planId: 'my plan',
      fallbackCheckpointId: expect.stringMatching(/^cp-0/),
    };
    await expect(make().getCheckpoint(latestId)).rejects.toMatchObject(told);
    await expect(make().executeWithResume(tides, { checkpointId: latestId })).rejects.toMatchObject(told);
    const result = await make().executeWithResume(tides, { checkpointId: latestId, onCorrupt: 'fallback' });
    expect(result).toMatchObject({ planId: 'my plan', status: 'completed', executionSummary: { reused: 3 } });
    expect(provider.calls).toEqual(['cut', 'review']);
  });
});

describe('what is stored', () => {
  it('keeps what a newer version added, at every level and over a resume', async () => {
    const { store, make, latestId, fileOf } = await failedRun();
    await rewriteWithChecksums(fileOf(latestId), (document) => {
      Object.assign(document, { budget: { spent: 3 } });
      Object.assign(document.vibe as object, { mood: 'dark' });
      const results = document.node_results as Record<string, Record<string, object>>;
      Object.assign(results.script as object, { cost: 0.5 });
      Object.assign(results.script?.handler as object, { model: 'm-1' });
      Object.assign(results.cut?.error as object, { retryable: true });
    });
    const result = await make().executeWithResume(tides, { planId: 'film' });
    expect(result.status).toBe('completed');
    const text = await readFile(fileOf(result.persistenceInfo.lastCheckpointId as string), 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      budget: { spent: 3 },
      vibe: { mood: 'dark' },
      node_results: { script: { cost: 0.5, handler: { name: 'default', model: 'm-1' } } },
    });
    const failed = await store.loadCheckpoint(latestId);
    expect(failed?.nodeResults.cut).toMatchObject({ error: { message: 'rate limit at cut', retryable: true } });
  });

  it('cannot be changed through a live state, a result, or a store that alters what it is given', async () => {
    const { provider, latest } = await failedRun();
    const memory = new MemoryPersistenceManager();
    const refused: unknown[] = [];
    const meddling: PersistenceManager = {
      saveCheckpoint: async (checkpoint) => {
        try {
          Object.assign(checkpoint.nodeResults.script ?? Object.freeze({}), { output: '[redacted]' });
        } catch (error) {
          refused.push(error);
        }
        await memory.saveCheckpoint(checkpoint);
      },
      listCheckpoints: (query) => memory.listCheckpoints(query),
      deleteCheckpoint: (id) => memory.deleteCheckpoint(id),
      loadCheckpoint: (id) => memory.loadCheckpoint(id),
    };
    const planner = new MetaPlanner({
      persistenceManager: meddling,
      checkpointInterval: 1,
      handlers: { default: provider.handler },
    });
    const result = await planner.executeWithResume(tides, { plan: filmPlan() });
    expect(refused.length).toBeGreaterThan(1);
    expect(result.outputs.script).toEqual((latest.nodeResults.script as { output: unknown }).output);
  });

  it('is not looked for in directories that cannot be a plan', async () => {
    const { store, make, directory } = await failedRun();
    await mkdir(join(store.checkpointDir, 'lost+found'));
    await cp(directory, join(store.checkpointDir, 'my backup'), { recursive: true });
    const listed = await make().listCheckpoints();
    expect(listed.filter((summary) => summary.damaged)).toEqual([]);
  });
});

describe('a plan under a name', () => {
  it('is not taken from the vibe that it belongs to, even to start over', async () => {
    const { make, provider } = await failedRun();
    const other = { ...tides, description: 'A film about rain' };
    const call = make().executeWithResume(other, { plan: filmPlan(), fresh: true });
    await expect(call).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH', planId: 'film' });
    expect(provider.calls).toEqual([]);
  });

  it('is seen from every planner of the process that runs on the same store', async () => {
    const { store, make, provider, latestId } = await failedRun();
    provider.holdAt('cut');
    const running = make().executeWithResume(tides, { planId: 'film' });
    await provider.reached('cut');
    const other = new MetaPlanner({ persistenceManager: store });
    expect(other.getExecutionState('film')).toMatchObject({
      state: 'running',
      completedNodes: ['script', 'shots', 'music'],
    });
    const checkpointId = await other.createCheckpoint({ planId: 'film' });
    expect(await other.deleteCheckpoint(latestId)).toBe(true);
    expect((await other.getCheckpoint(checkpointId)).epoch).toBe(2);
    provider.open('cut');
    expect((await running).status).toBe('completed');
  });

  it('belongs to a run that recorded nothing from its first checkpoint on', async () => {
    const { make, provider, store } = await failedRun();
    provider.holdAt('cut');
    const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: provider.handler } });
    const running = planner.executePlan(filmPlan());
    await provider.reached('cut');
    await planner.createCheckpoint({ planId: 'film' });
    await expect(make().executeWithResume(tides, { planId: 'film' })).rejects.toMatchObject({ code: 'PLAN_LOCKED' });
    provider.open('cut');
    const { runId } = await running;
    expect((await make().executeWithResume(tides, { planId: 'film' })).runId).toBe(runId);
  });

  it('has times of its own when it branches off a checkpoint', async () => {
    const { make, latestId } = await failedRun();
    const events: ExecutionEvent[] = [];
    const branch = await make().executeWithResume(tides, {
      checkpointId: latestId,
      onProgress: (event) => void events.push(event),
    });
    const begun = events.find(({ type }) => type === 'node_started')?.timestamp as string;
    expect(Date.parse(branch.executionSummary.startedAt)).toBeLessThanOrEqual(Date.parse(begun));
    expect(Date.parse(branch.executionSummary.startedAt)).toBeGreaterThanOrEqual(
      Date.parse(events[0]?.timestamp as string),
    );
  });
});

describe('a list', () => {
  it('is filtered before it is cut, whatever a store does with a limit', async () => {
    const memory = new MemoryPersistenceManager();
    const careless: PersistenceManager = {
      saveCheckpoint: (checkpoint) => memory.saveCheckpoint(checkpoint),
      deleteCheckpoint: (id) => memory.deleteCheckpoint(id),
      loadCheckpoint: (id) => memory.loadCheckpoint(id),
      listCheckpoints: async (query) => (await memory.listCheckpoints()).reverse().slice(0, query?.limit),
    };
    const planner = new MetaPlanner({ persistenceManager: careless });
    for (let index = 0; index < 40; index++)
      await planner.executeWithResume({ description: `Vibe ${index}` }, { planId: `plan-${index}` });
    expect((await planner.listCheckpoints({ limit: 1 }))[0]?.planId).toBe('plan-39');
    expect(await planner.listCheckpoints({ planId: 'plan-39', limit: 1 })).toHaveLength(1);
  });
});

describe('a host', () => {
  it('may be an object of a class, with fields of its own', async () => {
    class Clock {
      private ticks = Date.UTC(2026, 0, 1);
      now() {
        this.ticks += 1_000;
        return this.ticks;
      }
    }
    const planner = new MetaPlanner({ host: new Clock(), handlers: { default: () => 1 } });
    const result = await planner.executePlan(filmPlan());
    expect(result.executionSummary.startedAt).toMatch(/^2026-01-01T00:00/);
    expect(result.executionSummary.totalDurationMs).toBeGreaterThanOrEqual(10_000);
  });
});

describe('large and odd results', () => {
  it('of the children of a composite are gone on from, whatever they come to together', async () => {
    const big = { text: 'x'.repeat(40 * 1024 * 1024) };
    const leaf = (id: string, dependencies: string[] = []) => ({
      id,
      type: 'generate' as const,
      description: '',
      dependencies,
    });
    const rootNodes = [
      { id: 'both', type: 'composite' as const, description: '', children: [leaf('a'), leaf('b')] },
      leaf('after', ['both']),
    ];
    let isFailing = true;
    const calls: string[] = [];
    const generate = ({ id }: { id: string }) => {
      calls.push(id);
      if (id === 'after' && isFailing) throw new Error('rate limit');
      return id === 'after' ? null : big;
    };
    const store = await fileStore();
    const planner = new MetaPlanner({ persistenceManager: store, handlers: { generate } });
    const plan = { id: 'big', sourceVibe: tides, rootNodes };
    expect((await planner.executeWithResume(tides, { plan })).status).toBe('failed');
    isFailing = false;
    const result = await planner.executeWithResume(tides, { plan });
    expect(result.status).toBe('completed');
    expect(Object.keys(result.outputs.both as object)).toEqual(['a', 'b']);
    expect(calls).toEqual(['a', 'b', 'after', 'after']);
  });

  it('that a handler of earlier days gave a composite are made anew from the children, at no cost', async () => {
    const store = new MemoryPersistenceManager();
    const rootNodes = [
      {
        id: 'c',
        type: 'composite' as const,
        description: '',
        children: [{ id: 'k', type: 'generate' as const, description: '' }],
      },
      { id: 'z', type: 'generate' as const, description: '', dependencies: ['c'] },
    ];
    const plan = { id: 'odd', sourceVibe: tides, rootNodes };
    const provider = new Provider().failAt('k');
    const before = new MetaPlanner({
      persistenceManager: store,
      handlers: { composite: () => 'stale', generate: provider.handler },
    });
    expect((await before.executeWithResume(tides, { plan })).nodeResults.c).toMatchObject({ output: 'stale' });
    provider.mend();
    const after = new MetaPlanner({ persistenceManager: store, handlers: { generate: provider.handler } });
    await after.executeWithResume(tides, { plan });
    expect(provider.inputs.z).toEqual({ c: { k: { did: 'k', from: [] } } });
  });

  it('whose positions nobody counted are kept when one of them is deleted', async () => {
    const store = new MemoryPersistenceManager();
    const provider = new Provider();
    const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: provider.handler } });
    const done = await planner.executePlan(filmPlan());
    const { workflowPlan } = sampleCheckpoint();
    const stateOf = (ids: string[]) => ({
      planId: 'film',
      runId: 'by-hand',
      state: 'running' as const,
      vibe: { ...tides, metadata: {} },
      workflowPlan: { ...workflowPlan, id: 'film', rootNodes: filmPlan().rootNodes as never },
      completedNodes: [],
      pendingNodes: [],
      nodeResults: Object.fromEntries(ids.map((id) => [id, done.nodeResults[id]])) as never,
    });
    await planner.createCheckpoint({ planId: 'film', executionState: stateOf(['script']) });
    const newest = await planner.createCheckpoint({ planId: 'film', executionState: stateOf(['script', 'shots']) });
    provider.calls.length = 0;
    expect(await planner.deleteCheckpoint(newest)).toBe(true);
    expect((await planner.executeWithResume(tides, { planId: 'film' })).executionSummary.reused).toBe(2);
    expect(provider.calls).not.toContain('shots');
  });
});

describe('what the host does wrong', () => {
  it('with an error whose fields throw makes the node fail, not the run hang', async () => {
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
      },
    );
    const planner = new MetaPlanner({ handlers: { default: () => Promise.reject(trap) }, retry: { maxAttempts: 2 } });
    const result = await planner.executePlan(filmPlan());
    expect(result.failures).toMatchObject([{ nodeId: 'script', attempts: 2 }]);
  });

  it('with a clock that fails ends the run with that error', async () => {
    let calls = 0;
    const now = () => {
      if (++calls > 6) throw new Error('no clock');
      return Date.now();
    };
    const planner = new MetaPlanner({ handlers: { default: async () => 1 }, host: { now } });
    await expect(planner.executePlan(filmPlan())).rejects.toThrow('no clock');
    await planner.close();
  });

  it('with a store that lists what it does not load is a PersistenceError', async () => {
    const memory = new MemoryPersistenceManager();
    const provider = new Provider().failAt('cut');
    await new MetaPlanner({ persistenceManager: memory, handlers: { default: provider.handler } }).executeWithResume(
      tides,
      { plan: filmPlan() },
    );
    const forgetful: PersistenceManager = {
      saveCheckpoint: (checkpoint) => memory.saveCheckpoint(checkpoint),
      listCheckpoints: (query) => memory.listCheckpoints(query),
      deleteCheckpoint: (id) => memory.deleteCheckpoint(id),
      loadCheckpoint: async () => undefined,
    };
    const planner = new MetaPlanner({ persistenceManager: forgetful, handlers: { default: provider.handler } });
    await expect(planner.executeWithResume(tides)).rejects.toMatchObject({ code: 'PERSISTENCE_FAILED' });
  });

  it('with two checkpoints at once of a run that records nothing is no conflict', async () => {
    const provider = new Provider().holdAt('cut');
    const planner = new MetaPlanner({
      persistenceManager: new MemoryPersistenceManager(),
      handlers: { default: provider.handler },
    });
    const running = planner.executePlan(filmPlan());
    await provider.reached('cut');
    const ids = await Promise.all([1, 2].map(() => planner.createCheckpoint({ planId: 'film' })));
    expect(new Set(ids).size).toBe(2);
    provider.open('cut');
    await running;
  });

  it('with a run id too long for the head of a file is refused', async () => {
    const { latest, make } = await failedRun();
    const executionState = { ...latest, runId: 'x'.repeat(70_000) };
    await expect(make().createCheckpoint({ planId: 'film', executionState })).rejects.toThrow(TypeError);
  });
});

describe('a timeout', () => {
  it('does not end an attempt that the closing planner waits for, and what it returns is kept', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const provider = new Provider().holdAt('script');
    const store = new MemoryPersistenceManager();
    const planner = new MetaPlanner({
      persistenceManager: store,
      handlers: { default: provider.handler },
      timeoutMs: 30,
    });
    const running = planner.executeWithResume(tides, { plan: filmPlan() });
    await provider.reached('script');
    const closing = planner.close();
    await vi.advanceTimersByTimeAsync(60); // longer than the timeout
    provider.open('script');
    await closing;
    expect(await running).toMatchObject({ status: 'cancelled', outputs: { script: { did: 'script' } } });
  });
});
