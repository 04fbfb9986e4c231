import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  assertCompleted,
  type ExecutionEvent,
  MemoryPersistenceManager,
  MetaPlanner,
  type PersistenceManager,
  VibeError,
  type VibeInput,
} from 'vibe-aigc';
import { sampleCheckpoint } from 'vibe-aigc/testing';
import { describe, expect, it, vi } from 'vitest';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';
import { fileStore, temporaryDirectory } from '../helpers/stores.js';

const typesOf = (events: readonly ExecutionEvent[]) => events.map(({ type }) => type);

function setUp(options: ConstructorParameters<typeof MetaPlanner>[0] = {}) {
  const provider = new Provider();
  const store = new MemoryPersistenceManager();
  const make = () =>
    new MetaPlanner({ persistenceManager: store, handlers: { default: provider.handler }, ...options });
  return { provider, store, make, planner: make() };
}

describe('options', () => {
  const refused: Array<[unknown, string]> = [
    [{ concurency: 3 }, 'MetaPlanner has no option "concurency". Did you mean "concurrency"?'],
    [
      { checkpointInterval: 0 },
      'Option "checkpointInterval" of MetaPlanner must be a whole number of at least 1, got 0.',
    ],
    [{ checkpointInterval: 2.5 }, 'got 2.5'],
    [{ concurrency: Number.NaN }, 'got NaN'],
    [{ timeoutMs: 2 ** 31 }, 'from 1 to 2147483647'],
    [
      { retry: { maxAttempts: '3' } },
      'Option "retry.maxAttempts" of MetaPlanner must be a whole number of at least 1, got "3".',
    ],
    [{ retry: { maxAtempts: 3 } }, 'Did you mean "retry.maxAttempts"?'],
    [{ retry: 'always' }, 'Option "retry" of MetaPlanner must be'],
    [{ retry: { backoff: 'linear' } }, "must be 'constant' or 'exponential', got \"linear\""],
    [
      { handlers: { default: { run: () => 1, retry: { maxAttempts: 0 } } } },
      '{ run, version?, retry?, timeoutMs?, nodeTimeoutMs?, heartbeatTimeoutMs?, limits?, description?, parameters? }',
    ],
    [{ handlers: { default: { run: () => 1, timeoutMs: 0 } } }, 'Option "handlers.default" of MetaPlanner'],
    [{ handlers: { generat: () => 1 } }, 'Did you mean "handlers.generate"?'],
    [{ handlers: { tools: { sora: 'no' } } }, 'Option "handlers.tools" of MetaPlanner must be functions by tool name'],
    [{ persistenceManager: { saveCheckpoint() {} } }, 'Option "persistenceManager"'],
    [{ decomposer: {} }, 'Option "decomposer"'],
    [
      { host: { now: 3 } },
      'Option "host" of MetaPlanner must be an object whose now, newId, random, setTimer and log are functions',
    ],
    [{ checkpointDir: 'a', persistenceManager: new MemoryPersistenceManager() }, 'not both'],
    ['fast', 'MetaPlanner takes an object of options, got "fast".'],
  ];
  for (const [options, message] of refused) {
    it(`are refused with a TypeError: ${message}`, () => {
      const make = () => new MetaPlanner(options as never);
      expect(make).toThrow(TypeError);
      expect(make).toThrow(message);
    });
  }

  it('of a call are refused in the same way, and combinations that contradict each other too', async () => {
    const { planner, provider } = setUp();
    const calls = [
      planner.executeWithResume(tides, { chekpointId: 'cp-a' } as never),
      planner.executeWithResume(tides, { onCorrupt: 'ignore' } as never),
      planner.executeWithResume(tides, { checkpointId: 'cp-a', fresh: true }),
      planner.execute(tides, { checkpointId: 'cp-a' }),
      planner.executePlan(filmPlan(), { plan: filmPlan() }),
      planner.listCheckpoints({ limit: -1 }),
    ];
    for (const call of calls) await expect(call).rejects.toThrow(TypeError);
    expect(provider.calls).toEqual([]);
  });

  it('take ids of 1 to 200 characters of any kind', async () => {
    const { planner } = setUp();
    for (const planId of ['', 'x'.repeat(201)]) {
      const call = planner.executeWithResume(tides, { planId, plan: filmPlan() });
      await expect(call).rejects.toMatchObject({ code: 'INVALID_ID' });
    }
    for (const planId of ['x'.repeat(200), '../..', 'é中🌊', '__proto__', ' ']) {
      expect((await planner.executeWithResume(tides, { planId, plan: filmPlan() })).planId).toBe(planId);
    }
  });

  it('take a vibe only when it fits, with every problem in one error', async () => {
    const { planner } = setUp();
    const vibe = { description: ' ', styel: 'noir', constraints: 'none', metadata: { when: new Date() } };
    const error = await planner.executeWithResume(vibe as unknown as VibeInput).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'VIBE_INVALID' });
    const { issues } = error as { issues: Array<{ path: string; message: string }> };
    expect(issues.map(({ path }) => path).toSorted()).toEqual(['constraints', 'description', 'metadata', 'styel']);
    expect(issues.map(({ message }) => message).join()).toContain('Date');
  });
});

describe('calls without what they need', () => {
  it('are refused with a TypeError that says what is missing', async () => {
    const { planner } = setUp();
    const calls: Array<[Promise<unknown>, RegExp]> = [
      [
        planner.createCheckpoint(undefined as never),
        /"planId" of createCheckpoint must be the id of a plan, got undefined/,
      ],
      [planner.createCheckpoint({ planid: 'x' } as never), /createCheckpoint/],
      [planner.getCheckpoint(undefined as never), /getCheckpoint takes the id of a checkpoint, got undefined/],
      [planner.deleteCheckpoint(7 as never), /deleteCheckpoint takes the id of a checkpoint, got 7/],
    ];
    for (const [call, message] of calls) {
      await expect(call).rejects.toThrow(TypeError);
      await expect(call).rejects.toThrow(message);
    }
  });
});

describe('plans', () => {
  it('are made of the vibe as it was given: a decomposer cannot change it', async () => {
    const { make } = setUp({
      decomposer: (vibe) => {
        expect(() => vibe.constraints.push('more')).toThrow(TypeError);
        return filmPlan();
      },
    });
    const result = await make().executeWithResume(tides);
    const checkpoint = await make().getCheckpoint(result.persistenceInfo.lastCheckpointId as string);
    expect(checkpoint.vibe.constraints).toEqual(tides.constraints);
    const plan = await make().plan(tides);
    plan.sourceVibe.constraints.push("a plan is the caller's own");
    expect((await make().executePlan(plan)).status).toBe('completed');
  });

  it('under way are given up when the planner is closed', async () => {
    const { planner } = setUp({ decomposer: () => new Promise<never>(() => {}) });
    const planning = planner.plan(tides);
    await planner.close();
    await expect(planning).rejects.toMatchObject({ code: 'PLANNER_CLOSED' });
  });

  it('are made by the decomposer under our own id, whatever it calls its plan', async () => {
    const { make } = setUp({ decomposer: { decompose: () => filmPlan('a-name-of-its-own') } });
    const plan = await make().plan(tides);
    expect(plan.id).toMatch(/^a-film-about-tides-[0-9a-f]{16}$/);
    expect(plan.rootNodes).toHaveLength(5);
    expect((await make().execute(tides)).planId).toMatch(new RegExp(`^${plan.id}-[a-z0-9]+$`));
    expect((await make().executeWithResume(tides)).planId).toBe(plan.id);
  });

  it('that cannot be made are a DecompositionError with the cause, and nothing is saved', async () => {
    const { make, store } = setUp({ decomposer: () => Promise.reject(new Error('model is down')) });
    await expect(make().executeWithResume(tides)).rejects.toMatchObject({
      code: 'DECOMPOSITION_FAILED',
      cause: { message: 'model is down' },
    });
    const { make: makeOdd } = setUp({ decomposer: (() => ({ nodes: [] })) as never });
    await expect(makeOdd().plan(tides)).rejects.toMatchObject({
      code: 'DECOMPOSITION_FAILED',
      cause: { code: 'PLAN_INVALID' },
    });
    expect(await store.listCheckpoints()).toEqual([]);
  });

  it('of a custom decomposer need handlers of its own', async () => {
    const planner = new MetaPlanner({
      persistenceManager: new MemoryPersistenceManager(),
      decomposer: () => filmPlan(),
    });
    await expect(planner.executeWithResume(tides)).rejects.toMatchObject({ code: 'PLAN_INVALID' });
    await expect(planner.executePlan(filmPlan())).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  });

  it('of the composer are served by it where the handlers given serve no node', async () => {
    const generate = () => '## Written by a model';
    const planner = new MetaPlanner({ persistenceManager: new MemoryPersistenceManager(), handlers: { generate } });
    const result = await planner.executeWithResume(tides);
    assertCompleted(result);
    expect(result.outputs.brief).toContain('## Written by a model');
    expect(result.nodeResults.brief?.handler).toEqual({ name: 'transform' });
  });

  it('stored by an earlier process need handlers too, and are not taken for damaged', async () => {
    const { provider, make, store } = setUp();
    provider.failAt('cut');
    await make().executeWithResume(tides, { plan: filmPlan() });
    const planner = new MetaPlanner({ persistenceManager: store });
    await expect(planner.executeWithResume(tides)).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  });

  it('take the vibe of the call as their own', async () => {
    const { planner } = setUp();
    const vibe = { description: 'Another wish' };
    const result = await planner.executeWithResume(vibe, { plan: filmPlan() });
    const { workflowPlan } = await planner.getCheckpoint(result.persistenceInfo.lastCheckpointId as string);
    expect(workflowPlan.sourceVibe.description).toBe('Another wish');
  });
});

describe('execute', () => {
  it('writes nothing when no interval is set', async () => {
    const directory = await temporaryDirectory();
    const planner = new MetaPlanner({ checkpointDir: join(directory, 'checkpoints') });
    const result = await planner.execute(tides);
    expect(result.persistenceInfo).toEqual({ checkpointEnabled: false });
    expect(await readdir(directory)).toEqual([]);
  });

  it('is always a new run, and resumable when an interval is set', async () => {
    const { provider, make } = setUp({ checkpointInterval: 2, decomposer: () => filmPlan() });
    const first = await make().execute(tides);
    provider.failAt('review');
    const second = await make().execute(tides);
    expect(second.planId).not.toBe(first.planId);
    expect(second.runId).not.toBe(first.runId);
    provider.mend();
    const resumed = await make().executeWithResume(tides);
    expect(resumed).toMatchObject({ planId: second.planId, runId: second.runId, status: 'completed' });
    expect(resumed.executionSummary.reused).toBe(4);
  });

  it('of a plan made by hand runs under its id', async () => {
    const { provider, planner } = setUp();
    const result = await planner.executePlan(filmPlan('plan-001'));
    assertCompleted(result);
    expect(result.planId).toBe('plan-001');
    expect(provider.inputs.cut).toEqual({
      shots: { did: 'shots', from: ['script'] },
      music: { did: 'music', from: ['script'] },
    });
  });

  it('names what failed when a completed run is asserted', async () => {
    const { provider, planner } = setUp();
    provider.failAt('cut');
    const result = await planner.executePlan(filmPlan());
    expect(() => assertCompleted(result)).toThrow(/is failed: "cut" \(rate limit at cut\)/);
    expect(() => assertCompleted(result)).toThrow(VibeError);
  });
});

describe('checkpoint ids', () => {
  it('never collide between planners that share a clock which stands still', async () => {
    const now = () => Date.UTC(2026, 0, 1);
    const host = () => ({ now, newId: () => 'same' });
    const store = new MemoryPersistenceManager();
    for (const planId of ['one', 'two']) {
      const planner = new MetaPlanner({ persistenceManager: store, host: host(), handlers: { default: () => 1 } });
      await planner.executeWithResume(tides, { plan: filmPlan(planId) });
    }
    expect(await store.listCheckpoints()).toHaveLength(4);
  });
});

describe('checkpoints', () => {
  it('are listed at the start, every so many completed nodes, and at the end', async () => {
    const { make } = setUp({ checkpointInterval: 2, concurrency: 1 });
    await make().executeWithResume(tides, { plan: filmPlan() });
    const summaries = await make().listCheckpoints();
    expect(summaries.map(({ completedNodes, state }) => [completedNodes, state])).toEqual([
      [5, 'completed'],
      [4, 'running'],
      [2, 'running'],
      [0, 'running'],
    ]);
    const ids = summaries.map(({ checkpointId }) => checkpointId);
    expect(ids.toSorted().reverse()).toEqual(ids); // names alone give the order
    for (const id of ids) expect(id).toMatch(/^cp-[a-z0-9-]+$/);
  });

  it('are listed at the start and the end alone without an interval, and no rolling save is left', async () => {
    const { make, store, provider } = setUp();
    await make().executeWithResume(tides, { plan: filmPlan() });
    expect((await store.listCheckpoints()).map(({ completedNodes }) => completedNodes)).toEqual([5, 0]);
    provider.failAt('cut');
    await make().executeWithResume(tides, { plan: filmPlan('failing') });
    const failing = await store.listCheckpoints({ planId: 'failing' });
    expect(failing.map(({ completedNodes, state }) => [completedNodes, state])).toEqual([
      [3, 'failed'],
      [0, 'running'],
    ]);
  });

  it('can be listed by plan and cut, with the rolling save of a live run left out', async () => {
    const { make, provider, store, planner } = setUp({ checkpointInterval: 1 });
    await make().executeWithResume(tides, { plan: filmPlan('done') });
    provider.holdAt('cut');
    const onMusic = new Promise<void>((resolve) => {
      const onProgress = (event: ExecutionEvent) => {
        if (event.type === 'checkpoint_saved' && event.completedNodes === 3) resolve();
      };
      void planner.executeWithResume(tides, { plan: filmPlan('live'), onProgress }).then();
    });
    await provider.reached('cut');
    await onMusic;
    await store.saveCheckpoint(sampleCheckpoint({ checkpointId: 'cp-live-0000-1', planId: 'live', epoch: 0 }));
    expect((await planner.listCheckpoints({ planId: 'live' })).map(({ completedNodes }) => completedNodes)).toEqual([
      3, 2, 1, 0,
    ]);
    expect(await planner.listCheckpoints({ limit: 2 })).toHaveLength(2);
    expect(await planner.listCheckpoints({ limit: 100 })).toHaveLength(10);
    provider.open('cut');
    await planner.close();
  });

  it('can be made of a run under way, and resumed as they were', async () => {
    const { provider, planner, make } = setUp();
    provider.holdAt('cut');
    const running = planner.executeWithResume(tides, { plan: filmPlan() });
    await provider.reached('cut');
    const state = planner.getExecutionState('film');
    expect(state).toMatchObject({ planId: 'film', state: 'running', pendingNodes: ['cut', 'review'] });
    const checkpointId = await planner.createCheckpoint({ planId: 'film' });
    expect((await planner.getCheckpoint(checkpointId)).completedNodes.toSorted()).toEqual(['music', 'script', 'shots']);
    provider.open('cut');
    await running;
    expect(planner.getExecutionState('film')).toBeUndefined();
    const branch = await make().executeWithResume(tides, { checkpointId });
    expect(branch.executionSummary.reused).toBe(3);
  });

  it('can be made of a run that records nothing, which can then be resumed', async () => {
    const { provider, planner, make } = setUp();
    provider.holdAt('cut');
    const running = planner.executePlan(filmPlan());
    await provider.reached('cut');
    await planner.createCheckpoint({ planId: 'film' });
    provider.failAt('cut').open('cut');
    expect((await running).status).toBe('failed');
    provider.mend();
    const result = await make().executeWithResume(tides, { planId: 'film' });
    expect(result.status).toBe('completed');
    expect(result.executionSummary.reused).toBe(3);
    expect(provider.timesCalled('script')).toBe(1);
  });

  it('can be made of a state written by hand, as the guide shows', async () => {
    const { provider, planner } = setUp();
    const at = '2026-02-05T10:30:00Z';
    const script = {
      nodeId: 'script',
      status: 'completed' as const,
      output: 'Fog.',
      attempts: 1,
      startedAt: at,
      completedAt: at,
      durationMs: 0,
    };
    const executionState = {
      planId: 'plan-001',
      runId: 'by hand',
      state: 'running' as const,
      vibe: { ...tides, metadata: {} },
      workflowPlan: (await import('vibe-aigc')).workflowPlanSchema.parse(filmPlan('plan-001')),
      completedNodes: [],
      pendingNodes: [],
      nodeResults: { script },
    };
    const checkpointId = await planner.createCheckpoint({ planId: 'plan-001', executionState });
    const saved = await planner.getCheckpoint(checkpointId);
    expect(saved).toMatchObject({
      completedNodes: ['script'],
      pendingNodes: ['shots', 'music', 'cut', 'review'],
      seq: 0,
    });
    const result = await planner.executeWithResume(tides, { planId: 'plan-001' });
    expect(result.status).toBe('completed');
    expect(provider.inputs.shots).toEqual({ script: 'Fog.' });
    expect(provider.calls).not.toContain('script');
  });

  it('are refused when there is no state to save, or it does not fit', async () => {
    const { planner, make, store } = setUp();
    await expect(planner.createCheckpoint({ planId: 'film' })).rejects.toThrow(/"film" is not running/);
    const result = await make().executeWithResume(tides, { plan: filmPlan() });
    const state = await planner.getCheckpoint(result.persistenceInfo.lastCheckpointId as string);
    const before = (await store.listCheckpoints()).length;
    const refused: Array<[unknown, string]> = [
      [{ ...state, planId: 'other' }, 'CHECKPOINT_MISMATCH'],
      [
        { ...state, nodeResults: { stranger: { ...state.nodeResults.script, nodeId: 'stranger' } } },
        'CHECKPOINT_MISMATCH',
      ],
      [{ ...state, workflowPlan: { ...state.workflowPlan, rootNodes: [] } }, 'PLAN_INVALID'],
    ];
    for (const [executionState, code] of refused) {
      const call = planner.createCheckpoint({ planId: 'film', executionState: executionState as never });
      await expect(call).rejects.toMatchObject({ code });
    }
    const odd = planner.createCheckpoint({ planId: 'film', executionState: { ...state, state: 'sleeping' } as never });
    await expect(odd).rejects.toThrow(TypeError);
    expect(await store.listCheckpoints()).toHaveLength(before);
  });

  it('can be deleted one by one to the last without losing what was paid for', async () => {
    const { provider, planner, make } = setUp({ checkpointInterval: 1 });
    provider.failAt('cut');
    await planner.executeWithResume(tides, { plan: filmPlan() });
    for (const { checkpointId } of await planner.listCheckpoints()) {
      expect(await planner.deleteCheckpoint(checkpointId)).toBe(true);
      expect(await planner.deleteCheckpoint(checkpointId)).toBe(false);
    }
    expect(await planner.listCheckpoints()).toEqual([]);
    provider.mend();
    provider.calls.length = 0;
    expect((await make().executeWithResume(tides, { planId: 'film' })).status).toBe('completed');
    expect(provider.calls).toEqual(['cut', 'review']);
  });

  it('can be deleted while their run is under way without losing what was paid for', async () => {
    const { provider, planner, store, make } = setUp({ checkpointInterval: 1 });
    provider.holdAt('cut');
    const saved = new Promise<void>((resolve) => {
      const onProgress = (event: ExecutionEvent) => {
        if (event.type === 'checkpoint_saved' && event.completedNodes === 3) resolve();
      };
      void planner.executeWithResume(tides, { plan: filmPlan(), onProgress });
    });
    await provider.reached('cut');
    await saved;
    for (const { checkpointId } of await planner.listCheckpoints()) await planner.deleteCheckpoint(checkpointId);
    expect(await planner.listCheckpoints()).toEqual([]);
    const asLeft = new MemoryPersistenceManager();
    for (const { checkpointId } of await store.listCheckpoints()) {
      await asLeft.saveCheckpoint((await store.loadCheckpoint(checkpointId)) as never);
    }
    const second = new Provider();
    const resumed = new MetaPlanner({ persistenceManager: asLeft, handlers: { default: second.handler } });
    expect((await resumed.executeWithResume(tides, { planId: 'film' })).executionSummary.reused).toBe(3);
    provider.open('cut');
    await planner.close();
    expect(make().getExecutionState('film')).toBeUndefined();
  });
});

describe('events', () => {
  it('tell a new run from its start to its end, each with ids, time and progress', async () => {
    const { make } = setUp({ concurrency: 1 });
    const events: ExecutionEvent[] = [];
    const plan = { id: 'two', sourceVibe: tides, rootNodes: filmPlan().rootNodes.slice(0, 2) };
    const result = await make().executeWithResume(tides, { plan, onProgress: (event) => void events.push(event) });
    expect(typesOf(events).filter((type) => type !== 'checkpoint_saved')).toEqual([
      'run_started',
      'plan_created',
      'node_started',
      'node_completed',
      'node_started',
      'node_completed',
      'run_completed',
    ]);
    expect(typesOf(events).indexOf('checkpoint_saved')).toBeLessThan(typesOf(events).indexOf('plan_created'));
    expect(events[0]).toMatchObject({
      resumed: false,
      completedNodes: 0,
      progress: { completed: 0, total: 0, percent: 0 },
    });
    expect(events.at(-1)).toMatchObject({ status: 'completed', progress: { completed: 2, total: 2, percent: 100 } });
    for (const event of events) {
      expect(event).toMatchObject({ planId: 'two', runId: result.runId });
      expect(new Date(event.timestamp).toISOString()).toBe(event.timestamp);
    }
  });

  it('tell a resumed run: how much is done, nothing of reused nodes, and failures with what they block', async () => {
    const { make, provider } = setUp();
    provider.failAt('music');
    const failing: ExecutionEvent[] = [];
    await make().executeWithResume(tides, { plan: filmPlan(), onProgress: (event) => void failing.push(event) });
    expect(failing.find(({ type }) => type === 'node_failed')).toMatchObject({
      nodeId: 'music',
      attempts: 1,
      error: { name: 'Error' },
    });
    expect(failing.filter(({ type }) => type === 'node_skipped')).toMatchObject([
      { nodeId: 'cut', blockedBy: 'music' },
      { nodeId: 'review', blockedBy: 'cut' },
    ]);
    expect(failing.at(-1)).toMatchObject({ type: 'run_completed', status: 'failed' });
    provider.mend();
    const resumed: ExecutionEvent[] = [];
    await make().executeWithResume(tides, { plan: filmPlan(), onProgress: (event) => void resumed.push(event) });
    expect(resumed[0]).toMatchObject({
      type: 'run_started',
      resumed: true,
      completedNodes: 2,
      progress: { completed: 2, total: 5 },
    });
    expect(typesOf(resumed)).not.toContain('plan_created');
    const started = resumed.flatMap((event) => (event.type === 'node_started' ? [event.nodeId] : []));
    expect(started).toEqual(['music', 'cut', 'review']);
  });

  it('go to the listener of the planner first, and one that throws or rejects is logged and disturbs nothing', async () => {
    const order: string[] = [];
    const log = vi.fn();
    const { make } = setUp({
      onProgress: ({ type }) => {
        order.push(`planner ${type}`);
        throw new Error('listener broke');
      },
      host: { log },
    });
    const onProgress = async ({ type }: ExecutionEvent) => {
      order.push(`call ${type}`);
      throw new Error('listener rejected');
    };
    const result = await make().executeWithResume(tides, { plan: filmPlan(), onProgress });
    assertCompleted(result);
    expect(order.slice(0, 2)).toEqual(['planner run_started', 'call run_started']);
    expect(log).toHaveBeenCalledWith(
      'error',
      'A progress listener failed.',
      expect.objectContaining({ event: 'run_started' }),
    );
    expect(log).toHaveBeenCalledTimes(order.length);
  });
});

describe('cancelling', () => {
  it('before anything, while planning, or while looking rejects with the reason of the signal', async () => {
    const reason = new Error('user left');
    const { planner, store } = setUp();
    await expect(planner.executeWithResume(tides, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

    const controller = new AbortController();
    let isAsked = () => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const decomposer = () => {
      isAsked();
      return new Promise<never>(() => {}); // never answers, and does not listen
    };
    const planning = new MetaPlanner({ persistenceManager: store, decomposer, handlers: { default: () => 1 } });
    const call = planning.executeWithResume(tides, { signal: controller.signal });
    await asked;
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(await store.listCheckpoints()).toEqual([]);
  });

  it('once there is a plan resolves as cancelled, with a checkpoint', async () => {
    const { planner, provider } = setUp();
    const controller = new AbortController();
    const handler = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    provider.holdAt('script');
    const cancelling = new MetaPlanner({
      persistenceManager: new MemoryPersistenceManager(),
      handlers: { default: handler as never },
      onProgress: ({ type }) => (type === 'node_started' ? controller.abort(new Error('enough')) : undefined),
    });
    const result = await cancelling.executeWithResume(tides, { plan: filmPlan(), signal: controller.signal });
    expect(result).toMatchObject({ status: 'cancelled', nodeResults: {}, failures: [] });
    expect(await cancelling.listCheckpoints({ limit: 1 })).toMatchObject([{ state: 'cancelled', completedNodes: 0 }]);
    await planner.close();
  });

  it('leaves no listener on the signal', async () => {
    const { planner } = setUp();
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await planner.executeWithResume(tides, { plan: filmPlan(), signal });
    expect(added.mock.calls.length).toBeGreaterThan(0);
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
  });
});

describe('close', () => {
  it('aborts live runs, waits for their handlers, and refuses new ones', async () => {
    const { planner, provider } = setUp();
    provider.holdAt('script');
    const running = planner.executeWithResume(tides, { plan: filmPlan() });
    await provider.reached('script');
    let isClosed = false;
    const closing = planner.close().then(() => {
      isClosed = true;
    });
    expect(planner.close()).toBe(planner.close());
    await new Promise((resolve) => setImmediate(resolve));
    expect(isClosed).toBe(false);
    provider.open('script');
    expect((await running).status).toBe('cancelled');
    await closing;
    expect((await running).outputs).toHaveProperty('script'); // paid for, so kept
    for (const call of [planner.execute(tides), planner.executeWithResume(tides), planner.plan(tides)]) {
      await expect(call).rejects.toMatchObject({ code: 'PLANNER_CLOSED' });
    }
  });

  it('leaves an injected store open, and works as await using', async () => {
    let isStoreClosed = false;
    const memory = new MemoryPersistenceManager();
    const store: PersistenceManager = {
      saveCheckpoint: (checkpoint) => memory.saveCheckpoint(checkpoint),
      loadCheckpoint: (id) => memory.loadCheckpoint(id),
      listCheckpoints: (query) => memory.listCheckpoints(query),
      deleteCheckpoint: (id) => memory.deleteCheckpoint(id),
      close: async () => {
        isStoreClosed = true;
      },
    };
    {
      await using planner = new MetaPlanner({ persistenceManager: store });
      await planner.executeWithResume(tides);
    }
    expect(isStoreClosed).toBe(false);
  });

  it('lets one planner serve many runs at once before', async () => {
    const { planner, provider } = setUp();
    const ids = Array.from({ length: 20 }, (_, index) => `film-${index}`);
    const results = await Promise.all(ids.map((id) => planner.executeWithResume(tides, { plan: filmPlan(id) })));
    expect(results.map(({ planId }) => planId)).toEqual(ids);
    expect(provider.calls).toHaveLength(100);
    await planner.close();
  });
});

describe('a store that fails or answers nonsense', () => {
  it('makes every call reject with a PersistenceError that has the cause', async () => {
    const broken = async () => {
      throw new Error('connection lost');
    };
    const store = { saveCheckpoint: broken, loadCheckpoint: broken, listCheckpoints: broken, deleteCheckpoint: broken };
    const planner = new MetaPlanner({ persistenceManager: store });
    const calls = [
      planner.executeWithResume(tides),
      planner.listCheckpoints(),
      planner.getCheckpoint('cp-a'),
      planner.deleteCheckpoint('cp-a'),
    ];
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ code: 'PERSISTENCE_FAILED', cause: { message: 'connection lost' } });
    }
  });

  it('is filtered and sorted again, and what it loads is checked', async () => {
    const { provider, store, make } = setUp({ checkpointInterval: 1, concurrency: 1 });
    provider.failAt('review');
    await make().executeWithResume(tides, { plan: filmPlan() });
    await make().executeWithResume({ ...tides, style: 'bright' }, { plan: filmPlan('other') });
    provider.mend();
    const careless: PersistenceManager = {
      saveCheckpoint: (checkpoint) => store.saveCheckpoint(checkpoint),
      loadCheckpoint: (id) => store.loadCheckpoint(id),
      listCheckpoints: async () =>
        (await store.listCheckpoints()).toSorted((a, b) => (a.checkpointId < b.checkpointId ? -1 : 1)),
      deleteCheckpoint: (id) => store.deleteCheckpoint(id),
    };
    const planner = new MetaPlanner({ persistenceManager: careless, handlers: { default: provider.handler } });
    expect(await planner.listCheckpoints({ planId: 'other', limit: 2 })).toHaveLength(2);
    expect((await planner.executeWithResume(tides)).executionSummary.reused).toBe(4);

    const lying = { ...careless, loadCheckpoint: async () => ({ planId: 'film', nodeResults: 'none' }) as never };
    const misled = new MetaPlanner({ persistenceManager: lying, handlers: { default: provider.handler } });
    await expect(misled.getCheckpoint('cp-a')).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT', planId: 'film' });
  });

  it('that is a file where the directory should be is a PersistenceError', async () => {
    const store = await fileStore();
    const planner = new MetaPlanner({ checkpointDir: join(import.meta.filename, 'checkpoints') });
    await expect(planner.executeWithResume(tides)).rejects.toMatchObject({ code: 'PERSISTENCE_FAILED' });
    expect(await store.listCheckpoints()).toEqual([]);
  });
});
