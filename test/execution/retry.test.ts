import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FatalError, RetryAfterError, VibeError } from '../../src/errors.js';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import { delayBeforeRetry, retryOf, standardRetry } from '../../src/execution/retry.js';
import { completeHost } from '../../src/host.js';
import { DrivenRun, quiet } from '../helpers/execution-driven-run.js';
import { node } from '../helpers/plan-builders.js';

const now = () => Date.now();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 0, 1) });
});

afterEach(() => {
  vi.useRealTimers();
});

async function pass(ms: number) {
  vi.advanceTimersByTime(ms);
  await quiet();
}

describe('a node whose attempt fails', () => {
  it('is not tried again by default', async () => {
    const run = new DrivenRun([node('a')]);
    await quiet();
    await run.fail('a');
    await expect(run.ended).resolves.toBe('failed');
    expect(run.result('a')).toMatchObject({ status: 'failed', attempts: 1, error: { message: 'a failed' } });
  });

  it('is tried again up to maxAttempts, under the same idempotency key', async () => {
    const run = new DrivenRun([node('a')], { retry: { maxAttempts: 3 } });
    await quiet();
    for (const attempt of [1, 2, 3]) {
      expect(run.attempt('a').context).toMatchObject({ attempt, idempotencyKey: 'key of a' });
      await run.fail('a', new Error(`failure ${attempt}`));
    }
    await expect(run.ended).resolves.toBe('failed');
    expect(run.result('a')).toMatchObject({ attempts: 3, error: { message: 'failure 3' } });
    expect(run.events.at(-1)).toMatchObject({ type: 'node_failed', attempts: 3 });
  });

  it('completes when a later attempt returns, and both are recorded', async () => {
    const run = new DrivenRun([node('a')], { retry: { maxAttempts: 3 } });
    await quiet();
    await run.fail('a');
    await run.settle('a', 'at last');
    await expect(run.ended).resolves.toBe('completed');
    expect(run.story).toEqual(['node_started a', 'node_retry a', 'node_started a', 'node_completed a']);
    expect(run.log.records.map(({ kind }) => kind)).toEqual([
      'run_started',
      'attempt_failed',
      'node_settled',
      'run_ended',
    ]);
    expect(run.result('a')).toMatchObject({ status: 'completed', attempts: 2, output: 'at last' });
  });

  it('waits delayMs, tells when it goes on, and counts time from the last attempt', async () => {
    const run = new DrivenRun([node('a')], { retry: { maxAttempts: 2, delayMs: 1_000 }, now });
    await quiet();
    await pass(500);
    await run.fail('a', Object.assign(new Error('slow down'), { code: 'RATE_LIMIT', stack: 'secret' }));
    expect(run.events.at(-1)).toEqual({
      type: 'node_retry',
      nodeId: 'a',
      attempt: 1,
      error: { name: 'Error', message: 'slow down', code: 'RATE_LIMIT' },
      delayMs: 1_000,
      nextAttemptAt: '2026-01-01T00:00:01.500Z',
    });
    await pass(999);
    expect(run.running).toEqual([]);
    await pass(1);
    expect(run.events.at(-1)).toEqual({ type: 'node_started', nodeId: 'a', attempt: 2 });
    await pass(20);
    await run.settle('a');
    expect(run.result('a')).toMatchObject({
      startedAt: '2026-01-01T00:00:01.500Z',
      completedAt: '2026-01-01T00:00:01.520Z',
      durationMs: 20,
    });
    await expect(run.ended).resolves.toBe('completed');
  });

  it('gives its slot to another node while it waits', async () => {
    const run = new DrivenRun([node('a'), node('b')], { concurrency: 1, retry: { maxAttempts: 2, delayMs: 1_000 } });
    await quiet();
    await run.fail('a');
    expect(run.running).toEqual(['b']);
    await pass(1_000);
    expect(run.running).toEqual(['b']);
    await run.settle('b');
    expect(run.running).toEqual(['a']);
    await run.settle('a');
    await expect(run.ended).resolves.toBe('completed');
    expect(run.peak).toBe(1);
  });

  it('is not tried again when its output cannot be stored, which was paid for', async () => {
    const run = new DrivenRun([node('a')], { retry: { maxAttempts: 5 } });
    await quiet();
    await run.settle('a', { items: [1, 2, 3, { when: new Date(0) }] });
    await expect(run.ended).resolves.toBe('failed');
    expect(run.started).toEqual(['a']);
    const error = { name: 'OutputNotSerializableError', code: 'OUTPUT_NOT_SERIALIZABLE' };
    expect(run.result('a')).toMatchObject({ status: 'failed', attempts: 1, error });
    expect(run.events.at(-1)).toMatchObject({ error: { message: expect.stringContaining('output.items[3].when') } });
  });

  it('stays pending, and the run ends with what was thrown, when shouldRetry throws', async () => {
    const mistake = new TypeError('no such field');
    const shouldRetry = () => {
      throw mistake;
    };
    const run = new DrivenRun([node('a')], { retry: { maxAttempts: 2, shouldRetry } });
    await quiet();
    await run.fail('a');
    await expect(run.ended).rejects.toBe(mistake);
    expect(run.result('a')).toBeUndefined();
  });

  it('stays pending when the run is aborted while it waits', async () => {
    const controller = new AbortController();
    const retry = { maxAttempts: 2, delayMs: 1_000 };
    const run = new DrivenRun([node('a')], { retry, signal: controller.signal });
    await quiet();
    await run.fail('a');
    expect(vi.getTimerCount()).toBe(1);
    controller.abort();
    await expect(run.ended).resolves.toBe('cancelled');
    expect(run.result('a')).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is not waited for when a listener aborts the run as it hears of the wait', async () => {
    const controller = new AbortController();
    const run = new DrivenRun([node('a')], {
      retry: { maxAttempts: 2, delayMs: 1_000 },
      signal: controller.signal,
      onEvent: ({ type }) => type === 'node_retry' && controller.abort(),
    });
    await quiet();
    await run.fail('a');
    await expect(run.ended).resolves.toBe('cancelled');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('starts counting at 1 again when the run is resumed', async () => {
    const first = new DrivenRun([node('a')], { retry: { maxAttempts: 2 } });
    await quiet();
    await first.fail('a');
    await first.fail('a');
    await first.ended;
    const second = new DrivenRun([node('a')], { retry: { maxAttempts: 2 }, records: first.log.records });
    await quiet();
    expect(second.attempt('a').context.attempt).toBe(1);
    await second.fail('a');
    await second.settle('a');
    await expect(second.ended).resolves.toBe('completed');
  });
});

describe('a node whose attempts are counted', () => {
  const retry = { maxAttempts: 3, delayMs: 60_000 };

  it('has no more of them after a crash, wherever the crash was', async () => {
    const whole = new DrivenRun([node('a')], { retry: { maxAttempts: 3 } });
    await quiet();
    for (let left = 3; left > 0; left--) await whole.fail('a');
    const { records } = whole.log;
    for (let kept = 1; kept <= records.length - 2; kept++) {
      const resumed = new DrivenRun([node('a')], { retry: { maxAttempts: 3 }, records: records.slice(0, kept) });
      await quiet();
      expect(resumed.attempt('a').context.attempt).toBe(kept);
      for (let left = 4 - kept; left > 0; left--) await resumed.fail('a');
      await expect(resumed.ended).resolves.toBe('failed');
      expect(resumed.result('a')).toMatchObject({ attempts: 3 });
    }
  });

  it('waits only for what is left of its delay in another process', async () => {
    const first = new DrivenRun([node('a')], { retry, now });
    await quiet();
    await first.fail('a');
    await pass(45_000);
    const second = new DrivenRun([node('a')], { retry, now, records: [...first.log.records] });
    await pass(14_999);
    expect(second.started).toEqual([]);
    await pass(1);
    expect(second.attempt('a').context.attempt).toBe(2);
  });
});

describe('the most specific retry', () => {
  it('counts, field by field: of the node, of its handler, of the planner', async () => {
    const attempts: string[] = [];
    const run: NodeHandler = ({ id }) => {
      attempts.push(id);
      throw new Error('no');
    };
    const nodes = [
      node('of-planner', { type: 'analyze' }),
      node('of-type'),
      node('of-tool', { parameters: { tool: 'voice' } }),
      node('of-node', { parameters: { tool: 'voice' }, retry: { maxAttempts: 5 } }),
    ];
    const handlers = {
      analyze: run,
      generate: { run, retry: { maxAttempts: 3 } },
      tools: { voice: { run, retry: { maxAttempts: 4, delayMs: 20 } } },
    };
    const driven = new DrivenRun(nodes, { handlers, retry: { maxAttempts: 2, delayMs: 10 } });
    for (let left = 10; left > 0; left--) await pass(20);
    await expect(driven.ended).resolves.toBe('failed');
    const timesOf = (id: string) => attempts.filter((attempt) => attempt === id).length;
    expect(nodes.map(({ id }) => timesOf(id))).toEqual([2, 3, 4, 5]);
    const delays = driven.events.flatMap((event) =>
      event.type === 'node_retry' ? [[event.nodeId, event.delayMs]] : [],
    );
    expect(new Set(delays.map(String))).toEqual(new Set(['of-planner,10', 'of-type,10', 'of-tool,20', 'of-node,20']));
  });

  it('takes everything from the word standard', () => {
    expect(retryOf({ maxAttempts: 9, delayMs: 3 }, 'standard', { maxAttempts: 2 })).toEqual({
      maxAttempts: 2,
      delayMs: 1_000,
      backoff: 'exponential',
      maxDelayMs: 60_000,
      shouldRetry: expect.any(Function),
    });
  });
});

describe('the wait before the next attempt', () => {
  const at = (random: number) => ({ now, random: () => random });
  const error = new Error('no');

  it('doubles and is random, up to maxDelayMs', () => {
    const retry = { maxAttempts: 99, backoff: 'exponential', delayMs: 100, maxDelayMs: 1_000 } as const;
    const delays = (random: number) =>
      [1, 2, 3, 4, 5, 60].map((attempt) => delayBeforeRetry(retry, attempt, error, at(random)));
    expect(delays(0.999999)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(delays(0.5)).toEqual([50, 100, 200, 400, 500, 500]);
    expect(delays(0)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('is always the same without backoff', () => {
    const retry = { maxAttempts: 99, delayMs: 100 };
    expect([1, 2, 9].map((attempt) => delayBeforeRetry(retry, attempt, error, at(0.5)))).toEqual([100, 100, 100]);
  });

  it('is as long as the provider asks, also beyond maxDelayMs', () => {
    const busy = Object.assign(new Error('busy'), { status: 429, headers: new Headers({ 'retry-after': '120' }) });
    expect(delayBeforeRetry(standardRetry, 1, busy, at(0.5))).toBe(120_000);
    expect(delayBeforeRetry({ maxAttempts: 2, delayMs: 300_000 }, 1, busy, at(0.5))).toBe(300_000);
    const forever = Object.assign(new Error('busy'), { status: 429, headers: { 'retry-after': '9'.repeat(30) } });
    expect(new Date(now() + (delayBeforeRetry(standardRetry, 1, forever, at(0)) ?? Number.NaN)).toISOString()).toBe(
      '2027-01-02T00:00:00.000Z',
    );
  });

  it('is as long as a handler asks, and there is none after a fatal error', () => {
    const shouldRetry = () => false;
    const retry = { maxAttempts: 2, delayMs: 5, shouldRetry };
    expect(delayBeforeRetry(retry, 1, new RetryAfterError('later', 90), at(0))).toBe(90);
    expect(delayBeforeRetry(retry, 1, new RetryAfterError('later', new Date(now() + 70)), at(0))).toBe(70);
    expect(delayBeforeRetry(retry, 1, new RetryAfterError('later', new Date(0)), at(0))).toBe(0);
    expect(delayBeforeRetry(retry, 2, new RetryAfterError('later', 90), at(0))).toBeUndefined();
    expect(delayBeforeRetry({ maxAttempts: 9 }, 1, new FatalError('never'), at(0))).toBeUndefined();
    expect(() => new RetryAfterError('later', Number.NaN)).toThrow(TypeError);
    expect(() => new RetryAfterError('later', new Date('no date'))).toThrow('milliseconds from 0 on or a Date');
  });

  it('is asked of shouldRetry with the error and the attempt', () => {
    const asked: unknown[] = [];
    const shouldRetry = (...question: unknown[]) => asked.push(question) < 2;
    const retry = { maxAttempts: 9, shouldRetry };
    expect(delayBeforeRetry(retry, 1, error, at(0))).toBe(0);
    expect(delayBeforeRetry(retry, 2, error, at(0))).toBeUndefined();
    expect(asked).toEqual([
      [error, 1],
      [error, 2],
    ]);
  });
});

describe('delayBeforeRetry', () => {
  const policy = { maxAttempts: 2, delayMs: 5 };

  it('answers the delay while attempts are left', () => {
    expect(delayBeforeRetry(policy, 1, new Error('no'), completeHost())).toBe(5);
    expect(delayBeforeRetry(policy, 2, new Error('no'), completeHost())).toBeUndefined();
    expect(delayBeforeRetry(policy, 1, new VibeError('NODE_TIMEOUT', 'slow'), completeHost())).toBe(5);
    expect(delayBeforeRetry(policy, 1, new VibeError('OUTPUT_NOT_SERIALIZABLE', 'no'), completeHost())).toBeUndefined();
  });
});
