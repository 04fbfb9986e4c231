import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import { DrivenRun, quiet } from '../helpers/execution-driven-run.js';
import { node } from '../helpers/plan-builders.js';

const now = () => Date.now();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 0, 1) });
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

async function pass(ms: number) {
  vi.advanceTimersByTime(ms);
  await quiet();
}

describe('the time of a handler of its own', () => {
  it('counts in place of the time of the planner', async () => {
    const run = new DrivenRun([node('a'), node('b', { type: 'analyze' })], {
      handlers: { generate: { run: () => new Promise(() => {}), timeoutMs: 50 }, analyze: () => new Promise(() => {}) },
      timeoutMs: 100,
      now,
    });
    await quiet();
    await pass(50);
    expect(run.story).toEqual(['node_started a', 'node_started b', 'node_failed a']);
    await pass(50);
    await expect(run.ended).resolves.toBe('failed');
    expect(run.result('a')).toMatchObject({ error: { message: expect.stringContaining('50 ms') } });
    expect(run.result('b')).toMatchObject({ error: { message: expect.stringContaining('100 ms') } });
  });

  it('counts for all attempts on its nodes, also when one has just failed', async () => {
    const fails = () => new Promise((_, reject) => setTimeout(() => reject(new Error('down')), 60));
    const own = { nodeTimeoutMs: 100, retry: { maxAttempts: 9, delayMs: 0 } };
    const run = new DrivenRun([node('a'), node('b', { type: 'analyze' })], {
      handlers: { generate: { run: fails, ...own }, analyze: { run: fails, ...own, nodeTimeoutMs: 50 } },
      nodeTimeoutMs: 1_000,
      now,
    });
    await quiet();
    await pass(50);
    expect(run.story.at(-1)).toBe('node_failed b');
    await pass(10);
    await pass(0);
    await pass(40);
    await expect(run.ended).resolves.toBe('failed');
    expect(run.result('a')).toMatchObject({ attempts: 2, error: { code: 'NODE_TIMEOUT' } });
    await pass(1_000); // what was left behind ends
  });

  it('counts from one report to the next', async () => {
    const silent: NodeHandler = (_, { report }) => {
      report(0.1);
      return new Promise(() => {});
    };
    const run = new DrivenRun([node('a')], {
      handlers: { generate: { run: silent, heartbeatTimeoutMs: 20 } },
      heartbeatTimeoutMs: 1_000,
      now,
    });
    await quiet();
    await pass(20);
    await expect(run.ended).resolves.toBe('failed');
    expect(run.result('a')).toMatchObject({ error: { message: expect.stringContaining('20 ms') } });
  });
});

describe('the time of all attempts on a node', () => {
  const options = { nodeTimeoutMs: 100, retry: { maxAttempts: 9, delayMs: 1_000 }, now };

  it('is what they work, without the waits between them, and ends its attempts', async () => {
    const run = new DrivenRun([node('a')], options);
    await quiet();
    await pass(60);
    await run.fail('a');
    await pass(1_000);
    await pass(39);
    const { signal } = run.attempt('a').context;
    expect(signal.aborted).toBe(false);
    await pass(1);
    await expect(run.ended).resolves.toBe('failed');
    expect(signal.reason).toMatchObject({ code: 'NODE_TIMEOUT', limit: 'nodeTimeoutMs', timeoutMs: 100 });
    expect(run.result('a')).toMatchObject({ attempts: 2, error: { message: expect.stringContaining('all its') } });
    await run.settle('a');
    expect(run.lateEnds).toEqual(['a']);
  });

  it('is not begun anew in another process', async () => {
    const first = new DrivenRun([node('a')], options);
    await quiet();
    await pass(60);
    await first.fail('a');
    const { records } = first.log;
    await pass(1_000);
    await first.settle('a');

    const second = new DrivenRun([node('a')], { ...options, records });
    await quiet();
    await pass(40);
    await expect(second.ended).resolves.toBe('failed');
    expect(second.result('a')).toMatchObject({ attempts: 2, error: { code: 'NODE_TIMEOUT' } });
  });

  it('is begun anew once the node has failed', async () => {
    const first = new DrivenRun([node('a')], { ...options, retry: { maxAttempts: 2 } });
    await quiet();
    await pass(60);
    await first.fail('a');
    await first.fail('a');
    const second = new DrivenRun([node('a')], { ...options, records: first.log.records });
    await quiet();
    await pass(99);
    await second.settle('a');
    await expect(second.ended).resolves.toBe('completed');
  });
});

describe('a handler that reports', () => {
  it('tells listeners how far it is', async () => {
    const generate: NodeHandler = (_, { report }) => {
      report(0.25, 'frame 1');
      report(7);
      report(Number.NaN);
    };
    const run = new DrivenRun([node('a')], { handlers: { generate } });
    await expect(run.ended).resolves.toBe('completed');
    expect(run.events.filter(({ type }) => type === 'node_progress')).toEqual([
      { type: 'node_progress', nodeId: 'a', fraction: 0.25, message: 'frame 1' },
      { type: 'node_progress', nodeId: 'a', fraction: 1 },
      { type: 'node_progress', nodeId: 'a', fraction: 0 },
    ]);
    expect(run.log.records).toHaveLength(3);
  });

  it('has to go on reporting, from the first time on', async () => {
    const run = new DrivenRun([node('a'), node('silent')], { heartbeatTimeoutMs: 100, now });
    await quiet();
    await pass(1_000);
    const { report, signal } = run.attempt('a').context;
    for (const fraction of [0.1, 0.2, 0.3]) {
      report(fraction);
      await pass(99);
    }
    expect(run.running).toEqual(['a', 'silent']);
    await pass(1);
    expect(signal.reason).toMatchObject({ code: 'NODE_TIMEOUT', limit: 'heartbeatTimeoutMs' });
    expect(run.result('a')).toMatchObject({
      error: { message: expect.stringContaining('reported nothing for 100 ms') },
    });
    report(0.4); // nobody listens any more
    await run.settle('silent');
    await expect(run.ended).resolves.toBe('failed');
    expect(run.events.filter(({ type }) => type === 'node_progress')).toHaveLength(3);
  });
});
