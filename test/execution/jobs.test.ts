import { describe, expect, it } from 'vitest';
import type { Job, JobStatus } from '../../src/execution/context/job.js';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import type { RunRecord } from '../../src/run/run-record.js';
import { DrivenRun, quiet, type RunOptions } from '../helpers/execution-driven-run.js';
import { DyingLog, HeldLog, MemoryLog } from '../helpers/execution-logs.js';
import { HandClock } from '../helpers/hand-clock.js';
import { type Clip, JobProvider } from '../helpers/job-provider.js';
import { node, nodeAfter } from '../helpers/plan-builders.js';

type ClipJob = Job<{ id: string }, Clip>;

function runOf(provider: JobProvider, job: Partial<ClipJob> = {}, options: RunOptions = {}): DrivenRun {
  const generate: NodeHandler = (_, ctx) => ctx.job(provider.job(job));
  return new DrivenRun([node('a')], { handlers: { generate }, ...options });
}

/** Another process goes on with what the log has kept. */
function resumed(earlier: DrivenRun, provider: JobProvider, job: Partial<ClipJob> = {}, options: RunOptions = {}) {
  return runOf(provider, job, { ...options, records: earlier.log.records });
}

function kindsIn(run: DrivenRun): string[] {
  return run.log.records.map(({ kind }) => kind);
}

const dropped = () => {
  throw new Error('socket hang up');
};
const pending: JobStatus = { status: 'pending' };

describe('a paid job', () => {
  it('is intended, submitted, polled and collected, and each is recorded', async () => {
    const provider = new JobProvider();
    const run = runOf(provider);
    await expect(run.ended).resolves.toBe('completed');
    expect(run.result('a')).toMatchObject({ output: { clip: 'job-1.mp4' } });
    expect(provider.calls).toEqual(['start key of a:clip', 'poll job-1', 'collect job-1']);
    expect(kindsIn(run).slice(1, -1)).toEqual(['job_intended', 'job_started', 'step_completed', 'node_settled']);
  });

  it('is submitted only when its intent is on disk, and polled only when its handle is', async () => {
    const [provider, log] = [new JobProvider(), new HeldLog()];
    runOf(provider, {}, { log });
    log.release(); // the start of the run
    await quiet();
    expect(log.waiting.map(({ records }) => records[0]?.kind)).toEqual(['job_intended']);
    expect(provider.story).toEqual([]);
    log.release();
    await quiet();
    expect(provider.story).toEqual(['start']);
    log.release();
    await quiet();
    expect(provider.story).toEqual(['start', 'poll', 'collect']);
  });

  it('is bought once and collected once, at whichever record the run stops', async () => {
    for (const find of [true, false]) {
      for (let deadAt = 1; deadAt <= 6; deadAt++) {
        const provider = new JobProvider();
        provider.answers = [pending];
        const job: Partial<ClipJob> = { pollEveryMs: 0, ...(find && { find: provider.find }) };
        const died = runOf(provider, job, { log: new DyingLog(deadAt, true) });
        await expect(died.ended).rejects.toThrow('power cut');
        const run = resumed(died, provider, job);
        const isInDoubt = !find && died.log.records.at(-1)?.kind === 'job_intended';
        expect(await run.ended, `died at ${deadAt}`).toBe(isInDoubt ? 'paused' : 'completed');
        expect(provider.bought.size).toBe(1);
        expect(provider.story.filter((call) => call === 'start').length).toBe(1);
        const hadResult = died.log.records.some(({ kind }) => kind === 'step_completed');
        if (hadResult) expect(provider.story.filter((call) => call === 'collect').length).toBe(1);
      }
    }
  });

  it('goes on in the next attempt where the one before failed', async () => {
    const provider = new JobProvider();
    let polls = 0;
    const poll: ClipJob['poll'] = () => {
      if (++polls === 1) throw new Error('502');
      return { status: 'done' };
    };
    let collections = 0;
    const collect: ClipJob['collect'] = () => {
      if (++collections === 1) throw new Error('connection reset');
      return { clip: 'a.mp4' };
    };
    const run = runOf(provider, { poll, collect }, { retry: { maxAttempts: 3 } });
    await expect(run.ended).resolves.toBe('completed');
    expect(run.result('a')).toMatchObject({ attempts: 3, output: { clip: 'a.mp4' } });
    expect(provider.bought.size).toBe(1);
  });

  it('that the provider gave up is submitted anew under a new key by the next attempt', async () => {
    const provider = new JobProvider();
    const failed: JobStatus = { status: 'failed', error: new Error('no GPU') };
    provider.answers = [failed, failed];
    const run = runOf(provider, {}, { retry: { maxAttempts: 3 } });
    await expect(run.ended).resolves.toBe('completed');
    expect([...provider.bought.keys()]).toEqual(['key of a:clip', 'key of a:clip:2', 'key of a:clip:3']);
  });

  it('fails its node when poll answers what is no answer, and is not taken for done', async () => {
    for (const answer of [undefined, {}, 'done', { status: 'ready' }, { status: 'pending', fraction: 40 }]) {
      const provider = new JobProvider();
      const run = runOf(provider, { poll: () => answer as JobStatus });
      await expect(run.ended).resolves.toBe('failed');
      expect(run.result('a')).toMatchObject({ error: { name: 'TypeError' } });
      expect(provider.story).toEqual(['start']);
    }
  });

  it('that is incomplete buys nothing', async () => {
    const provider = new JobProvider();
    for (const job of [{ poll: undefined }, { find: 'yes' }, { pollEveryMs: Number.NaN }, { name: '' }]) {
      const run = runOf(provider, job as unknown as Partial<ClipJob>);
      await expect(run.ended).resolves.toBe('failed');
      expect(run.result('a')).toMatchObject({ error: { name: 'TypeError' } });
    }
    expect(provider.calls).toEqual([]);
  });
});

describe('a submission in doubt', () => {
  it('is found by its key at once, when the provider had taken it', async () => {
    const provider = new JobProvider();
    provider.afterTaken = dropped;
    const run = runOf(provider, { find: provider.find });
    await expect(run.ended).resolves.toBe('completed');
    expect(provider.story).toEqual(['start', 'find', 'poll', 'collect']);
  });

  it('that the provider does not know of fails the attempt, and the next one asks before it submits', async () => {
    const provider = new JobProvider();
    let isDropped = false;
    provider.beforeTaken = () => {
      if (!isDropped) {
        isDropped = true;
        dropped();
      }
    };
    const run = runOf(provider, { find: provider.find }, { retry: { maxAttempts: 2 } });
    await expect(run.ended).resolves.toBe('completed');
    expect(provider.story).toEqual(['start', 'find', 'find', 'start', 'poll', 'collect']);
    expect([...provider.bought.keys()]).toEqual(['key of a:clip']);
  });

  it('without find pauses the run, when nothing else can be done, and says what happened', async () => {
    const provider = new JobProvider();
    provider.afterTaken = dropped;
    const generate: NodeHandler = ({ id }, ctx) => (id === 'a' ? ctx.job(provider.job()) : id);
    const run = new DrivenRun([node('a'), node('b'), nodeAfter('c', 'b')], { handlers: { generate }, concurrency: 1 });
    await expect(run.ended).resolves.toBe('paused');
    const idempotencyKey = 'key of a:clip';
    const pause = { reason: 'ambiguous_job', nodeId: 'a', name: 'clip', idempotencyKey };
    expect(run.state.pauses).toEqual([{ ...pause, message: 'socket hang up' }]);
    expect(run.state.completed.toArray()).toEqual(['b', 'c']);
    const nodes = [node('a'), node('b'), nodeAfter('c', 'b')];
    const again = new DrivenRun(nodes, { handlers: { generate }, records: run.log.records });
    await expect(again.ended).resolves.toBe('paused');
    expect(again.state.pauses).toEqual([pause]);
    expect(provider.story).toEqual(['start']);
  });

  const inDoubt = async () => {
    const provider = new JobProvider();
    provider.afterTaken = dropped;
    const run = runOf(provider);
    await run.ended;
    provider.afterTaken = () => {};
    return { run, provider };
  };
  const of = { nodeId: 'a', name: 'clip', at: '2026-01-01T00:00:00.000Z' };

  it('is polled when it is adopted', async () => {
    const { run, provider } = await inDoubt();
    const decided = [{ kind: 'job_started', ...of, handle: { id: 'job-1' } }] as const;
    const next = resumed(run, provider, {}, { decided });
    await expect(next.ended).resolves.toBe('completed');
    expect(provider.story).toEqual(['start', 'poll', 'collect']);
    expect(kindsIn(next).slice(0, 2)).toEqual(['run_started', 'job_started']);
  });

  it('is submitted again under the same key', async () => {
    const { run, provider } = await inDoubt();
    const next = resumed(run, provider, {}, { decided: [{ kind: 'job_withdrawn', ...of }] });
    await expect(next.ended).resolves.toBe('completed');
    expect(provider.calls.filter((call) => call.startsWith('start'))).toEqual([
      'start key of a:clip',
      'start key of a:clip',
    ]);
  });

  it('is left alone when its result is given', async () => {
    const { run, provider } = await inDoubt();
    const decided = [{ kind: 'step_completed', ...of, output: { clip: 'by hand' } }] as const;
    const next = resumed(run, provider, {}, { decided });
    await expect(next.ended).resolves.toBe('completed');
    expect(next.result('a')).toMatchObject({ output: { clip: 'by hand' } });
    expect(provider.story).toEqual(['start']);
  });

  it('is none when the provider refused it', async () => {
    const refusals = [{ status: 400 }, { statusCode: 429 }, { response: { status: 402 } }];
    for (const fields of refusals) {
      const provider = new JobProvider();
      provider.beforeTaken = () => {
        provider.beforeTaken = () => {};
        throw Object.assign(new Error('refused'), fields);
      };
      const run = runOf(provider, {}, { retry: { maxAttempts: 2 } });
      await expect(run.ended).resolves.toBe('completed');
      expect([...provider.bought.keys()]).toEqual(['key of a:clip']);
      expect(kindsIn(run)).toContain('job_withdrawn');
    }
    for (const fields of [{ status: 408 }, { status: 409 }, { statusCode: 502 }, { status: '400' }]) {
      const provider = new JobProvider();
      provider.beforeTaken = () => {
        throw Object.assign(new Error('who knows'), fields);
      };
      await expect(runOf(provider, {}, { retry: { maxAttempts: 2 } }).ended).resolves.toBe('paused');
    }
  });

  it('is left when the handle cannot be recorded', async () => {
    const provider = new JobProvider();
    const start = () => ({ id: 'x', at: new Date() });
    const run = runOf(provider, { start });
    await expect(run.ended).resolves.toBe('failed');
    expect(run.result('a')).toMatchObject({ error: { code: 'OUTPUT_NOT_SERIALIZABLE' } });
    expect(await resumed(run, provider).ended).toBe('paused');
  });
});

describe('between polls', () => {
  it('a short wait keeps the slot, and is as long as the provider says or as the job does', async () => {
    const [clock, provider] = [new HandClock(), new JobProvider()];
    provider.answers = [pending, { status: 'pending', waitMs: 700, fraction: 0.5 }];
    const generate: NodeHandler = ({ id }, ctx) => (id === 'a' ? ctx.job(provider.job({ pollEveryMs: 300 })) : id);
    const { now, setTimer } = clock;
    const run = new DrivenRun([node('a'), node('b')], { handlers: { generate }, concurrency: 1, now, setTimer });
    await quiet();
    expect(clock.pending).toEqual([300]);
    expect(run.story).not.toContain('node_started b');
    clock.advance(300);
    await quiet();
    expect(clock.pending).toEqual([700]);
    expect(run.events).toContainEqual({ type: 'node_progress', nodeId: 'a', fraction: 0.5 });
    clock.advance(700);
    await expect(run.ended).resolves.toBe('completed');
    expect(clock.pending).toEqual([]);
  });

  it('a long wait pauses the run until then, and the next process polls', async () => {
    const [clock, provider] = [new HandClock(), new JobProvider()];
    provider.answers = [{ status: 'pending', waitMs: 3_600_000 }];
    const options = { now: clock.now, setTimer: clock.setTimer, pauseAfterMs: 60_000 };
    const run = runOf(provider, {}, options);
    await expect(run.ended).resolves.toBe('paused');
    expect(run.state.pauses).toEqual([
      { reason: 'sleep', nodeId: 'a', name: 'clip', resumeAt: '2026-01-01T01:00:00.000Z' },
    ]);
    expect(clock.pending).toEqual([]);
    await expect(resumed(run, provider, {}, options).ended).resolves.toBe('completed');
    expect(provider.story).toEqual(['start', 'poll', 'poll', 'collect']);
  });

  it('a long wait is over when its time has come, while other nodes are at work', async () => {
    const [clock, provider] = [new HandClock(), new JobProvider()];
    provider.answers = [{ status: 'pending', waitMs: 3_600_000 }];
    let finish = () => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const generate: NodeHandler = ({ id }, ctx) => (id === 'a' ? ctx.job(provider.job()) : slow);
    const { now, setTimer } = clock;
    const run = new DrivenRun([node('a'), node('b')], {
      handlers: { generate },
      concurrency: 1,
      pauseAfterMs: 60_000,
      now,
      setTimer,
    });
    await quiet();
    clock.advance(3_600_000);
    await quiet();
    expect(run.result('a')).toMatchObject({ status: 'completed' });
    finish();
    await expect(run.ended).resolves.toBe('completed');
  });

  it('a run whose log fails does not wait for the provider', async () => {
    for (const waitMs of [1_000, 3_600_000]) {
      const [clock, provider, log] = [new HandClock(), new JobProvider(), new HeldLog()];
      provider.answers = [{ status: 'pending', waitMs }];
      let finish = () => {};
      const slow = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const generate: NodeHandler = ({ id }, ctx) => (id === 'a' ? ctx.job(provider.job()) : slow);
      const options = { now: clock.now, setTimer: clock.setTimer, pauseAfterMs: 60_000 };
      const run = new DrivenRun([node('a'), node('b')], { handlers: { generate }, log, ...options });
      for (let records = 3; records > 0; records--) {
        log.release(); // the start of the run, the intent, the handle
        await quiet();
      }
      expect(clock.pending).toEqual([waitMs]);
      finish();
      await quiet();
      log.fail(new Error('disk full'));
      await expect(run.ended).rejects.toThrow('disk full');
      expect(clock.pending).toEqual([]);
      expect(provider.story).toEqual(['start', 'poll']);
    }
  });
});

describe('a job of a call that is cancelled', () => {
  const waiting = async (job: Partial<ClipJob>, waitMs: number, reason?: unknown) => {
    const [clock, provider, aborting] = [new HandClock(), new JobProvider(), new AbortController()];
    provider.answers = [{ status: 'pending', waitMs }];
    const { now, setTimer } = clock;
    const options = { now, setTimer, pauseAfterMs: 60_000 };
    let release = () => {};
    const other = new Promise<void>((resolve) => {
      release = resolve;
    });
    const generate: NodeHandler = ({ id }, ctx) => (id === 'a' ? ctx.job(provider.job(job)) : other);
    const run = new DrivenRun([node('a'), node('b')], { handlers: { generate }, ...options, signal: aborting.signal });
    await quiet();
    aborting.abort(reason);
    release();
    expect(await run.ended).toBe('cancelled');
    expect(clock.pending).toEqual([]);
    return { run, provider };
  };
  const resume = async (run: DrivenRun, provider: JobProvider) => {
    const generate: NodeHandler = ({ id }, ctx) => (id === 'a' ? ctx.job(provider.job()) : id);
    const next = new DrivenRun([node('a'), node('b')], { handlers: { generate }, records: run.log.records });
    expect(await next.ended).toBe('completed');
  };

  it('goes on at the provider, and is taken up again by the next', async () => {
    for (const waitMs of [1_000, 3_600_000]) {
      const { run, provider } = await waiting({}, waitMs);
      await resume(run, provider);
      expect(provider.story).toEqual(['start', 'poll', 'poll', 'collect']);
    }
  });

  it('is given up where the provider can do that, and the next submits a new one under a new key', async () => {
    for (const waitMs of [1_000, 3_600_000]) {
      const given: unknown[] = [];
      const { run, provider } = await waiting({ cancel: async (handle) => void given.push(handle) }, waitMs);
      expect(given).toEqual([{ id: 'job-1' }]);
      expect(run.log.records.slice(-2).map(({ kind }) => kind)).toContain('run_ended');
      expect(kindsIn(run)).toContain('job_withdrawn');
      await resume(run, provider);
      expect([...provider.bought.keys()]).toEqual(['key of a:clip', 'key of a:clip:2']);
    }
  });

  it('is still ours when the provider does not give it up', async () => {
    const cancel = () => Promise.reject(new Error('too late'));
    const { run, provider } = await waiting({ cancel }, 1_000);
    expect(kindsIn(run)).not.toContain('job_withdrawn');
    await resume(run, provider);
    expect(provider.bought.size).toBe(1);
  });

  it('is not submitted when that happens while its intent is recorded', async () => {
    const [provider, log, aborting] = [new JobProvider(), new HeldLog(), new AbortController()];
    const run = runOf(provider, {}, { log, signal: aborting.signal });
    log.release();
    await quiet();
    aborting.abort();
    while (log.waiting.length > 0) {
      log.release();
      await quiet();
    }
    expect(await run.ended).toBe('cancelled');
    expect(provider.calls).toEqual([]);
    expect(kindsIn(run)).toContain('job_withdrawn');
  });
});

describe('a job with a timeout over its attempt', () => {
  it('is polled by the next attempt', async () => {
    const provider = new JobProvider();
    provider.answers = [{ status: 'pending', waitMs: 60_000 }];
    const cancel = () => provider.calls.push('cancel');
    const run = runOf(provider, { cancel }, { timeoutMs: 20, retry: { maxAttempts: 2 } });
    await expect(run.ended).resolves.toBe('completed');
    expect(provider.story).toEqual(['start', 'poll', 'poll', 'collect']);
  });
});

describe('several jobs of a node', () => {
  it('have keys and records of their own', async () => {
    const provider = new JobProvider();
    const names = ['voice', 'clip-0', 'clip-1'];
    const generate: NodeHandler = (_, ctx) => Promise.all(names.map((name) => ctx.job(provider.job({ name }))));
    const log = new MemoryLog();
    const run = new DrivenRun([node('a')], { handlers: { generate }, log });
    await expect(run.ended).resolves.toBe('completed');
    expect(provider.bought.size).toBe(3);
    const jobRecords = log.records.filter((record: RunRecord) => record.kind === 'job_started');
    expect(jobRecords.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  });
});
