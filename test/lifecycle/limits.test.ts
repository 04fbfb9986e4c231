import { MemoryPersistenceManager, MetaPlanner, type MetaPlannerOptions, type NodeHandler } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { quiet } from '../helpers/execution-driven-run.js';
import { HandClock } from '../helpers/hand-clock.js';

const vibe = { description: 'A film about limits' };

function wide(size: number, id = 'wide') {
  const rootNodes = Array.from({ length: size }, (_, index) => ({
    id: `n${index}`,
    type: 'generate' as const,
    description: '',
  }));
  return { id, sourceVibe: vibe, rootNodes };
}

function plannerWith(clock: HandClock, run: NodeHandler, options: Partial<MetaPlannerOptions> = {}) {
  const { now, setTimer } = clock;
  return new MetaPlanner({
    persistenceManager: new MemoryPersistenceManager(),
    concurrency: 50,
    handlers: { generate: { run, limits: ['provider'] } },
    host: { now, setTimer },
    ...options,
  });
}

/** Moves on until a run has ended. */
async function finish<T>(clock: HandClock, running: Promise<T>, stepMs = 1_000): Promise<T> {
  let isOver = false;
  void running.then(
    () => {
      isOver = true;
    },
    () => {
      isOver = true;
    },
  );
  for (let step = 0; step < 10_000 && !isOver; step++) {
    await quiet();
    if (!isOver) clock.advance(stepMs);
  }
  return running;
}

describe('a limit', () => {
  it('keeps attempts of all runs of a planner below its concurrency', async () => {
    const clock = new HandClock();
    let [active, peak] = [0, 0];
    const run: NodeHandler = async () => {
      peak = Math.max(peak, ++active);
      await quiet();
      active--;
    };
    const planner = plannerWith(clock, run, { limits: { provider: { concurrency: 3 } } });
    const runs = [planner.execute(vibe, { plan: wide(20, 'one') }), planner.execute(vibe, { plan: wide(20, 'two') })];
    const results = await Promise.all(runs);
    expect(results.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(peak).toBe(3);
  });

  it('spreads attempts over time after a first burst', async () => {
    const clock = new HandClock();
    const starts: number[] = [];
    const planner = plannerWith(clock, () => void starts.push(clock.now()), {
      limits: { provider: { perMinute: 60 } },
    });
    const begun = clock.now();
    await finish(clock, planner.execute(vibe, { plan: wide(180) }), 250);
    expect(starts.filter((at) => at === begun)).toHaveLength(60);
    const minutes = [1, 2].map((minute) => starts.filter((at) => at - begun <= minute * 60_000).length);
    expect(minutes).toEqual([120, 180]);
  });

  it('counts tokens that handlers tell of', async () => {
    const clock = new HandClock();
    const starts: number[] = [];
    const run: NodeHandler = async (_, { spend }) => {
      starts.push(clock.now());
      await spend({ amount: 0, tokens: 600 });
    };
    const planner = plannerWith(clock, run, { limits: { provider: { tokensPerMinute: 1_000, concurrency: 1 } } });
    const begun = clock.now();
    const result = await finish(clock, planner.execute(vibe, { plan: wide(4) }), 100);
    expect(result.executionSummary.spend).toEqual({ USD: { amount: 0, tokens: 2_400 } });
    expect(starts.map((at) => Math.round((at - begun) / 1_000))).toEqual([0, 0, 12, 48]);
  });

  it('leaves a provider alone that refused one call, and then asks with a single probe', async () => {
    const clock = new HandClock();
    const calls: number[] = [];
    const begun = clock.now();
    const run: NodeHandler = async () => {
      calls.push(clock.now() - begun);
      await quiet();
      if (clock.now() - begun < 30_000) {
        throw Object.assign(new Error('too many requests'), { status: 429, headers: { 'retry-after': '20' } });
      }
    };
    const planner = plannerWith(clock, run, {
      limits: { provider: { concurrency: 5 } },
      retry: { maxAttempts: 10, delayMs: 1_000 },
    });
    const result = await finish(clock, planner.execute(vibe, { plan: wide(20) }));
    expect(result.status).toBe('completed');
    expect(calls.filter((at) => at === 0)).toHaveLength(5);
    expect(calls.filter((at) => at > 0 && at < 40_000)).toHaveLength(1); // the probe, after 20 s
  });

  it('asks with a single probe also when calls that were begun before the refusal get through after it', async () => {
    const clock = new HandClock();
    const begun = clock.now();
    const calls: number[] = [];
    let settleOthers = () => {};
    const others = new Promise<void>((resolve) => {
      settleOthers = resolve;
    });
    const run: NodeHandler = async ({ id }) => {
      calls.push(clock.now() - begun);
      if (calls.length > 10) return id;
      if (id === 'n0') throw Object.assign(new Error('busy'), { status: 429, headers: { 'retry-after': '20' } });
      await others;
      return id;
    };
    const planner = plannerWith(clock, run, { limits: { provider: { concurrency: 10 } }, retry: { maxAttempts: 3 } });
    const running = planner.execute(vibe, { plan: wide(30) });
    await quiet();
    settleOthers();
    await quiet();
    expect(calls).toEqual(new Array(10).fill(0));
    clock.advance(20_000);
    expect(calls.slice(10)).toEqual([20_000]); // before its answer is there, nobody else begins
    expect((await finish(clock, running)).status).toBe('completed');
    expect(calls).toHaveLength(31);
  });

  it('leaves no timer behind when a run that waits for it is cancelled', async () => {
    const clock = new HandClock();
    const cancelling = new AbortController();
    const planner = plannerWith(clock, () => 'done', { limits: { provider: { perMinute: 1 } } });
    const running = planner.execute(vibe, { plan: wide(3), signal: cancelling.signal });
    await quiet();
    expect(clock.pending).toHaveLength(1);
    cancelling.abort();
    expect((await running).status).toBe('cancelled');
    expect(clock.pending).toEqual([]);
  });

  it('pauses the run when the wait is longer than pauseAfterMs, and the next call goes on', async () => {
    const clock = new HandClock();
    const begun = clock.now();
    let calls = 0;
    const run: NodeHandler = () => {
      calls++;
      if (clock.now() - begun >= 3_600_000) return 'done';
      throw Object.assign(new Error('come back later'), { status: 429, headers: { 'retry-after': '3600' } });
    };
    const planner = plannerWith(clock, run, {
      limits: { provider: { concurrency: 1 } },
      retry: { maxAttempts: 5, delayMs: 0 },
      pauseAfterMs: 60_000,
    });
    const paused = await finish(clock, planner.executeWithResume(vibe, { plan: wide(3) }));
    const resumeAt = new Date(begun + 3_600_000).toISOString();
    expect(paused).toMatchObject({ status: 'paused', pause: { reason: 'rate_limit', limit: 'provider', resumeAt } });
    expect(calls).toBe(1);
    clock.advance(3_600_000);
    const result = await finish(clock, planner.executeWithResume(vibe, { plan: wide(3) }));
    expect(result.status).toBe('completed');
    expect(calls).toBe(4);
  });

  it('keeps the place of a handler that does not stop until it really ends, and not the end of its run', async () => {
    const clock = new HandClock();
    const canceller = new AbortController();
    const ends: Array<() => void> = [];
    let [active, peak] = [0, 0];
    const deaf: NodeHandler = async () => {
      peak = Math.max(peak, ++active);
      await new Promise<void>((resolve) => ends.push(resolve));
      active--;
    };
    const planner = plannerWith(clock, deaf, { graceMs: 100, limits: { provider: { concurrency: 1 } } });
    const first = planner.execute(vibe, { plan: wide(1, 'one'), signal: canceller.signal });
    await quiet();
    canceller.abort();
    await quiet();
    clock.advance(100);
    expect((await first).status).toBe('cancelled');
    const second = planner.execute(vibe, { plan: wide(1, 'two') });
    await quiet();
    expect(ends).toHaveLength(1); // its call is still running: nobody else may call
    ends[0]?.();
    await quiet();
    expect(ends).toHaveLength(2);
    ends[1]?.();
    expect((await second).status).toBe('completed');
    expect(peak).toBe(1);
  });

  it('keeps the place of a handler that goes on after its time limit, until it ends or its grace is over', async () => {
    const clock = new HandClock();
    const begun: string[] = [];
    let end = () => {};
    const deaf: NodeHandler = ({ id }, { attempt }) => {
      begun.push(`${id}/${attempt}`);
      if (attempt === 3) return 'film';
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    };
    const planner = plannerWith(clock, deaf, {
      ...{ timeoutMs: 1_000, graceMs: 5_000, retry: { maxAttempts: 3, delayMs: 100 } },
      limits: { provider: { concurrency: 1 } },
    });
    const running = planner.execute(vibe, { plan: wide(1) });
    const pass = async (ms: number) => {
      clock.advance(ms);
      await quiet();
    };
    await quiet();
    await pass(1_000); // over its limit
    await pass(4_000); // its next attempt has long been due
    expect(begun).toEqual(['n0/1']);
    end();
    await quiet();
    expect(begun).toEqual(['n0/1', 'n0/2']);
    await pass(1_000); // and this one never ends
    await pass(4_999);
    expect(begun).toHaveLength(2);
    await pass(1);
    expect(begun).toHaveLength(3);
    expect((await running).status).toBe('completed');
    end(); // what it had is given back already
    const next = planner.execute(vibe, { plan: wide(2, 'next') });
    await quiet();
    expect(begun).toHaveLength(4);
    end();
    await quiet();
    expect(begun).toHaveLength(5);
    end();
    await next;
  });

  it('keeps that place also after the run has ended, and no timer', async () => {
    const clock = new HandClock();
    const ends: Array<() => void> = [];
    const deaf: NodeHandler = () => new Promise<void>((resolve) => ends.push(resolve));
    const planner = plannerWith(clock, deaf, { timeoutMs: 1_000, limits: { provider: { concurrency: 1 } } });
    const first = planner.execute(vibe, { plan: wide(1, 'one') });
    await quiet();
    clock.advance(1_000);
    expect((await first).failures).toMatchObject([{ error: { code: 'NODE_TIMEOUT' } }]);
    expect(clock.pending).toEqual([]);
    const second = planner.execute(vibe, { plan: wide(1, 'two') });
    await quiet();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await quiet();
    expect(ends).toHaveLength(2);
    ends[1]?.();
    expect((await second).status).toBe('completed');
  });

  it('gives the place of a handler that stops at its time limit back at once', async () => {
    const clock = new HandClock();
    const begun: number[] = [];
    const heeds: NodeHandler = (_, { attempt, signal }) => {
      begun.push(attempt);
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const options = { timeoutMs: 1_000, retry: { maxAttempts: 2 }, limits: { provider: { concurrency: 1 } } };
    const running = plannerWith(clock, heeds, options).execute(vibe, { plan: wide(1) });
    await quiet();
    clock.advance(1_000);
    await quiet();
    clock.advance(0);
    await quiet();
    expect(begun).toEqual([1, 2]);
    clock.advance(1_000);
    expect((await running).status).toBe('failed');
    expect(clock.pending).toEqual([]);
  });

  it('sends another probe where the first was left behind', async () => {
    const clock = new HandClock();
    const canceller = new AbortController();
    const calls: string[] = [];
    const run: NodeHandler = async (_, { plan }) => {
      calls.push(plan.id);
      if (calls.length === 1) throw Object.assign(new Error('slow down'), { status: 429 });
      if (calls.length === 2) await new Promise(() => {}); // the probe never ends
    };
    const planner = plannerWith(clock, run, { graceMs: 100, retry: { maxAttempts: 1 }, limits: { provider: {} } });
    await planner.execute(vibe, { plan: wide(1, 'refused') });
    clock.advance(1_000);
    const probing = planner.execute(vibe, { plan: wide(1, 'probe'), signal: canceller.signal });
    await quiet();
    const waiting = planner.execute(vibe, { plan: wide(1, 'next') });
    await quiet();
    expect(calls).toEqual(['refused', 'probe']);
    canceller.abort();
    await quiet();
    clock.advance(100);
    await probing;
    expect((await waiting).status).toBe('completed');
    expect(calls).toEqual(['refused', 'probe', 'next']);
  });

  it('must be known to whoever names it', async () => {
    const clock = new HandClock();
    expect(() => plannerWith(clock, () => 1)).toThrow(
      'Handler "generate" names the limit "provider", which limits lacks. Known: none.',
    );
    const planner = plannerWith(clock, () => 1, { limits: { provider: {} } });
    const [first, ...rest] = wide(2).rootNodes;
    const plan = { ...wide(2), rootNodes: [{ ...(first as (typeof rest)[number]), limits: ['stranger'] }, ...rest] };
    await expect(planner.execute(vibe, { plan })).rejects.toMatchObject({ code: 'PLAN_INVALID' });
  });
});
