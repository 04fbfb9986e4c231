import fc from 'fast-check';
import {
  type ExecutionState,
  MemoryPersistenceManager,
  MetaPlanner,
  type PersistenceError,
  type WorkflowPlanInput,
} from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { dyingAt } from '../helpers/failing-store.js';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';

/** Any plan of a few nodes, some nested, where nodes depend on earlier ones. */
const anyPlan = fc
  .array(fc.record({ links: fc.array(fc.nat(), { maxLength: 3 }), isChild: fc.boolean(), isComposite: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((drafts): WorkflowPlanInput => {
    const rootNodes: Array<WorkflowPlanInput['rootNodes'][number] & { children: unknown[] }> = [];
    for (const [index, { links, isChild, isComposite }] of drafts.entries()) {
      const parent = rootNodes.at(-1);
      const known = isChild && parent !== undefined ? rootNodes.slice(0, -1) : rootNodes;
      const dependencies =
        known.length === 0 ? [] : [...new Set(links.map((link) => known[link % known.length]?.id as string))];
      const type = isComposite ? ('composite' as const) : ('generate' as const);
      const node = { id: `n${index}`, type, description: `Do ${index}`, dependencies, children: [] };
      if (isChild && parent !== undefined) parent.children.push(node);
      else rootNodes.push(node);
    }
    return { id: 'any', sourceVibe: tides, rootNodes: rootNodes as never };
  });

async function runUntilItDies(plan: WorkflowPlanInput, deadAt: number, checkpointInterval?: number) {
  const memory = new MemoryPersistenceManager();
  const store = dyingAt(deadAt, memory);
  const provider = new Provider();
  const options = { handlers: { generate: provider.handler }, concurrency: 2 };
  const planner = new MetaPlanner({ persistenceManager: store, checkpointInterval, ...options });
  const outcome = await planner.executeWithResume(tides, { plan }).then(
    (result) => ({ result, error: undefined }),
    (error: PersistenceError<ExecutionState>) => ({ result: undefined, error }),
  );
  const resumed = () => new MetaPlanner({ persistenceManager: memory, ...options });
  return { memory, store, provider, resumed, ...outcome };
}

describe('a run whose store dies at the n-th save', () => {
  for (const checkpointInterval of [undefined, 1, 2]) {
    it(`reaches the same outputs for every n, with checkpointInterval ${checkpointInterval}`, async () => {
      const whole = await runUntilItDies(filmPlan(), Number.POSITIVE_INFINITY, checkpointInterval);
      const saves = whole.store.saves;
      expect(saves).toBeGreaterThanOrEqual(3);
      for (let deadAt = 1; deadAt <= saves; deadAt++) {
        const { resumed, error, provider } = await runUntilItDies(filmPlan(), deadAt, checkpointInterval);
        expect(error, `save ${deadAt}`).toMatchObject({ code: 'PERSISTENCE_FAILED', cause: { message: 'power cut' } });
        const result = await resumed().executeWithResume(tides, { plan: filmPlan() });
        expect(result.outputs).toEqual(whole.result?.outputs);
        if (deadAt === 1) expect(provider.calls).toHaveLength(5); // nothing had run: the plan could not be saved
      }
    });
  }

  it('reaches the same outputs and never runs again what the store knows as completed, for any plan', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyPlan,
        fc.integer({ min: 1, max: 8 }),
        fc.option(fc.integer({ min: 1, max: 3 })),
        async (plan, deadAt, interval) => {
          const whole = await runUntilItDies(plan, Number.POSITIVE_INFINITY, interval ?? undefined);
          expect(whole.result?.status).toBe('completed');
          const { memory, resumed, provider } = await runUntilItDies(plan, deadAt, interval ?? undefined);
          const saved = (await memory.listCheckpoints()).sort((a, b) => (b.seq ?? 0) - (a.seq ?? 0))[0];
          const known = saved && (await memory.loadCheckpoint(saved.checkpointId));
          const finished = Object.values(known?.nodeResults ?? {}).filter(({ status }) => status === 'completed');
          provider.calls.length = 0;
          const result = await resumed().executeWithResume(tides, { plan });
          expect(result.outputs).toEqual(whole.result?.outputs);
          for (const { nodeId } of finished) expect(provider.calls).not.toContain(nodeId);
          expect(new Set(provider.calls).size).toBe(provider.calls.length);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('hands over everything that finished, and goes on from that once it could be saved', async () => {
    for (let deadAt = 2; deadAt <= 6; deadAt++) {
      const { resumed, error, provider, memory } = await runUntilItDies(filmPlan(), deadAt);
      if (error === undefined) continue;
      const state = error.executionState as ExecutionState;
      const paid = Object.keys(state.nodeResults).toSorted();
      expect(paid).toEqual(provider.calls.toSorted());
      const planner = resumed();
      await planner.createCheckpoint({ planId: state.planId, executionState: state });
      provider.calls.length = 0;
      const result = await planner.executeWithResume(tides, { plan: filmPlan() });
      expect(result.status).toBe('completed');
      for (const nodeId of paid) expect(provider.calls).not.toContain(nodeId);
      expect((await memory.listCheckpoints()).length).toBeGreaterThan(1);
    }
  });

  it('lets what is under way finish before it rejects', async () => {
    const provider = new Provider().holdAt('shots');
    const store = dyingAt(2);
    const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: provider.handler } });
    let isSettled = false;
    const call = planner.executeWithResume(tides, { plan: filmPlan() }).catch((error: unknown) => {
      isSettled = true;
      return error as PersistenceError<ExecutionState>;
    });
    await provider.reached('shots');
    await provider.reached('music');
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    provider.open('shots');
    const error = await call;
    expect(error).toMatchObject({ code: 'PERSISTENCE_FAILED', planId: 'film' });
    expect(Object.keys((error as PersistenceError<ExecutionState>).executionState?.nodeResults ?? {})).toContain(
      'shots',
    );
    expect(provider.calls).not.toContain('cut');
  });
});
