import { beforeEach, describe, expect, it, vi } from 'vitest';

const vibe = { description: 'A short film about tides' };
const plan = {
  id: 'film',
  sourceVibe: vibe,
  rootNodes: [
    { id: 'script', type: 'generate' as const, description: 'Write it' },
    { id: 'music', type: 'generate' as const, description: 'Compose it', dependencies: ['script'] },
  ],
};

/** The library as a program has it that has just started, or as one that has run something before. */
const libraries = {
  'when nothing has been loaded yet': async () => {
    vi.resetModules();
    return import('vibe-aigc');
  },
  'when an earlier planner has worked': async () => {
    const library = await import('vibe-aigc');
    await new library.MetaPlanner({ persistenceManager: new library.MemoryPersistenceManager() }).executeWithResume(
      vibe,
    );
    return library;
  },
};

describe.each(Object.entries(libraries))('a call that nobody awaits, %s', (_, load) => {
  let library: typeof import('vibe-aigc');

  beforeEach(async () => {
    library = await load();
  });

  function planner(handler: () => unknown = () => 'done') {
    const persistenceManager = new library.MemoryPersistenceManager();
    return new library.MetaPlanner({ persistenceManager, handlers: { default: handler } });
  }

  it('is live at once: closing waits for it and ends it', async () => {
    const calls: string[] = [];
    const one = planner(() => calls.push('handler'));
    const run = one.executePlan(plan).then(
      () => 'completed',
      (error: unknown) => (error as { code?: string }).code,
    );
    const ended = run.then((how) => calls.push(how ?? 'nothing'));
    await one.close();
    await ended;
    expect(calls).toEqual(['PLANNER_CLOSED']);
  });

  it('is live at once: draining waits for it, and it pauses with nothing started', async () => {
    const calls: string[] = [];
    const one = planner(() => calls.push('handler'));
    const run = one.executePlan(plan);
    await one.drain();
    expect(await run).toMatchObject({ status: 'paused', pause: { reason: 'drain' } });
    expect(calls).toEqual([]);
  });

  it('rejects with the reason of a signal that aborts in the same turn', async () => {
    const controller = new AbortController();
    const run = planner().executePlan(plan, { signal: controller.signal });
    controller.abort(new Error('changed my mind'));
    await expect(run).rejects.toThrow('changed my mind');
  });

  it('takes its vibe and its plan as they were when it was made', async () => {
    const given = structuredClone(plan);
    const run = planner().executePlan(given);
    given.rootNodes.pop();
    expect(Object.keys((await run).outputs).toSorted()).toEqual(['music', 'script']);
  });

  it('is in the order of its calls: the first has the plan', async () => {
    const one = planner();
    const [first, second] = await Promise.allSettled([
      one.executeWithResume(vibe, { plan }),
      one.executeWithResume(vibe, { plan }),
    ]);
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'PLAN_LOCKED' } });
  });
});

describe('a planner that has loaded nothing yet', () => {
  let library: typeof import('vibe-aigc');

  beforeEach(async () => {
    vi.resetModules();
    library = await import('vibe-aigc');
  });

  it('answers that nothing is under way', () => {
    expect(new library.MetaPlanner().getExecutionState('film')).toBeUndefined();
  });

  it('sees the runs of another planner on the same store', async () => {
    const persistenceManager = new library.MemoryPersistenceManager();
    const seen: unknown[] = [];
    const onlooker = new library.MetaPlanner({ persistenceManager });
    const runner = new library.MetaPlanner({
      persistenceManager,
      handlers: { default: () => seen.push(onlooker.getExecutionState('film')?.pendingNodes) },
    });
    await runner.executeWithResume(vibe, { plan });
    expect(seen).toEqual([['script', 'music'], ['music']]);
  });

  it('goes on with tools as they were when it was made', async () => {
    const tools: Record<string, () => string> = { render: () => 'rendered' };
    const planner = new library.MetaPlanner({ handlers: { tools } });
    delete tools.render;
    const node = { id: 'clip', type: 'generate' as const, description: 'Render it', parameters: { tool: 'render' } };
    const result = await planner.executePlan({ id: 'clip', sourceVibe: vibe, rootNodes: [node] });
    expect(result.outputs).toEqual({ clip: 'rendered' });
  });
});
