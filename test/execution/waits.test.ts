import { describe, expect, it } from 'vitest';
import type { Mailbox, OpenWait } from '../../src/execution/mailbox.js';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import { DrivenRun, quiet } from '../helpers/execution-driven-run.js';
import { DyingLog, HeldLog, MemoryLog } from '../helpers/execution-logs.js';
import { node } from '../helpers/plan-builders.js';

const start = Date.UTC(2026, 0, 1);

/** A clock that the test steps. */
class Clock {
  nowMs = start;
  private readonly timers = new Set<{ atMs: number; callback: () => void }>();

  readonly now = () => this.nowMs;
  readonly setTimer = (callback: () => void, delayMs: number) => {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  };

  get waiting(): number {
    return this.timers.size;
  }

  async step(ms: number): Promise<void> {
    this.nowMs += ms;
    for (const timer of [...this.timers].filter(({ atMs }) => atMs <= this.nowMs)) {
      this.timers.delete(timer);
      timer.callback();
    }
    await quiet();
  }
}

/** Has an answer for whoever asks, when it is looked at. */
class PromptMailbox implements Mailbox {
  readonly waits = new Set<OpenWait>();
  looks = 0;

  constructor(private readonly answer: (name: string) => unknown) {}

  open(wait: OpenWait): () => void {
    this.waits.add(wait);
    return () => void this.waits.delete(wait);
  }

  async look(): Promise<void> {
    this.looks++;
    for (const wait of this.waits) {
      const payload = this.answer(wait.name);
      if (payload === undefined) continue;
      this.waits.delete(wait);
      await wait.take({ id: `signal-${this.looks}`, payload }).catch(() => {});
    }
  }
}

it('a wait that is awaited later tells its end then, and ends no process before', async () => {
  const unmet: unknown[] = [];
  const onUnmet = (reason: unknown) => unmet.push(reason);
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', onUnmet);
  try {
    const aborting = new AbortController();
    const clock = new Clock();
    let goOn = () => {};
    const called = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const ends: unknown[] = [];
    const handler: NodeHandler = async (_, { waitFor, sleepUntil }) => {
      void sleepUntil(start + 60_000);
      const approval = waitFor('approval');
      await called;
      await approval.catch((reason) => ends.push(reason));
    };
    const mailbox = new PromptMailbox(() => undefined);
    const run = new DrivenRun([node('a')], {
      handlers: { generate: handler },
      mailbox,
      ...clock,
      signal: aborting.signal,
    });
    await quiet();
    aborting.abort('enough');
    await quiet();
    goOn();
    await run.ended;
    await new Promise((resolve) => setImmediate(resolve));
    expect(ends).toEqual(['enough']);
    expect(unmet).toEqual([]);
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
});

describe('a handler that sleeps', () => {
  const sleepy: NodeHandler = async (_, { sleepUntil }) => {
    await sleepUntil(start + 1_000);
    await sleepUntil(new Date(start + 3_000));
    return 'rested';
  };

  it('takes no slot, and the run sits a short sleep out', async () => {
    const clock = new Clock();
    const generate: NodeHandler = (placed, context) => (placed.id === 'a' ? sleepy(placed, context) : placed.id);
    const run = new DrivenRun([node('a'), node('b')], { ...clock, handlers: { generate }, concurrency: 1 });
    await quiet();
    expect(run.result('b')).toMatchObject({ status: 'completed' });
    await clock.step(999);
    expect(run.log.records.filter(({ kind }) => kind === 'sleep_started')).toHaveLength(1);
    await clock.step(1);
    expect(run.log.records.filter(({ kind }) => kind === 'sleep_started')).toHaveLength(2);
    await clock.step(2_000);
    await expect(run.ended).resolves.toBe('completed');
    expect(run.result('a')).toMatchObject({ output: 'rested' });
  });

  it('pauses the run when the sleep is long, and leaves no timer behind', async () => {
    const clock = new Clock();
    const run = new DrivenRun([node('a')], { ...clock, handlers: { generate: sleepy }, pauseAfterMs: 500 });
    await expect(run.ended).resolves.toBe('paused');
    expect(run.state.pauses).toEqual([
      { reason: 'sleep', nodeId: 'a', name: 'sleep 1', resumeAt: '2026-01-01T00:00:01.000Z' },
    ]);
    await quiet();
    expect(clock.waiting).toBe(0);
  });

  it('wakes when it was to wake at first, whatever a later attempt says', async () => {
    const clock = new Clock();
    const generate: NodeHandler = async (_, { sleepUntil }) => {
      await sleepUntil(clock.now() + 1_000);
      return clock.now() - start;
    };
    const first = new DrivenRun([node('a')], { ...clock, handlers: { generate }, pauseAfterMs: 0 });
    await expect(first.ended).resolves.toBe('paused');
    await clock.step(700);
    const { records } = first.log;
    const second = new DrivenRun([node('a')], { ...clock, handlers: { generate }, records });
    await quiet();
    await clock.step(300);
    await expect(second.ended).resolves.toBe('completed');
    expect(second.result('a')).toMatchObject({ output: 1_000 });
    await clock.step(5_000);
    const late = new DrivenRun([node('a')], { ...clock, handlers: { generate }, records });
    await expect(late.ended).resolves.toBe('completed');
  });

  it('spends none of timeoutMs, and the clock of the attempt goes on afterwards', async () => {
    const clock = new Clock();
    const generate: NodeHandler = async (_, { sleepUntil }) => {
      await sleepUntil(start + 1_000);
      return new Promise(() => {});
    };
    const run = new DrivenRun([node('a')], { ...clock, handlers: { generate }, timeoutMs: 100 });
    await quiet();
    await clock.step(1_000);
    await clock.step(99);
    expect(run.result('a')).toBeUndefined();
    await clock.step(1);
    expect(run.result('a')).toMatchObject({ error: { code: 'NODE_TIMEOUT' } });
  });

  it('is told when what it was given is no time, and is woken when the run is cancelled', async () => {
    const generate: NodeHandler = ({ id }, { sleepUntil }) => sleepUntil(id === 'a' ? 'soon' : start + 1_000);
    const controller = new AbortController();
    const options = { ...new Clock(), handlers: { generate }, signal: controller.signal };
    const run = new DrivenRun([node('a'), node('b')], options);
    await quiet();
    expect(run.result('a')).toMatchObject({ error: { message: 'sleepUntil takes a time, got soon.' } });
    controller.abort(new Error('enough'));
    await expect(run.ended).resolves.toBe('cancelled');
  });
});

describe('a handler that waits for a signal', () => {
  const ask: NodeHandler = (_, { waitFor }) => waitFor('approval');

  it('is told once of what came, looks before the run pauses, and tells listeners', async () => {
    const mailbox = new PromptMailbox(() => undefined);
    const run = new DrivenRun([node('a')], { handlers: { generate: ask }, mailbox });
    await expect(run.ended).resolves.toBe('paused');
    expect(mailbox.looks).toBe(2);
    expect(mailbox.waits.size).toBe(0);
    expect(run.story).toContain('node_waiting a');
    expect(run.state.pauses).toEqual([{ reason: 'signal', nodeId: 'a', name: 'approval' }]);
  });

  it('does not go on before the signal is committed', async () => {
    const log = new HeldLog();
    const run = new DrivenRun([node('a')], {
      handlers: { generate: ask },
      mailbox: new PromptMailbox(() => 'yes'),
      log,
    });
    const kinds: string[] = [];
    while (log.waiting.length > 0) {
      kinds.push(...(log.waiting[0]?.records.map(({ kind }) => kind) ?? []));
      expect(run.state.status).toBe('running');
      log.release();
      await quiet();
    }
    expect(kinds).toEqual(['run_started', 'wait_started', 'signal_received', 'node_settled', 'run_ended']);
    await expect(run.ended).resolves.toBe('completed');
  });

  it('tells another process what it asks for when its schema has changed', async () => {
    const schemas = [{ type: 'string' }, { type: 'string' }, { type: 'number' }];
    let records: DrivenRun['log']['records'] = [];
    const started: number[] = [];
    for (const schema of schemas) {
      const generate: NodeHandler = (_, { waitFor }) => waitFor('approval', { schema });
      const mailbox = new PromptMailbox(() => undefined);
      const run = new DrivenRun([node('a')], { handlers: { generate }, mailbox, records });
      await run.ended;
      records = [...records, ...run.log.records];
      started.push(records.filter(({ kind }) => kind === 'wait_started').length);
    }
    expect(started).toEqual([1, 1, 2]);
  });
});

describe('a run of handlers that wait, sleep, step and spawn', () => {
  const generate: NodeHandler = async ({ id }, { step, waitFor, sleepUntil, spawn }) => {
    if (id !== 'a') return id;
    const asked = await Promise.all([waitFor('first'), waitFor('second', { schema: { type: 'string' } })]);
    await sleepUntil(start - 1);
    const words = await step('words', () => asked.join(' and '));
    await spawn([{ id: 'child', type: 'generate', description: words }]);
    return words;
  };
  const run = (log: MemoryLog, records: DrivenRun['log']['records'] = []) =>
    new DrivenRun([node('a'), node('b')], {
      handlers: { generate },
      mailbox: new PromptMailbox((name) => `answer to ${name}`),
      log,
      records,
    });

  for (const isAsync of [false, true]) {
    it(`comes to the same from wherever it was stopped, ${isAsync ? 'with a log that takes its time' : 'at once'}`, async () => {
      const whole = run(new DyingLog(Number.POSITIVE_INFINITY, isAsync));
      await expect(whole.ended).resolves.toBe('completed');
      const outputs = { a: 'answer to first and answer to second', b: 'b', child: 'child' };
      const outputsOf = ({ state }: DrivenRun) =>
        Object.fromEntries([...state.results.values()].map((one) => [one.nodeId, 'output' in one ? one.output : one]));
      expect(outputsOf(whole)).toEqual(outputs);
      expect(whole.log.groups.length).toBeGreaterThan(8);
      for (let deadAt = 1; deadAt <= whole.log.groups.length; deadAt++) {
        const died = run(new DyingLog(deadAt, isAsync));
        await expect(died.ended).rejects.toThrow('power cut');
        const resumed = run(new MemoryLog(), died.log.records);
        await expect(resumed.ended).resolves.toBe('completed');
        expect(outputsOf(resumed)).toEqual(outputs);
        const received = [...died.log.records, ...resumed.log.records].filter(({ kind }) => kind === 'signal_received');
        expect(received).toHaveLength(2);
      }
    });
  }
});
