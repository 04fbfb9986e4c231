import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VibeError } from '../../src/errors.js';
import { delayBeforeRetry } from '../../src/execution/retry.js';
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

describe('delayBeforeRetry', () => {
  const policy = { maxAttempts: 2, delayMs: 5 };

  it('answers the delay while attempts are left', () => {
    expect(delayBeforeRetry(policy, 1, new Error('no'))).toBe(5);
    expect(delayBeforeRetry(policy, 2, new Error('no'))).toBeUndefined();
    expect(delayBeforeRetry(policy, 1, new VibeError('NODE_TIMEOUT', 'slow'))).toBe(5);
    expect(delayBeforeRetry(policy, 1, new VibeError('OUTPUT_NOT_SERIALIZABLE', 'no'))).toBeUndefined();
  });
});
