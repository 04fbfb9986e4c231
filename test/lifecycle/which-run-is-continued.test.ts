import { type CheckpointSummary, MetaPlanner, type MetaPlannerOptions, type PersistenceManager } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';
import { everyStore } from '../helpers/stores.js';

const plannedBy = (decompose: () => { rootNodes: unknown }) => decompose as never;

for (const [name, createStore] of Object.entries(everyStore)) {
  describe(`executeWithResume on ${name}`, () => {
    async function setUp(options: MetaPlannerOptions = {}) {
      const store = await createStore();
      const provider = new Provider();
      let plans = 0;
      const decomposer = plannedBy(() => {
        plans++;
        return { rootNodes: filmPlan().rootNodes };
      });
      const make = () =>
        new MetaPlanner({ persistenceManager: store, decomposer, handlers: { default: provider.handler }, ...options });
      return { store, provider, make, planner: make(), timesPlanned: () => plans };
    }

    it('plans and runs when there is no run of the vibe, and saves the plan before the first node', async () => {
      const { store, provider, planner } = await setUp();
      let savedBefore: CheckpointSummary[] = [];
      const handler = async (...call: Parameters<typeof provider.handler>) => {
        if (savedBefore.length === 0) savedBefore = await store.listCheckpoints();
        return provider.handler(...call);
      };
      const saving = new MetaPlanner({
        persistenceManager: store,
        decomposer: plannedBy(() => filmPlan()),
        handlers: { default: handler },
      });
      const result = await saving.executeWithResume(tides);
      expect(result.status).toBe('completed');
      expect(savedBefore).toMatchObject([{ state: 'running', completedNodes: 0, totalNodes: 5 }]);
      expect(result.persistenceInfo.resumedFrom).toBeUndefined();
      expect(planner.getExecutionState(result.planId)).toBeUndefined();
    });

    it('continues a failed run: completed nodes never run again, failed and skipped ones do', async () => {
      const { provider, make, timesPlanned } = await setUp();
      provider.failAt('music');
      const failed = await make().executeWithResume(tides);
      expect(failed.status).toBe('failed');
      expect(failed.failures).toMatchObject([{ nodeId: 'music', error: { message: 'rate limit at music' } }]);
      expect(failed.nodeResults.cut).toMatchObject({ status: 'skipped', blockedBy: 'music' });

      provider.mend();
      const result = await make().executeWithResume(tides);
      expect(result.status).toBe('completed');
      expect(result.runId).toBe(failed.runId);
      expect(result.executionSummary).toMatchObject({ totalNodes: 5, completed: 5, reused: 2, failed: 0, skipped: 0 });
      expect(result.persistenceInfo.resumedFrom).toBe(failed.persistenceInfo.lastCheckpointId);
      expect(provider.calls.toSorted()).toEqual(['cut', 'music', 'music', 'review', 'script', 'shots']);
      expect(timesPlanned()).toBe(1);
      expect(result.executionSummary.startedAt).toBe(failed.executionSummary.startedAt);
    });

    it('feeds a resumed node the inputs that an uninterrupted run would have fed it', async () => {
      const { provider, make } = await setUp();
      await make().executeWithResume(tides, { planId: 'uninterrupted' });
      const expected = { ...provider.inputs };
      provider.failAt('cut');
      await make().executeWithResume(tides, { planId: 'interrupted' });
      provider.mend();
      await make().executeWithResume(tides, { planId: 'interrupted' });
      expect(provider.inputs).toEqual(expected);
      expect(Object.isFrozen(provider.inputs.cut)).toBe(true);
    });

    it('continues a cancelled run', async () => {
      const { provider, make } = await setUp();
      const controller = new AbortController();
      provider.holdAt('shots');
      const running = make().executeWithResume(tides, { signal: controller.signal });
      await provider.reached('shots');
      controller.abort();
      provider.open('shots');
      const cancelled = await running;
      expect(cancelled.status).toBe('cancelled');
      expect(Object.keys(cancelled.outputs).toSorted()).toEqual(['music', 'script', 'shots']);

      const result = await make().executeWithResume(tides);
      expect(result.status).toBe('completed');
      expect(provider.calls.toSorted()).toEqual(['cut', 'music', 'review', 'script', 'shots']);
    });

    it('continues a run whose process is gone from its last save, also without an interval', async () => {
      const { store, provider, make } = await setUp();
      provider.holdAt('music');
      const abandoned = new MetaPlanner({
        persistenceManager: copyOf(store),
        decomposer: plannedBy(() => filmPlan()),
        handlers: { default: provider.handler },
      });
      const saved = new Promise<void>((resolve) => {
        void abandoned.executeWithResume(tides, {
          onProgress: (event) => {
            if (event.type === 'checkpoint_saved' && event.completedNodes === 2) resolve();
          },
        });
      });
      await saved; // from here on nothing more is heard of that planner

      const second = new Provider();
      const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: second.handler } });
      const result = await planner.executeWithResume(tides);
      expect(result.status).toBe('completed');
      expect(second.calls.toSorted()).toEqual(['cut', 'music', 'review']);
      expect((await make().listCheckpoints()).every(({ checkpointId }) => !checkpointId.startsWith('cp-live-'))).toBe(
        true,
      );
    });

    it('returns the result of a completed run and runs nothing', async () => {
      const { provider, make } = await setUp();
      const first = await make().executeWithResume(tides);
      const again = await make().executeWithResume({ ...tides });
      expect(again.outputs).toEqual(first.outputs);
      expect(again.nodeResults).toEqual(first.nodeResults);
      expect(again.executionSummary).toEqual({ ...first.executionSummary, reused: 5 });
      expect(again.persistenceInfo.resumedFrom).toBe(first.persistenceInfo.lastCheckpointId);
      expect(provider.calls).toHaveLength(5);
    });

    it('returns the result of a completed run also where no handlers are at hand', async () => {
      const { make, store } = await setUp();
      const first = await make().executeWithResume(tides);
      const reader = new MetaPlanner({ persistenceManager: store });
      expect((await reader.executeWithResume(tides)).outputs).toEqual(first.outputs);
      const branch = reader.executeWithResume(tides, { checkpointId: first.persistenceInfo.lastCheckpointId });
      await expect(branch).rejects.toMatchObject({ code: 'PLAN_INVALID' });
    });

    it('starts over when it is told to be fresh, and continues the fresh run from then on', async () => {
      const { provider, make, store } = await setUp();
      const first = await make().executeWithResume(tides);
      provider.failAt('cut');
      const fresh = await make().executeWithResume(tides, { fresh: true });
      expect(fresh.status).toBe('failed');
      expect(fresh.planId).toBe(first.planId);
      expect(fresh.runId).not.toBe(first.runId);
      provider.mend();
      const result = await make().executeWithResume(tides);
      expect(result.runId).toBe(fresh.runId);
      expect(result.executionSummary.reused).toBe(3);
      expect(provider.timesCalled('script')).toBe(2);
      const runs = new Set((await store.listCheckpoints()).map(({ runId }) => runId));
      expect(runs).toEqual(new Set([first.runId, fresh.runId]));
    });

    it('starts over under the plan id that would have been continued, also when the call does not name it', async () => {
      const { make } = await setUp();
      await make().executeWithResume(tides, { planId: 'mine' });
      const fresh = await make().executeWithResume(tides, { fresh: true });
      expect(fresh).toMatchObject({ planId: 'mine', executionSummary: { reused: 0 } });
      expect((await make().executeWithResume(tides, { planId: 'mine' })).runId).toBe(fresh.runId);
    });

    it('goes on from a named checkpoint as a new run with new keys; what completed after it runs again', async () => {
      const { provider, make, store } = await setUp({ checkpointInterval: 1, concurrency: 1 });
      const first = await make().executeWithResume(tides);
      const firstKeys = { ...provider.keys };
      const summaries = await store.listCheckpoints({ planId: first.planId });
      const early = summaries.find(({ completedNodes }) => completedNodes === 2);
      provider.calls.length = 0;

      const branch = await make().executeWithResume(tides, { checkpointId: early?.checkpointId });
      expect(branch.status).toBe('completed');
      expect(branch.planId).toBe(first.planId);
      expect(branch.runId).not.toBe(first.runId);
      expect(branch.persistenceInfo.resumedFrom).toBe(early?.checkpointId);
      expect(provider.calls).toEqual(['music', 'cut', 'review']);
      expect(provider.keys.cut).not.toBe(firstKeys.cut);
      const last = await make().getCheckpoint(branch.persistenceInfo.lastCheckpointId as string);
      expect(last.parent).toEqual({ runId: first.runId, checkpointId: early?.checkpointId });

      const another = await make().executeWithResume(tides, { checkpointId: early?.checkpointId });
      expect(another.runId).not.toBe(branch.runId);
      expect((await make().executeWithResume(tides)).runId).toBe(another.runId);
    });

    it('rejects an unknown checkpoint id and runs nothing', async () => {
      const { provider, planner } = await setUp();
      const call = planner.executeWithResume(tides, { checkpointId: 'cp-nowhere' });
      await expect(call).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND', checkpointId: 'cp-nowhere' });
      expect(provider.calls).toEqual([]);
    });

    it('rejects a checkpoint, or a plan id, that belongs to another vibe', async () => {
      const { provider, planner } = await setUp();
      const first = await planner.executeWithResume(tides, { planId: 'my film' });
      provider.calls.length = 0;
      const other = { ...tides, description: 'A film about rain' };
      const { lastCheckpointId } = first.persistenceInfo;
      const code = 'CHECKPOINT_MISMATCH';
      await expect(planner.executeWithResume(other, { checkpointId: lastCheckpointId })).rejects.toMatchObject({
        code,
      });
      await expect(planner.executeWithResume(other, { planId: 'my film' })).rejects.toMatchObject({ code });
      const elsewhere = planner.executeWithResume(tides, { checkpointId: lastCheckpointId, planId: 'another' });
      await expect(elsewhere).rejects.toMatchObject({ code });
      expect(provider.calls).toEqual([]);
    });

    it('rejects a passed plan that asks for other work than the stored one, and takes one that asks for the same', async () => {
      const { provider, make } = await setUp();
      provider.failAt('cut');
      await make().executeWithResume(tides, { plan: filmPlan('hand-made') });
      provider.mend();
      const changed = filmPlan('hand-made');
      (changed.rootNodes[0] as { description: string }).description = 'Do something else';
      const call = make().executeWithResume(tides, { plan: changed });
      await expect(call).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH', planId: 'hand-made' });

      const same = filmPlan('hand-made');
      const shuffled = {
        createdAt: '2020-01-01T00:00:00Z',
        rootNodes: same.rootNodes.map(({ dependencies, id, ...node }) => ({
          ...node,
          estimatedDuration: 9,
          dependencies,
          id,
        })),
        estimatedTotalDuration: 99,
        sourceVibe: tides,
        id: 'hand-made',
      };
      const result = await make().executeWithResume(tides, { plan: shuffled });
      expect(result).toMatchObject({ status: 'completed', planId: 'hand-made' });
      expect(result.executionSummary.reused).toBe(3);
    });

    it('rejects a second run of a plan that is running in this process, naming the holder', async () => {
      const { provider, make } = await setUp();
      provider.holdAt('script');
      const running = make().executeWithResume(tides);
      await provider.reached('script');
      const error = await make()
        .executeWithResume(tides)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'PLAN_LOCKED', holder: { pid: process.pid } });
      provider.open('script');
      const { runId } = await running;
      expect((error as { holder: { runId: string } }).holder.runId).toBe(runId);
      expect((await make().executeWithResume(tides)).status).toBe('completed'); // the lock is given back
      expect(provider.timesCalled('script')).toBe(1);
    });

    it('lets one of two simultaneous calls run and the other be refused', async () => {
      const { provider, make } = await setUp();
      const outcomes = await Promise.allSettled([make().executeWithResume(tides), make().executeWithResume(tides)]);
      const refused = outcomes.filter(({ status }) => status === 'rejected');
      expect(refused).toMatchObject([{ reason: { code: 'PLAN_LOCKED' } }]);
      expect(provider.calls).toHaveLength(5);
    });

    it('answers all of several simultaneous calls when the run is complete', async () => {
      const { provider, make } = await setUp();
      const { outputs } = await make().executeWithResume(tides);
      const planner = make();
      const results = await Promise.all([planner, planner, make()].map((one) => one.executeWithResume(tides)));
      expect(results.map((result) => result.status)).toEqual(['completed', 'completed', 'completed']);
      expect(results.map((result) => result.outputs)).toEqual([outputs, outputs, outputs]);
      expect(provider.calls).toHaveLength(5);
    });

    it('lets a call that waits for another to look be cancelled', async () => {
      const { make } = await setUp();
      await make().executeWithResume(tides);
      const canceller = new AbortController();
      const first = make().executeWithResume(tides);
      const second = make().executeWithResume(tides, { signal: canceller.signal });
      canceller.abort(new Error('never mind'));
      await expect(second).rejects.toThrow('never mind');
      expect((await first).status).toBe('completed');
    });

    it('finds the newest run of a vibe among plans of different names', async () => {
      const { provider, make } = await setUp();
      await make().executeWithResume(tides, { planId: 'first' });
      provider.failAt('review');
      await make().executeWithResume(tides, { planId: 'second' });
      provider.mend();
      const result = await make().executeWithResume(tides);
      expect(result).toMatchObject({ planId: 'second', status: 'completed' });
      expect(result.executionSummary.reused).toBe(4);
    });

    it('takes a plan id alone as the run that is meant, even if another plan holds the same vibe', async () => {
      const { provider, make } = await setUp();
      await make().executeWithResume(tides, { planId: 'first' });
      const result = await make().executeWithResume(tides, { planId: 'second' });
      expect(result.executionSummary.reused).toBe(0);
      expect(provider.timesCalled('script')).toBe(2);
    });

    it('takes vibes as the same when their canonical form is equal, and as different when anything in it differs', async () => {
      const { make, timesPlanned } = await setUp();
      const vibe = { ...tides, metadata: { b: [1, 2], a: { y: 1, x: undefined } } };
      await make().executeWithResume(vibe);
      await make().executeWithResume({ metadata: { a: { y: 1 }, b: [1, 2] }, ...tides });
      expect(timesPlanned()).toBe(1);
      await make().executeWithResume({ ...vibe, metadata: { ...vibe.metadata, b: [2, 1] } });
      await make().executeWithResume({ ...vibe, constraints: [] });
      await make().executeWithResume({ ...vibe, domain: 'film' });
      expect(timesPlanned()).toBe(4);
    });

    it('never takes a checkpoint of an older state as the latest', async () => {
      const { provider, planner, make } = await setUp({ checkpointInterval: 1, concurrency: 1 });
      provider.failAt('review');
      const failed = await planner.executeWithResume(tides);
      provider.mend();
      const summaries = await planner.listCheckpoints();
      const early = await planner.getCheckpoint(
        summaries.find(({ completedNodes }) => completedNodes === 1)?.checkpointId ?? '',
      );
      const copyId = await planner.createCheckpoint({ planId: failed.planId, executionState: early });
      expect((await planner.listCheckpoints())[0]?.checkpointId).toBe(copyId);
      const result = await make().executeWithResume(tides);
      expect(result.executionSummary.reused).toBe(4);
    });
  });
}

/** The same checkpoints under another object, as another process would see them. */
function copyOf(store: PersistenceManager): PersistenceManager {
  return {
    saveCheckpoint: (checkpoint) => store.saveCheckpoint(checkpoint),
    loadCheckpoint: (id) => store.loadCheckpoint(id),
    listCheckpoints: (query) => store.listCheckpoints(query),
    deleteCheckpoint: (id) => store.deleteCheckpoint(id),
  };
}
