import { describe, expect, it } from 'vitest';
import { DrivenRun, quiet } from '../helpers/execution-driven-run.js';
import { DyingLog, HeldLog, MemoryLog } from '../helpers/execution-logs.js';
import { node, nodeAfter } from '../helpers/plan-builders.js';

const chain = [node('a'), nodeAfter('b', 'a')];

async function startHeld(...args: ConstructorParameters<typeof DrivenRun>) {
  const log = new HeldLog();
  const run = new DrivenRun(args[0], { ...args[1], log });
  const step = async () => {
    log.release();
    await quiet();
  };
  return { run, log, step };
}

describe('executeRun with a log that takes its time', () => {
  it('starts nothing before the start of the run is kept', async () => {
    const { run, step } = await startHeld(chain);
    await quiet();
    expect(run.events).toEqual([]);
    await step();
    expect(run.story).toEqual(['node_started a']);
  });

  it('announces a completed node, and starts what depends on it, once the record is kept', async () => {
    const { run, step } = await startHeld(chain);
    await step();
    await run.settle('a', 'done');
    expect(run.story).toEqual(['node_started a']);
    expect(run.result('a')).toBeUndefined();
    await step();
    expect(run.story).toEqual(['node_started a', 'node_completed a', 'node_started b']);
    expect(run.attempt('b').context.inputs).toEqual({ a: 'done' });
  });

  it('skips what depends on a failed node once the failure is kept', async () => {
    const { run, log, step } = await startHeld(chain);
    await step();
    await run.fail('a');
    expect(log.waiting.map(({ records }) => records)).toMatchObject([[{ kind: 'node_settled' }]]);
    await step();
    expect(run.story).toEqual(['node_started a', 'node_failed a']);
    await step();
    expect(run.story.at(-1)).toBe('node_skipped b');
  });

  it('frees a slot when the handler returns', async () => {
    const { run, step } = await startHeld([node('a'), node('b'), node('c')], { concurrency: 1 });
    await step();
    await run.settle('a');
    expect(run.running).toEqual(['b']);
    await run.settle('b');
    expect(run.running).toEqual(['c']);
    expect(run.state.results.size).toBe(0);
  });

  it('starts nothing more while as many records wait as may', async () => {
    const nodes = ['a', 'b', 'c', 'd'].map((id) => node(id));
    const { run, step } = await startHeld(nodes, { concurrency: 2, maxUncommitted: 2 });
    await step();
    await run.settle('a');
    expect(run.running).toEqual(['b', 'c']);
    await run.settle('b');
    expect(run.running).toEqual(['c']);
    await step();
    expect(run.running).toEqual(['c', 'd']);
  });

  it('lets appends overlap and reacts in their order', async () => {
    const { run, log, step } = await startHeld([node('a'), node('b')]);
    await step();
    await run.settle('b');
    await run.settle('a');
    expect(log.waiting).toHaveLength(2);
    await step();
    await step();
    expect(run.story.slice(2)).toEqual(['node_completed b', 'node_completed a']);
  });

  it('ends when the end is kept', async () => {
    const { run, log, step } = await startHeld([node('a')]);
    await step();
    await run.settle('a');
    await step();
    expect(log.waiting.map(({ records }) => records)).toMatchObject([[{ kind: 'run_ended', status: 'completed' }]]);
    expect(run.state.status).toBe('running');
    await step();
    await expect(run.ended).resolves.toBe('completed');
    expect(run.state.status).toBe('completed');
  });
});

describe('executeRun with a log that fails', () => {
  it('rejects once what is under way has settled, and hands out its results', async () => {
    const { run, log, step } = await startHeld([node('a'), node('b'), node('c'), nodeAfter('d', 'a')]);
    let isOver = false;
    run.ended.catch(() => {
      isOver = true;
    });
    await step();
    await run.settle('a', 'paid');
    log.fail(new Error('disk full'));
    await quiet();
    expect(isOver).toBe(false);
    expect(run.attempt('b').context.signal.aborted).toBe(false);
    await run.settle('b', 'paid too');
    expect(isOver).toBe(false);
    await run.fail('c');
    await expect(run.ended).rejects.toThrow('disk full');
    expect(run.result('a')).toMatchObject({ status: 'completed', output: 'paid' });
    expect(run.result('b')).toMatchObject({ status: 'completed', output: 'paid too' });
    expect(run.result('c')).toMatchObject({ status: 'failed' });
    expect(log.records).toMatchObject([{ kind: 'run_started' }]);
    expect(run.story).toEqual(['node_started a', 'node_started b', 'node_started c']);
  });

  it('starts nothing after the failure', async () => {
    const { run, log, step } = await startHeld([node('a'), node('b'), node('c')], { concurrency: 1 });
    await step();
    await run.settle('a');
    log.fail(new Error('disk full'));
    await run.settle('b');
    await expect(run.ended).rejects.toThrow('disk full');
    expect(run.started).toEqual(['a', 'b']);
  });

  it.each([false, true])(
    'rejects with what the log threw (async: %s) when a result cannot be kept',
    async (isAsync) => {
      const run = new DrivenRun(chain, { log: new DyingLog(2, isAsync) });
      await quiet();
      await run.settle('a', 'paid');
      await expect(run.ended).rejects.toThrow('power cut');
      expect(run.result('a')).toMatchObject({ output: 'paid' });
      expect(run.started).toEqual(['a']);
    },
  );

  it.each([false, true])('runs nothing when the start cannot be kept (async: %s)', async (isAsync) => {
    const run = new DrivenRun(chain, { log: new DyingLog(1, isAsync) });
    await expect(run.ended).rejects.toThrow('power cut');
    expect(run.started).toEqual([]);
  });

  it.each([false, true])('rejects when the end cannot be kept (async: %s)', async (isAsync) => {
    const run = new DrivenRun([node('a')], { log: new DyingLog(3, isAsync) });
    await quiet();
    await run.settle('a');
    await expect(run.ended).rejects.toThrow('power cut');
  });

  it('starts nothing when the log says that it has failed since the last append', async () => {
    class AilingLog extends MemoryLog {
      isAiling = false;
      check() {
        if (this.isAiling) throw new Error('disk full');
      }
    }
    const log = new AilingLog();
    const run = new DrivenRun([...chain, node('c')], { log });
    await quiet();
    log.isAiling = true;
    await run.settle('a', 'paid');
    expect(run.running).toEqual(['c']);
    await run.settle('c', 'paid too');
    await expect(run.ended).rejects.toThrow('disk full');
    expect(run.started).toEqual(['a', 'c']);
    expect(run.result('c')).toMatchObject({ output: 'paid too' });
  });

  it('does not wait for attempts that are to come', async () => {
    const { run, log, step } = await startHeld([node('a'), node('b')], { retry: { maxAttempts: 2, delayMs: 2 ** 30 } });
    await step();
    await run.fail('a');
    await run.settle('b');
    log.fail(new Error('disk full'));
    await expect(run.ended).rejects.toThrow('disk full');
    expect(run.result('a')).toBeUndefined();
  });
});
