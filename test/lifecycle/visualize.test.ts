import { MemoryPersistenceManager, MetaPlanner, renderPlan } from 'vibe-aigc';
import { expect, it } from 'vitest';

const vibe = { description: 'A film about tides' };
const film = {
  decomposer: () => ({
    rootNodes: [
      { id: 'script', type: 'analyze' as const, description: 'Write it' },
      { id: 'cut', type: 'transform' as const, description: 'Cut it', dependencies: ['script'] },
    ],
  }),
};

it('answers what execute answers, with a picture of how each node stands', async () => {
  const planner = new MetaPlanner({
    ...film,
    handlers: {
      analyze: async (_node, ctx) => {
        await ctx.spawn([{ id: 'scene', type: 'generate', description: 'Shoot it' }]);
        return 'a script';
      },
      generate: () => {
        throw new Error('no light');
      },
      transform: () => 'a film',
    },
  });
  const { visualization, ...result } = await planner.executeWithVisualization(vibe, { planId: 'film' });
  expect(result).toMatchObject({ status: 'failed', outputs: { script: 'a script' } });
  expect(visualization).toBe(`film, 3 nodes: 1 failed, 1 skipped, 1 started

o- [~] script (analyze): Write it
|    [!] scene (generate): Shoot it
>- [-] cut (transform): Cut it

[!] failed   [-] skipped   [~] started   o leads to each > on its line
`);
});

it('draws in the format that is asked for, also of a run that is checkpointed', async () => {
  const planner = new MetaPlanner({
    ...film,
    handlers: { default: () => 'done' },
    persistenceManager: new MemoryPersistenceManager(),
    checkpointInterval: 1,
  });
  const result = await planner.executeWithVisualization(vibe, { format: 'mermaid', foldAbove: 10 });
  const state = await planner.getCheckpoint(result.persistenceInfo.lastCheckpointId ?? '');
  expect(result.visualization).toBe(renderPlan(state.workflowPlan, { state, format: 'mermaid' }));
  expect(result.visualization).toContain('class n0,n1 completed');
});

it('refuses, before anything is run, what it cannot draw or what makes no sense', async () => {
  let calls = 0;
  const planner = new MetaPlanner({
    decomposer: () => {
      calls++;
      return film.decomposer();
    },
    handlers: { default: () => calls++ },
  });
  const run = (options: object) => planner.executeWithVisualization(vibe, options);
  await expect(run({ format: 'png' })).rejects.toThrow(/"format" of executeWithVisualization/);
  await expect(run({ foldAbove: 0 })).rejects.toThrow(/"foldAbove" of executeWithVisualization must be a number/);
  await expect(run({ checkpointId: 'cp-1' })).rejects.toThrow(/executeWithVisualization always starts over/);
  await expect(run({ fold: 3 })).rejects.toThrow(/Did you mean "foldAbove"\?|has no option "fold"/);
  expect(calls).toBe(0);
  await planner.close();
  await expect(run({})).rejects.toMatchObject({ code: 'PLANNER_CLOSED' });
});
