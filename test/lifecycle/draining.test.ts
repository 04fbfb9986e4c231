import { MetaPlanner } from 'vibe-aigc';
import { describe, expect, it, vi } from 'vitest';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';
import { everyStore, fileStore } from '../helpers/stores.js';

describe('a planner that is drained', () => {
  it.each(Object.entries(everyStore))('saves its runs, and another goes on: %s', async (_, create) => {
    const persistenceManager = await create();
    const provider = new Provider().holdAt('music');
    const make = () =>
      new MetaPlanner({ persistenceManager, handlers: { default: provider.handler }, checkpointInterval: 1 });
    const planner = make();
    const call = planner.executeWithResume(tides, { plan: filmPlan() });
    await provider.reached('music');
    const drained = planner.drain();
    await expect(planner.executeWithResume(tides, { plan: filmPlan('other') })).rejects.toMatchObject({
      code: 'PLANNER_CLOSED',
      message: expect.stringContaining('drained'),
    });
    provider.open('music');
    await drained;
    const result = await call;
    expect(result).toMatchObject({ status: 'paused', pause: { reason: 'drain' }, failures: [] });
    expect(provider.calls.toSorted()).toEqual(['music', 'script', 'shots']);

    const next = await make().executeWithResume(tides, { plan: filmPlan() });
    expect(next).toMatchObject({ status: 'completed', runId: result.runId, executionSummary: { reused: 3 } });
    expect(provider.calls).toHaveLength(5);
  });

  it('aborts what is not over in time, which then is pending', async () => {
    const persistenceManager = await fileStore();
    const timers: Array<{ callback: () => void; delayMs: number }> = [];
    const setTimer = (callback: () => void, delayMs: number) => {
      const timer = { callback, delayMs };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    };
    let start = () => {};
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    const planner = new MetaPlanner({
      persistenceManager,
      host: { setTimer },
      handlers: {
        default: (_, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            start();
          }),
      },
    });
    const call = planner.executeWithResume(tides, { plan: filmPlan() });
    await started;
    const drained = planner.drain({ graceMs: 5_000 });
    const again = planner.drain({ graceMs: 1 });
    expect(timers.map(({ delayMs }) => delayMs)).toEqual([5_000]);
    timers[0]?.callback();
    await Promise.all([drained, again]);
    const result = await call;
    expect(result).toMatchObject({ status: 'paused', pause: { reason: 'drain' }, executionSummary: { completed: 0 } });
    await expect(planner.close()).resolves.toBeUndefined();

    const handlers = { default: () => 'done' };
    const next = await new MetaPlanner({ persistenceManager, handlers }).executeWithResume(tides, { plan: filmPlan() });
    expect(next).toMatchObject({ status: 'completed', runId: result.runId });
  });

  it('has nothing to wait for when nothing runs, and refuses options that make no sense', async () => {
    const planner = new MetaPlanner();
    await expect(planner.drain({ graceMs: -1 })).rejects.toThrow('Option "graceMs" of drain');
    await planner.drain();
    await expect(planner.plan(tides)).rejects.toMatchObject({ code: 'PLANNER_CLOSED' });
  });
});

describe('a run that is over its runTimeoutMs', () => {
  it('is cancelled with everything that finished, and can be resumed', async () => {
    const persistenceManager = await fileStore();
    const provider = new Provider().holdAt('shots').holdAt('music');
    const log = vi.fn();
    let over = () => {};
    const setTimer = (callback: () => void, delayMs: number) => {
      if (delayMs === 60_000) over = callback;
      return () => {};
    };
    const handlers = { default: provider.handler };
    const make = (more: object) => new MetaPlanner({ persistenceManager, handlers, ...more });
    const planner = make({ runTimeoutMs: 60_000, host: { setTimer, log } });
    const call = planner.executeWithResume(tides, { plan: filmPlan() });
    await Promise.all([provider.reached('shots'), provider.reached('music')]);
    over();
    provider.open('shots');
    provider.open('music'); // what a handler still returns is kept
    const result = await call;
    expect(result).toMatchObject({ status: 'cancelled', executionSummary: { completed: 3 } });
    expect(log).toHaveBeenCalledWith('warn', expect.stringContaining('runTimeoutMs'), { runId: result.runId });

    const next = await make({}).executeWithResume(tides, { plan: filmPlan() });
    expect(next).toMatchObject({ status: 'completed', executionSummary: { reused: 3 } });
  });

  it('tells its handlers why, and logs what one returns that did not stop', async () => {
    const timers = new Map<number, () => void>();
    const setTimer = (callback: () => void, delayMs: number) => {
      timers.set(delayMs, callback);
      return () => void timers.delete(delayMs);
    };
    const log = vi.fn();
    const provider = new Provider().holdAt('script');
    let signal: AbortSignal | undefined;
    const planner = new MetaPlanner({
      runTimeoutMs: 60_000,
      graceMs: 500,
      host: { setTimer, log },
      handlers: {
        default: (node, context) => {
          signal = context.signal;
          return provider.handler(node, context);
        },
      },
    });
    const call = planner.execute(tides, { plan: filmPlan() });
    await provider.reached('script');
    timers.get(60_000)?.();
    expect(signal?.reason).toMatchObject({ code: 'RUN_TIMEOUT' });
    timers.get(500)?.();
    expect((await call).status).toBe('cancelled');
    provider.open('script');
    await vi.waitFor(() =>
      expect(log).toHaveBeenCalledWith('warn', expect.stringContaining('had ended without it'), {
        nodeId: 'script',
        status: 'completed',
        output: { did: 'script', from: [] },
      }),
    );
    expect(timers.size).toBe(0);
  });
});
