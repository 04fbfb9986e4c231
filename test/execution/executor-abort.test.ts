import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { contentOf, DrivenRun, quiet, replay, servedBy } from '../helpers/execution-driven-run.js';
import { DyingLog, HeldLog } from '../helpers/execution-logs.js';
import { node, nodeAfter } from '../helpers/plan-builders.js';

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason));
  });
}

describe('executeRun with a signal', () => {
  it('asks what is under way to stop, with the reason, and leaves those nodes pending', async () => {
    const controller = new AbortController();
    const reasons: unknown[] = [];
    const run = new DrivenRun([node('a'), node('b'), node('c')], {
      concurrency: 2,
      signal: controller.signal,
      handlers: servedBy((_, { signal }) =>
        untilAborted(signal).catch((reason) => Promise.reject(reasons.push(reason))),
      ),
    });
    await quiet();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(run.ended).resolves.toBe('cancelled');
    expect(reasons).toEqual([reason, reason]);
    expect(run.story).toEqual(['node_started a', 'node_started b']);
    expect(run.state.results.size).toBe(0);
    expect(run.log.records.map(({ kind }) => kind)).toEqual(['run_started', 'run_ended']);
    expect(run.state).toMatchObject({ status: 'cancelled', failed: 0 });
  });

  it('keeps a value that a handler still returns, and starts nothing that depends on it', async () => {
    const controller = new AbortController();
    const run = new DrivenRun([node('a'), node('b'), nodeAfter('c', 'a')], { signal: controller.signal });
    await quiet();
    controller.abort();
    await quiet();
    await run.settle('a', 'paid');
    await run.fail('b');
    await expect(run.ended).resolves.toBe('cancelled');
    expect([...run.state.results.values()]).toMatchObject([{ nodeId: 'a', status: 'completed', output: 'paid' }]);
    expect(run.story.at(-1)).toBe('node_completed a');
    expect(run.started).toEqual(['a', 'b']);
  });

  it('runs nothing when it is aborted already', async () => {
    const run = new DrivenRun([node('a')], { signal: AbortSignal.abort() });
    await expect(run.ended).resolves.toBe('cancelled');
    expect(run.started).toEqual([]);
  });

  it('runs nothing when it aborts before the start is kept', async () => {
    const controller = new AbortController();
    const log = new HeldLog();
    const run = new DrivenRun([node('a')], { signal: controller.signal, log });
    controller.abort();
    log.release();
    await quiet();
    log.release();
    await expect(run.ended).resolves.toBe('cancelled');
    expect(run.started).toEqual([]);
  });

  it('keeps what failed before, and what that skipped', async () => {
    const controller = new AbortController();
    const run = new DrivenRun([node('a'), nodeAfter('b', 'a'), node('c')], { signal: controller.signal });
    await quiet();
    await run.fail('a');
    controller.abort();
    await run.fail('c');
    await expect(run.ended).resolves.toBe('cancelled');
    expect([...run.state.results.values()].map(({ nodeId, status }) => [nodeId, status])).toEqual([
      ['a', 'failed'],
      ['b', 'skipped'],
    ]);
  });

  it('ends as completed when it aborts after the last handler returned', async () => {
    const controller = new AbortController();
    const log = new HeldLog();
    const run = new DrivenRun([node('a')], { signal: controller.signal, log });
    log.release();
    await quiet();
    await run.settle('a');
    controller.abort();
    log.release();
    await quiet();
    log.release();
    await expect(run.ended).resolves.toBe('completed');
  });

  it('goes on from there when it is resumed', async () => {
    const controller = new AbortController();
    const nodes = [node('a'), node('b'), nodeAfter('c', 'a', 'b')];
    const first = new DrivenRun(nodes, { signal: controller.signal });
    await quiet();
    await first.settle('a', 'paid');
    controller.abort();
    await first.fail('b');
    await first.ended;
    const second = new DrivenRun(nodes, { records: first.log.records });
    await quiet();
    expect(second.running).toEqual(['b']);
    await second.settle('b', 'paid too');
    expect(second.attempt('c').context.inputs).toEqual({ a: 'paid', b: 'paid too' });
    await second.settle('c');
    await expect(second.ended).resolves.toBe('completed');
  });

  it('asks a handler to stop that aborts the run before it waits for anything', async () => {
    const controller = new AbortController();
    const seen: AbortSignal[] = [];
    const run = new DrivenRun([node('a'), node('b')], {
      signal: controller.signal,
      handlers: servedBy((_, { signal }) => {
        seen.push(signal);
        controller.abort();
        return 'paid';
      }),
    });
    await expect(run.ended).resolves.toBe('cancelled');
    expect(seen.map(({ aborted }) => aborted)).toEqual([true]);
    expect([...run.state.results.keys()]).toEqual(['a']);
  });

  it('starts no handler when a listener aborts the run as a node is about to start', async () => {
    const controller = new AbortController();
    const calls: string[] = [];
    const run = new DrivenRun([node('a'), node('b')], {
      signal: controller.signal,
      onEvent: () => controller.abort(),
      handlers: servedBy(({ id }) => {
        calls.push(id);
      }),
    });
    await expect(run.ended).resolves.toBe('cancelled');
    expect(calls).toEqual([]);
  });

  it.each([
    ['node_completed a', 'cancelled', ['a']],
    ['node_completed c', 'completed', ['a', 'b', 'c']],
    ['node_failed b', 'failed', ['a', 'b', 'c']],
    ['node_skipped c', 'failed', ['a', 'b', 'c']],
  ])('applies whole what is recorded when a listener aborts the run at "%s"', async (moment, status, settled) => {
    const controller = new AbortController();
    const nodes = [node('a'), nodeAfter('b', 'a'), nodeAfter('c', 'b')];
    const run = new DrivenRun(nodes, {
      signal: controller.signal,
      onEvent: (event) => 'nodeId' in event && `${event.type} ${event.nodeId}` === moment && controller.abort(),
      handlers: servedBy(({ id }) => {
        if (id === 'b' && status === 'failed') throw new Error('no');
      }),
    });
    await expect(run.ended).resolves.toBe(status);
    expect([...run.state.results.keys()]).toEqual(settled);
    expect(contentOf(run.state)).toEqual(contentOf(replay(nodes, run.log.records)));
  });

  it('never makes a node fail that has attempts left, whenever the abort comes', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const controller = new AbortController();
      const options = { signal: controller.signal, retry: { maxAttempts: 2 }, timeoutMs: 2 ** 30 };
      const run = new DrivenRun([node('a')], options);
      await quiet();
      run.attempt('a').reject(new Error('no'));
      for (let turn = 0; turn < turns; turn++) await undefined;
      controller.abort();
      await quiet();
      if (run.held.has('a')) await run.fail('a');
      expect([turns, await run.ended, run.result('a')]).toEqual([turns, 'cancelled', undefined]);
    }
  });

  it('leaves no listener on the signal, however the run ends', async () => {
    const { signal } = new AbortController();
    const run = new DrivenRun([node('a')], { signal });
    await quiet();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await run.settle('a');
    await run.ended;
    const dying = new DrivenRun([node('a')], { signal, log: new DyingLog(2, true) });
    await quiet();
    await dying.settle('a');
    await expect(dying.ended).rejects.toThrow('power cut');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
