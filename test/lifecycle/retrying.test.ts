import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type Checkpoint, type ExecutionEvent, MetaPlanner, RetryAfterError, type WorkflowPlanInput } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-package.js';
import { filmPlan, tides } from '../helpers/scripted-run.js';
import { everyStore, fileStore } from '../helpers/stores.js';

const program = builtProgram(new URL('../helpers/killed-while-retrying.ts', import.meta.url));

function singleNode(fields: Partial<WorkflowPlanInput['rootNodes'][number]> = {}): WorkflowPlanInput {
  const rootNodes = [{ id: 'script', type: 'generate' as const, description: 'Write it', ...fields }];
  return { id: 'single', sourceVibe: tides, rootNodes };
}

describe('attempts of a process that was killed', () => {
  it('count in the next one', async () => {
    const store = await fileStore();
    const child = spawn(process.execPath, [program, store.checkpointDir], { stdio: 'ignore' });
    const [, signal] = await once(child, 'close');
    expect(signal).toBe('SIGKILL');

    const attempts: number[] = [];
    const planner = new MetaPlanner({
      persistenceManager: store,
      retry: { maxAttempts: 4 },
      handlers: {
        default: (_, { attempt }) => {
          attempts.push(attempt);
          throw new Error('still too many');
        },
      },
    });
    const result = await planner.executeWithResume(tides, { plan: filmPlan() });
    expect(attempts).toEqual([3, 4]);
    expect(result).toMatchObject({ status: 'failed', failures: [{ nodeId: 'script', attempts: 4 }] });
  });
});

describe('a wait that is longer than pauseAfterMs', () => {
  it.each(Object.entries(everyStore))('ends the run, which goes on with the next attempt: %s', async (_, create) => {
    const persistenceManager = await create();
    let nowMs = Date.UTC(2026, 0, 1);
    const host = { now: () => nowMs };
    const events: ExecutionEvent[] = [];
    const make = () =>
      new MetaPlanner({
        persistenceManager,
        host,
        retry: { maxAttempts: 2 },
        onProgress: (event) => void events.push(event),
        handlers: {
          default: (_, { attempt }) => {
            if (attempt === 1) throw new RetryAfterError('the quota is used up', 3_600_000);
            return attempt;
          },
        },
      });
    const paused = await make().executeWithResume(tides, { plan: singleNode() });
    const resumeAt = '2026-01-01T01:00:00.000Z';
    expect(paused).toMatchObject({ status: 'paused', pause: { reason: 'retry', nodeId: 'script', resumeAt } });
    expect(events.find(({ type }) => type === 'node_retry')).toMatchObject({ nextAttemptAt: resumeAt });
    expect((await make().executeWithResume(tides, { plan: singleNode() })).status).toBe('paused'); // too early
    nowMs += 3_600_000;
    const done = await make().executeWithResume(tides, { plan: singleNode() });
    expect(done).toMatchObject({ status: 'completed', outputs: { script: 2 } });
  });
});

describe('the retry of a node', () => {
  const retry = { maxAttempts: 3, delayMs: 1, backoff: 'exponential', maxDelayMs: 2 } as const;

  it('is kept with its plan, with what a newer version may say there', async () => {
    const store = await fileStore();
    const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: () => 'done' } });
    const plan = singleNode({ retry: { ...retry, unknownFields: { jitter: 'none' } } });
    const { persistenceInfo } = await planner.executeWithResume(tides, { plan });
    const checkpoint = (await store.loadCheckpoint(persistenceInfo.lastCheckpointId as string)) as Checkpoint;
    expect(checkpoint.workflowPlan.rootNodes[0]?.retry).toEqual({ ...retry, unknownFields: { jitter: 'none' } });
  });

  it('says nothing of what work there is', async () => {
    const store = await fileStore();
    let isBroken = true;
    const handlers = {
      default: () => {
        if (isBroken) throw new Error('no');
        return 'done';
      },
    };
    const planner = new MetaPlanner({ persistenceManager: store, handlers });
    await planner.executeWithResume(tides, { plan: singleNode() });
    isBroken = false;
    const result = await planner.executeWithResume(tides, { plan: singleNode({ retry }) });
    expect(result.status).toBe('completed');
  });

  it.each([
    [{ maxAttempts: 0 }, 'maxAttempts'],
    [{ delayMs: -1 }, 'delayMs'],
    [{ shouldRetry: 'always' }, 'shouldRetry'],
  ])('is refused when it makes no sense: %j', async (wrong, field) => {
    const call = new MetaPlanner().executePlan(singleNode({ retry: wrong as never }));
    await expect(call).rejects.toMatchObject({ code: 'PLAN_INVALID', message: expect.stringContaining(field) });
  });
});

describe('retry: standard', () => {
  it('tries again what may well pass, after waits that the host makes random, and nothing else', async () => {
    const delays: number[] = [];
    const setTimer = (callback: () => void, delayMs: number) => {
      delays.push(delayMs);
      queueMicrotask(callback);
      return () => {};
    };
    const events: string[] = [];
    const planner = new MetaPlanner({
      retry: 'standard',
      host: { random: () => 0.5, setTimer, now: () => Date.UTC(2026, 0, 1) + delays.reduce((sum, ms) => sum + ms, 0) },
      onProgress: ({ type }) => void events.push(type),
      handlers: {
        generate: () => {
          throw Object.assign(new Error('overloaded'), { status: 529 });
        },
        analyze: () => {
          throw Object.assign(new Error('no such model'), { status: 404 });
        },
      },
    });
    await planner.execute(tides, { plan: singleNode() });
    expect(delays).toEqual([500, 1_000, 2_000, 4_000]);
    const { failures } = await planner.execute(tides, { plan: singleNode({ type: 'analyze' }) });
    expect(failures).toMatchObject([{ attempts: 1 }]);
    expect(events.filter((type) => type === 'node_retry')).toHaveLength(4);
  });
});
