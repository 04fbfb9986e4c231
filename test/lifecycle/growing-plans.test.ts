import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { MemoryPersistenceManager, MetaPlanner, type NodeHandler, type PersistenceManager } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { dyingAt } from '../helpers/failing-store.js';
import { tides } from '../helpers/scripted-run.js';
import { fileStore, removeJournals } from '../helpers/stores.js';

const plan = {
  id: 'film',
  sourceVibe: tides,
  rootNodes: [
    { id: 'script', type: 'generate' as const, description: 'Write it' },
    { id: 'film', type: 'generate' as const, description: 'Shoot it' },
    { id: 'post', type: 'generate' as const, description: 'Post it', dependencies: ['film'] },
  ],
};

/** The film adds two scenes and the first scene two shots; the second shot fails as long as it is told to. */
class Studio {
  readonly calls: string[] = [];
  isFailing = false;

  readonly handler: NodeHandler = async ({ id }, { inputs, spawn }) => {
    this.calls.push(id);
    const add = (ids: string[], dependencies: string[] = []) =>
      spawn(ids.map((child) => ({ id: child, type: 'generate' as const, description: child, dependencies })));
    if (id === 'film') {
      await add(['scene-1']);
      await add(['scene-2'], ['scene-1']);
    }
    if (id === 'scene-1') await add(['shot-1', 'shot-2']);
    if (id === 'shot-2' && this.isFailing) throw new Error('out of film');
    return { did: id, from: Object.keys(inputs) };
  };

  planner(persistenceManager: PersistenceManager, options: object = {}): MetaPlanner {
    return new MetaPlanner({ persistenceManager, handlers: { default: this.handler }, concurrency: 1, ...options });
  }
}

describe('a plan that grew', () => {
  for (const isJournaled of [true, false]) {
    it(`is gone on with from ${isJournaled ? 'its journal' : 'its file'}, and adds nothing twice`, async () => {
      const [store, studio] = [await fileStore(), new Studio()];
      studio.isFailing = true;
      const failed = await studio.planner(store).executeWithResume(tides, { plan });
      expect(failed).toMatchObject({ status: 'failed', executionSummary: { totalNodes: 7, completed: 2 } });
      if (!isJournaled) await removeJournals(store);
      const [listed] = await studio.planner(store).listCheckpoints();
      expect(listed).toMatchObject({ completedNodes: 2, totalNodes: 7 });

      Object.assign(studio, { isFailing: false }).calls.length = 0;
      const result = await studio.planner(store).executeWithResume(tides);
      expect(result).toMatchObject({ status: 'completed', executionSummary: { totalNodes: 7, completed: 7 } });
      expect(studio.calls).toEqual(['shot-2', 'scene-2', 'post']);
      expect(result.outputs['scene-2']).toEqual({ did: 'scene-2', from: ['film', 'scene-1'] });
      const again = await studio.planner(store).executeWithResume(tides);
      expect(again.executionSummary).toMatchObject({ reused: 7, completed: 7 });
      expect(studio.calls).toHaveLength(3);
    });
  }

  it('says of each checkpoint how many nodes there were, also where it is a place in the journal', async () => {
    const [store, studio] = [await fileStore(), new Studio()];
    const wide = { ...plan, rootNodes: [...plan.rootNodes, ...wideNodes(3_000)] };
    await studio.planner(store, { checkpointInterval: 400, concurrency: 4 }).executeWithResume(tides, { plan: wide });
    const listed = await studio.planner(store).listCheckpoints();
    const totals = listed.map(({ totalNodes }) => totalNodes).reverse();
    expect(totals[0]).toBe(3_003);
    expect(totals.at(-1)).toBe(3_007);
    const files = (await readdir(join(store.checkpointDir, 'film'))).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeLessThan(listed.length);
    for (const { checkpointId, totalNodes } of listed) {
      const { completedNodes, pendingNodes } = await studio.planner(store).getCheckpoint(checkpointId);
      expect(completedNodes.length + pendingNodes.length).toBe(totalNodes);
    }
  });

  it('can be returned to from a checkpoint of before it grew', async () => {
    const [store, studio] = [await fileStore(), new Studio()];
    await studio.planner(store, { checkpointInterval: 1 }).executeWithResume(tides, { plan });
    const first = (await studio.planner(store).listCheckpoints()).find(({ completedNodes }) => completedNodes === 1);
    studio.calls.length = 0;
    const checkpointId = first?.checkpointId as string;
    const result = await studio.planner(store).executeWithResume(tides, { checkpointId });
    expect(result).toMatchObject({ status: 'completed', executionSummary: { completed: 7 } });
    expect(studio.calls).toEqual(['film', 'scene-1', 'shot-1', 'shot-2', 'scene-2', 'post']);
  });

  it('reaches the same outputs when its store dies at any save', async () => {
    const whole = new Studio();
    const options = { checkpointInterval: 1 };
    const counting = dyingAt(Number.POSITIVE_INFINITY);
    const expected = await whole.planner(counting, options).executeWithResume(tides, { plan });
    for (let deadAt = 2; deadAt <= counting.saves; deadAt++) {
      const [memory, studio] = [new MemoryPersistenceManager(), new Studio()];
      const dead = studio.planner(dyingAt(deadAt, memory), options).executeWithResume(tides, { plan });
      await expect(dead).rejects.toMatchObject({ code: 'PERSISTENCE_FAILED' });
      const result = await studio.planner(memory, options).executeWithResume(tides, { plan });
      expect(result.outputs).toEqual(expected.outputs);
    }
  });

  it('is kept with createCheckpoint from the state of a run whose store failed', async () => {
    const [store, studio] = [await fileStore(), new Studio()];
    const options = { checkpointInterval: 4, redact: (value: unknown) => value };
    const dead = studio.planner(dyingAt(4), options).executeWithResume(tides, { plan });
    const { executionState } = await dead.then(
      () => Promise.reject(new Error('it completed')),
      (error) => error,
    );
    expect(executionState.nodeResults).toHaveProperty('scene-1');
    const planner = studio.planner(store, options);
    const checkpointId = await planner.createCheckpoint({ planId: 'film', executionState });
    const { completedNodes, pendingNodes } = await planner.getCheckpoint(checkpointId);
    expect([...completedNodes, ...pendingNodes]).toHaveLength(7);
    studio.calls.length = 0;
    const result = await planner.executeWithResume(tides);
    expect(result).toMatchObject({ status: 'completed', executionSummary: { completed: 7 } });
    expect(studio.calls).not.toContain('scene-1');
  });
});

describe('maxNodes', () => {
  it('fails a node that adds more, and leaves what was added before', async () => {
    const studio = new Studio();
    const planner = studio.planner(new MemoryPersistenceManager(), { maxNodes: 4 });
    const result = await planner.executeWithResume(tides, { plan });
    expect(result.failures).toMatchObject([{ nodeId: 'film', error: { code: 'PLAN_INVALID' } }]);
    expect(result.failures[0]?.error.message).toContain('5 nodes in all, and maxNodes is 4');
    expect(result.executionSummary.totalNodes).toBe(4);
  });

  it('refuses a plan and a draft that have more', async () => {
    const studio = new Studio();
    const options = { maxNodes: 2, decomposer: () => ({ rootNodes: plan.rootNodes }) };
    const planner = studio.planner(new MemoryPersistenceManager(), options);
    await expect(planner.executePlan(plan)).rejects.toMatchObject({ code: 'PLAN_INVALID' });
    await expect(planner.plan(tides)).rejects.toMatchObject({
      code: 'DECOMPOSITION_FAILED',
      cause: { code: 'PLAN_INVALID' },
    });
    expect(studio.calls).toEqual([]);
  });
});

function wideNodes(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    id: `wide-${index}`,
    type: 'generate' as const,
    description: 'x'.repeat(200),
    dependencies: ['post'],
  }));
}
