import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DrivenRun, quiet } from '../helpers/execution-driven-run.js';
import { node, nodeAfter } from '../helpers/plan-builders.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

async function pass(ms: number) {
  vi.advanceTimersByTime(ms);
  await quiet();
}

describe('a handler that does not stop when it is told to', () => {
  it('holds up the end of its run for graceMs, and what it then returns is told', async () => {
    const controller = new AbortController();
    const run = new DrivenRun([node('a'), node('b'), nodeAfter('c', 'b')], {
      signal: controller.signal,
      graceMs: 100,
    });
    await quiet();
    controller.abort();
    await pass(50);
    await run.settle('b', 'paid'); // in time: kept
    await pass(49);
    expect(run.log.records.at(-1)?.kind).toBe('node_settled');
    await pass(1);
    await expect(run.ended).resolves.toBe('cancelled');
    expect(run.leftBehind).toEqual([]);
    await run.settle('a', 'paid too');
    expect(run.leftBehind).toEqual(['a']);
    expect(run.log.records.at(-1)?.kind).toBe('run_ended');
    expect([...run.state.results.keys()]).toEqual(['b']);
  });

  it('leaves its node to whoever resumes, under the same key', async () => {
    const controller = new AbortController();
    const first = new DrivenRun([node('a')], { signal: controller.signal, graceMs: 0 });
    await quiet();
    const { idempotencyKey, step } = first.attempt('a').context;
    controller.abort();
    await pass(0);
    await first.ended;
    await expect(step('late', () => 1)).rejects.toThrow('is over');
    const second = new DrivenRun([node('a')], { records: first.log.records });
    await quiet();
    expect(second.attempt('a').context).toMatchObject({ idempotencyKey, attempt: 1 });
    await second.settle('a');
    await expect(second.ended).resolves.toBe('completed');
  });
});

describe('a run that is drained', () => {
  const reason = new Error('drained');

  it('starts nothing new, lets nodes finish, and pauses', async () => {
    const drain = new AbortController();
    const run = new DrivenRun([node('a'), nodeAfter('b', 'a'), node('c')], { drain: drain.signal, concurrency: 1 });
    await quiet();
    drain.abort(reason);
    await quiet();
    expect(run.attempt('a').context.signal.aborted).toBe(false);
    await run.settle('a');
    await expect(run.ended).resolves.toBe('paused');
    expect(run.started).toEqual(['a']);
    expect(run.state.pauses).toEqual([{ reason: 'drain' }]);

    const next = new DrivenRun([node('a'), nodeAfter('b', 'a'), node('c')], { records: run.log.records });
    await quiet();
    expect(next.running).toEqual(['c', 'b'].toSorted());
    await next.settle('b');
    await next.settle('c');
    await expect(next.ended).resolves.toBe('completed');
  });

  it('does not wait for the next attempt of a node, which another process makes', async () => {
    const drain = new AbortController();
    const retry = { maxAttempts: 3, delayMs: 1_000 };
    const nodes = [node('a'), node('b')];
    const run = new DrivenRun(nodes, { drain: drain.signal, retry });
    await quiet();
    await run.fail('a');
    drain.abort(reason);
    await run.fail('b'); // counted, although nothing follows
    await expect(run.ended).resolves.toBe('paused');
    const next = new DrivenRun(nodes, { retry, records: run.log.records });
    await pass(1_000);
    expect(['a', 'b'].map((id) => next.attempt(id).context.attempt)).toEqual([2, 2]);
    for (const id of ['a', 'b']) await next.settle(id);
    await expect(next.ended).resolves.toBe('completed');
  });

  it('pauses too when what is under way has to be aborted, and is cancelled when its caller aborts it', async () => {
    for (const [why, status] of [
      [reason, 'paused'],
      [new Error('the caller'), 'cancelled'],
    ] as const) {
      const [drain, stop] = [new AbortController(), new AbortController()];
      const run = new DrivenRun([node('a')], { drain: drain.signal, signal: stop.signal });
      await quiet();
      drain.abort(reason);
      stop.abort(why);
      expect(run.attempt('a').context.signal.reason).toBe(why);
      await run.fail('a', why);
      await expect(run.ended).resolves.toBe(status);
      expect(run.result('a')).toBeUndefined();
    }
  });

  it('completes when nothing was left to do', async () => {
    const drain = new AbortController();
    const run = new DrivenRun([node('a')], { drain: drain.signal });
    await quiet();
    drain.abort(reason);
    await run.settle('a');
    await expect(run.ended).resolves.toBe('completed');
  });

  it('starts nothing at all when it begins that late', async () => {
    const run = new DrivenRun([node('a')], { drain: AbortSignal.abort(reason) });
    await expect(run.ended).resolves.toBe('paused');
    expect(run.started).toEqual([]);
  });
});
