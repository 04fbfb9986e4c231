import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NodeTimeoutError } from '../../src/errors.js';
import { DrivenRun, quiet } from '../helpers/execution-driven-run.js';
import { node, nodeAfter } from '../helpers/plan-builders.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.useRealTimers();
});

async function pass(ms: number) {
  vi.advanceTimersByTime(ms);
  await quiet();
}

describe('an attempt that takes longer than timeoutMs', () => {
  it('fails with NODE_TIMEOUT, and its signal is aborted with that error', async () => {
    const run = new DrivenRun([node('a')], { timeoutMs: 100 });
    await quiet();
    const { signal } = run.attempt('a').context;
    await pass(99);
    expect(signal.aborted).toBe(false);
    await pass(1);
    expect(signal.reason).toBeInstanceOf(NodeTimeoutError);
    expect(signal.reason).toMatchObject({ code: 'NODE_TIMEOUT', nodeId: 'a', timeoutMs: 100 });
    await expect(run.ended).resolves.toBe('failed');
    const error = { name: 'NodeTimeoutError', code: 'NODE_TIMEOUT', message: signal.reason.message };
    expect(run.result('a')).toMatchObject({ status: 'failed', error });
  });

  it('shows an aborted signal to a handler that asks for it only then', async () => {
    const run = new DrivenRun([node('a')], { timeoutMs: 100 });
    await quiet();
    const { context } = run.attempt('a');
    await pass(100);
    expect(context.signal).toMatchObject({ aborted: true, reason: { code: 'NODE_TIMEOUT' } });
  });

  it('has its late value dropped and reported', async () => {
    const run = new DrivenRun([node('a'), node('b')], { timeoutMs: 100 });
    await quiet();
    await run.settle('b');
    await pass(100);
    expect(run.lateEnds).toEqual([]);
    await run.settle('a', 'too late');
    expect(run.lateEnds).toEqual(['a']);
    expect(run.result('a')).toMatchObject({ status: 'failed' });
    expect(run.log.records.filter(({ kind }) => kind === 'node_settled')).toHaveLength(2);
  });

  it('has its late failure reported and nothing more', async () => {
    const run = new DrivenRun([node('a')], { timeoutMs: 100 });
    await quiet();
    await pass(100);
    await run.fail('a', new Error('too late'));
    expect(run.lateEnds).toEqual(['a']);
    expect(run.result('a')).toMatchObject({ error: { code: 'NODE_TIMEOUT' } });
  });

  it('gives its slot to another node and is tried again', async () => {
    const retry = { maxAttempts: 2 };
    const run = new DrivenRun([node('a'), node('b')], { timeoutMs: 100, concurrency: 1, retry });
    await quiet();
    const { signal } = run.attempt('a').context;
    await pass(100);
    expect(run.started).toEqual(['a', 'b']);
    await run.settle('b');
    expect(run.attempt('a').context.attempt).toBe(2);
    expect(run.attempt('a').context.signal).not.toBe(signal);
    await run.settle('a', 'in time');
    await expect(run.ended).resolves.toBe('completed');
    expect(run.result('a')).toMatchObject({ output: 'in time', attempts: 2 });
  });

  it('is waited for when the run was aborted before: it stays pending, or what it returns is kept', async () => {
    for (const isKept of [false, true]) {
      const controller = new AbortController();
      const run = new DrivenRun([node('a'), nodeAfter('b', 'a')], { timeoutMs: 100, signal: controller.signal });
      await quiet();
      controller.abort();
      await pass(100);
      if (isKept) await run.settle('a');
      else await run.fail('a');
      await expect(run.ended).resolves.toBe('cancelled');
      expect(run.result('a')?.status).toBe(isKept ? 'completed' : undefined);
    }
  });
});

describe('an attempt that ends in time', () => {
  it('leaves no timer, and no time limit to the next node', async () => {
    const run = new DrivenRun([node('a'), nodeAfter('b', 'a')], { timeoutMs: 100 });
    await quiet();
    await pass(60);
    await run.settle('a');
    await pass(60);
    expect(run.attempt('b').context.signal.aborted).toBe(false);
    await run.fail('b');
    expect(vi.getTimerCount()).toBe(0);
    expect(run.result('b')).toMatchObject({ error: { message: 'b failed' } });
    expect(run.lateEnds).toEqual([]);
  });
});
