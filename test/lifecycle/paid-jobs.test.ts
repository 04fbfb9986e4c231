import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ExecutionResult,
  type JobDecision,
  MemoryPersistenceManager,
  MetaPlanner,
  type NodeHandler,
  type Redact,
} from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { JobProvider } from '../helpers/job-provider.js';
import { filmPlan, tides } from '../helpers/scripted-run.js';
import { fileStore } from '../helpers/stores.js';

/** A film whose script is a paid job, in one process after the other. */
async function filmOf(provider: JobProvider) {
  const store = await fileStore();
  const handler: NodeHandler = ({ id }, ctx) => (id === 'script' ? ctx.job(provider.job()) : id);
  const make = () => new MetaPlanner({ persistenceManager: store, handlers: { default: handler } });
  const run = (jobs?: Record<string, Record<string, JobDecision>>) =>
    make().executeWithResume(tides, { plan: filmPlan(), jobs });
  return { make, run };
}

/** The connection was lost, and with it whether the job was taken. */
async function filmInDoubt() {
  const provider = new JobProvider();
  provider.afterTaken = () => {
    throw new Error('socket hang up');
  };
  const film = await filmOf(provider);
  const paused = await film.run();
  provider.afterTaken = () => {};
  return { ...film, provider, paused };
}

function outputOf({ outputs }: ExecutionResult): unknown {
  return outputs.script;
}

describe('a run with a paid job in doubt', () => {
  it('is paused and says so, in this process and in the next', async () => {
    const { run, paused, provider } = await filmInDoubt();
    const idempotencyKey = `${paused.runId}:script:clip`;
    expect(paused).toMatchObject({
      status: 'paused',
      pause: { reason: 'ambiguous_job', nodeId: 'script', name: 'clip', idempotencyKey },
    });
    expect([...provider.bought.keys()]).toEqual([idempotencyKey]);
    expect((await run()).pause).toMatchObject({ reason: 'ambiguous_job', idempotencyKey });
    expect(provider.story).toEqual(['start']);
  });

  it('goes on with the job that is adopted', async () => {
    const { run, provider } = await filmInDoubt();
    const result = await run({ script: { clip: { adopt: { id: 'job-1' } } } });
    expect(result.status).toBe('completed');
    expect(outputOf(result)).toEqual({ clip: 'job-1.mp4' });
    expect(provider.story).toEqual(['start', 'poll', 'collect']);
  });

  it('submits again under the same key when it is told to', async () => {
    const { run, paused, provider } = await filmInDoubt();
    expect((await run({ script: { clip: 'submit again' } })).status).toBe('completed');
    const key = `${paused.runId}:script:clip`;
    expect(provider.calls).toEqual([`start ${key}`, `start ${key}`, 'poll job-2', 'collect job-2']);
  });

  it('takes the result that it is given', async () => {
    const { run, provider } = await filmInDoubt();
    const result = await run({ script: { clip: { skip: { clip: 'drawn by hand' } } } });
    expect(outputOf(result)).toEqual({ clip: 'drawn by hand' });
    expect(provider.story).toEqual(['start']);
  });

  it('keeps the key when it goes on from a checkpoint as another run', async () => {
    const { make, paused, provider } = await filmInDoubt();
    const checkpointId = paused.persistenceInfo.lastCheckpointId;
    const jobs = { script: { clip: 'submit again' as const } };
    const result = await make().executeWithResume(tides, { checkpointId, jobs });
    expect(result.status).toBe('completed');
    expect(result.runId).not.toBe(paused.runId);
    expect([...provider.bought.keys()]).toEqual([`${paused.runId}:script:clip`]);
  });

  it('refuses a decision about what is not in doubt, before anything is run, and nothing is lost', async () => {
    const { run, provider } = await filmInDoubt();
    const again = 'submit again' as const;
    for (const [jobs, reason] of [
      [{ nobody: { clip: again } }, 'the plan has no such node'],
      [{ script: { clop: again } }, 'no such job was begun; in doubt here: "clip"'],
      [{ script: { clip: { adopt: 1 }, clop: again } }, 'no such job was begun; in doubt here: "clip"'],
    ] as const) {
      await expect(run(jobs)).rejects.toMatchObject({ code: 'JOB_DECISION_REFUSED', reason });
    }
    expect((await run()).pause).toMatchObject({ reason: 'ambiguous_job' });
    provider.answers = [{ status: 'pending', waitMs: 3_600_000 }];
    expect((await run({ script: { clip: again } })).pause).toMatchObject({ reason: 'sleep' });
    const decided = run({ script: { clip: again } });
    await expect(decided).rejects.toMatchObject({ reason: 'it was submitted, and the next attempt polls it' });
    expect((await run()).status).toBe('completed');
    await expect(run({ script: { clip: again } })).rejects.toMatchObject({ reason: 'the node is complete' });
    expect(provider.story.filter((call) => call === 'start')).toHaveLength(2);
  });

  it('refuses decisions for a run that is new', async () => {
    const { make } = await filmOf(new JobProvider());
    const jobs = { script: { clip: 'submit again' as const } };
    await expect(make().executeWithResume(tides, { plan: filmPlan(), jobs })).rejects.toMatchObject({
      code: 'JOB_DECISION_REFUSED',
      reason: 'there is no run to go on with',
    });
    await expect(make().executePlan(filmPlan(), { jobs })).rejects.toThrow(TypeError);
    await expect(make().executeWithResume(tides, { fresh: true, jobs })).rejects.toThrow(TypeError);
  });

  it('refuses a decision that is none', async () => {
    const { make } = await filmOf(new JobProvider());
    for (const decision of ['submit', { adopt: undefined }, { adopt: 1, skip: 2 }, {}, null]) {
      const jobs = { script: { clip: decision } } as never;
      await expect(make().executeWithResume(tides, { jobs })).rejects.toThrow(
        `Option "jobs.script.clip" of executeWithResume must be { adopt: handle }, 'submit again' or { skip: result }`,
      );
    }
    const { run } = await filmInDoubt();
    await expect(run({ script: { clip: { adopt: new Date() } } })).rejects.toThrow('a Date is not JSON');
  });
});

describe('a planner that closes', () => {
  it('leaves its paid jobs with the provider, and the next one takes them up', async () => {
    const provider = new JobProvider();
    provider.answers = [{ status: 'pending' }];
    const store = new MemoryPersistenceManager();
    const cancel = () => void provider.calls.push('cancel job-1');
    const handler: NodeHandler = ({ id }, ctx) => (id === 'script' ? ctx.job(provider.job({ cancel })) : id);
    let polled = () => {};
    const waiting = new Promise<void>((resolve) => {
      polled = resolve;
    });
    const setTimer = () => {
      polled();
      return () => {};
    };
    const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: handler }, host: { setTimer } });
    const running = planner.executeWithResume(tides, { plan: filmPlan() });
    await waiting;
    await planner.close();
    expect((await running).status).toBe('cancelled');
    const next = new MetaPlanner({ persistenceManager: store, handlers: { default: handler } });
    expect((await next.executeWithResume(tides, { plan: filmPlan() })).status).toBe('completed');
    expect(provider.story).toEqual(['start', 'poll', 'poll', 'collect']);
  });
});

describe('a paid job behind a damage in the journal', () => {
  it('is polled and not bought again once the plan is repaired', async () => {
    const provider = new JobProvider();
    provider.answers = [{ status: 'pending', waitMs: 3_600_000 }];
    const store = await fileStore();
    const generate: NodeHandler = ({ id }, ctx) => (id === 'shots' ? ctx.job(provider.job()) : id);
    const make = () => new MetaPlanner({ persistenceManager: store, handlers: { generate } });
    expect((await make().executeWithResume(tides, { plan: filmPlan() })).pause).toMatchObject({ reason: 'sleep' });
    for (const path of await readdir(store.checkpointDir, { recursive: true })) {
      const file = join(store.checkpointDir, path);
      if (path.endsWith('.json')) await rm(file);
      if (!path.includes('.journal-')) continue;
      const lines = (await readFile(file, 'utf8')).split('\n');
      const damaged = lines.findIndex((line) => line.includes('node_settled'));
      expect(lines.findIndex((line) => line.includes('job_intended'))).toBeGreaterThan(damaged);
      lines[damaged] = lines[damaged]?.replace('settled', 'sett1ed') as string;
      await writeFile(file, lines.join('\n'));
    }
    await expect(make().executeWithResume(tides, { planId: 'film' })).rejects.toMatchObject({
      code: 'CHECKPOINT_CORRUPT',
    });
    await make().repairCheckpoints({ planId: 'film' });
    expect((await make().executeWithResume(tides, { planId: 'film' })).status).toBe('completed');
    expect(provider.story).toEqual(['start', 'poll', 'poll', 'collect']);
  });
});

describe('a planner with a redact hook', () => {
  it('records the result of a job as the hook leaves it, and its handle as it is', async () => {
    const provider = new JobProvider();
    provider.answers = [{ status: 'pending', waitMs: 3_600_000 }];
    const store = await fileStore();
    const redact: Redact = (value) => JSON.parse(JSON.stringify(value).replaceAll('job-1', '[job]'));
    const seen: unknown[] = [];
    const handler: NodeHandler = async ({ id }, ctx) => {
      if (id !== 'script') return id;
      seen.push(await ctx.job(provider.job()));
      return seen.at(-1);
    };
    const make = () => new MetaPlanner({ persistenceManager: store, handlers: { default: handler }, redact });
    expect((await make().executeWithResume(tides, { plan: filmPlan() })).status).toBe('paused');
    expect((await make().executeWithResume(tides, { planId: 'film' })).status).toBe('completed');
    expect(provider.calls.slice(1)).toEqual(['poll job-1', 'poll job-1', 'collect job-1']);
    expect(seen).toEqual([{ clip: '[job].mp4' }]);
  });

  it('is asked about a result that is given by hand, and about the error in a pause', async () => {
    const provider = new JobProvider();
    provider.afterTaken = () => {
      throw new Error('lost with sk-1');
    };
    const store = new MemoryPersistenceManager();
    const redact: Redact = (value) => JSON.parse(JSON.stringify(value).replaceAll('sk-1', '[key]'));
    const handler: NodeHandler = ({ id }, ctx) => (id === 'script' ? ctx.job(provider.job()) : id);
    const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: handler }, redact });
    const paused = await planner.executeWithResume(tides, { plan: filmPlan() });
    expect(paused.pause).toMatchObject({ message: 'lost with [key]' });
    const jobs = { script: { clip: { skip: 'made with sk-1' } } };
    expect(outputOf(await planner.executeWithResume(tides, { planId: 'film', jobs }))).toBe('made with [key]');
  });
});
