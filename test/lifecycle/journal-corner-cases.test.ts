import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Checkpoint,
  type CheckpointCorruptError,
  type ExecutionState,
  MemoryPersistenceManager,
  type PersistenceError,
  type PersistenceManager,
  type PlanLease,
  type WorkflowPersistenceManager,
} from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { MapStore } from '../../examples/custom-store.js';
import {
  chainPlan,
  journalPaths,
  payer,
  plannerFor,
  positionIds,
  rewriteJournal,
  rotLine,
} from '../helpers/journal-files.js';
import { tides } from '../helpers/scripted-run.js';
import { fileStore } from '../helpers/stores.js';

const large = 400_000; // so large that most checkpoints are positions

async function newestOf(store: WorkflowPersistenceManager): Promise<Checkpoint> {
  const [newest] = await store.listCheckpoints();
  return (await store.loadCheckpoint(newest?.checkpointId as string)) as Checkpoint;
}

describe('deleting checkpoints', () => {
  it('never costs progress, whatever the plan is called: the run is still found by its vibe', async () => {
    for (const mode of ['resume', 'new'] as const) {
      const store = await fileStore();
      const bill = payer(10, 'n3');
      const make = () => plannerFor(store, bill, { checkpointInterval: 2, decomposer: () => chainPlan(5) });
      if (mode === 'resume') await make().executeWithResume(tides, { planId: 'mine' });
      else await make().execute(tides);
      for (const { checkpointId } of await make().listCheckpoints()) {
        expect(await make().deleteCheckpoint(checkpointId)).toBe(true);
      }
      expect(await make().listCheckpoints()).toEqual([]);
      bill.failAt = undefined;
      bill.calls.length = 0;
      await make().executeWithResume(tides);
      expect(bill.calls).toEqual(['n3', 'n4']);
    }
  });

  /** A journal damaged at the result of n6, in a run that failed at n7 and whose last checkpoint has all. */
  async function damagedRun() {
    const store = await fileStore();
    const bill = payer(large, 'n7');
    const make = () => plannerFor(store, bill, { checkpointInterval: 1 });
    const failed = await make().executeWithResume(tides, { plan: chainPlan(9), planId: 'p' });
    const positions = await positionIds(store, 'p');
    const [path] = (await journalPaths(store, 'p')) as [string];
    await rotLine(path, (line) => line.includes('"node_id":"n6"'));
    bill.failAt = undefined;
    bill.calls.length = 0;
    return { store, bill, make, positions, failed, path };
  }

  it('that lie in a damaged journal is refused, so that the damage is not made to look intact', async () => {
    const { store, bill, make, positions, failed } = await damagedRun();
    const refused = { code: 'CHECKPOINT_CORRUPT', checkpointId: expect.stringMatching(/^cp-live-/) };
    await expect(make().deleteCheckpoint(positions.at(-1) as string)).rejects.toMatchObject(refused);
    await store.deleteCheckpoint(failed.persistenceInfo.lastCheckpointId as string);
    await expect(make().deleteCheckpoint(positions[0] as string)).rejects.toMatchObject(refused);
    await expect(make().executeWithResume(tides, { planId: 'p' })).rejects.toMatchObject(refused);
    expect(bill.calls).toEqual([]);
  });

  it('works as the guide shows with the id in the error, and the run goes on from what is left', async () => {
    const { store, bill, make, failed } = await damagedRun();
    await store.deleteCheckpoint(failed.persistenceInfo.lastCheckpointId as string);
    const error = (await make()
      .executeWithResume(tides, { planId: 'p' })
      .catch((e) => e)) as CheckpointCorruptError;
    expect(await make().deleteCheckpoint(error.checkpointId as string)).toBe(true);
    await make().executeWithResume(tides, { planId: 'p' });
    expect(bill.calls).toEqual(['n6', 'n7', 'n8']);
    expect((await readdir(join(store.checkpointDir, 'p'))).some((name) => name.startsWith('.damaged-'))).toBe(true);
  });

  it('of an earlier run does not touch a latest journal that is damaged', async () => {
    const store = await fileStore();
    const bill = payer(large, 'n7');
    const make = () => plannerFor(store, bill, { checkpointInterval: 1 });
    const call = { plan: chainPlan(9), planId: 'p' };
    await make().executeWithResume(tides, call);
    const [position] = await positionIds(store, 'p');
    bill.failAt = 'n8';
    const fresh = await plannerFor(store, bill).executeWithResume(tides, { ...call, fresh: true });
    for (const { checkpointId, runId } of await store.listCheckpoints()) {
      if (runId === fresh.runId) await store.deleteCheckpoint(checkpointId);
    }
    await rotLine((await journalPaths(store, 'p')).at(-1) as string, (_, index) => index === 0);
    bill.calls.length = 0;
    for (const attempt of [1, 2]) {
      const resumed = make().executeWithResume(tides, { planId: 'p' });
      await expect(resumed, `attempt ${attempt}`).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
      await expect(store.deleteCheckpoint(position as string)).rejects.toMatchObject({ checkpointId: 'cp-live-0-2' });
    }
    expect(await store.deleteCheckpoint('cp-live-0-2')).toBe(true);
  });

  it('that are positions does not make the journal beat a file that proves more', async () => {
    const store = await fileStore();
    const begin = store.journal.begin.bind(store.journal);
    let isFull = true;
    store.journal.begin = async (...args: Parameters<typeof begin>) => {
      const writer = await begin(...args);
      const append = (lines: readonly string[]) =>
        isFull && lines.some((line) => line.includes('"node_id":"n7"'))
          ? Promise.reject(new Error('ENOSPC'))
          : writer.append(lines);
      return { append, flush: () => writer.flush(), close: () => writer.close() };
    };
    const bill = payer(large);
    const make = () => plannerFor(store, bill, { checkpointInterval: 1 });
    const run = make().executeWithResume(tides, { plan: chainPlan(9), planId: 'p' });
    const { executionState } = (await run.catch((e) => e)) as PersistenceError<ExecutionState>;
    isFull = false;
    await make().createCheckpoint({ planId: 'p', executionState: executionState as ExecutionState });
    const [position] = await positionIds(store, 'p');
    bill.calls.length = 0;
    expect(await make().deleteCheckpoint(position as string)).toBe(true);
    await make().executeWithResume(tides, { planId: 'p' });
    expect(bill.calls).toEqual(['n8']);
  });

  it('that was saved again under its own id removes the file and the position', async () => {
    const store = await fileStore();
    await plannerFor(store, payer(large), { checkpointInterval: 1 }).executeWithResume(tides, {
      plan: chainPlan(9),
      planId: 'p',
    });
    const [id] = (await positionIds(store, 'p')) as [string];
    await store.saveCheckpoint((await store.loadCheckpoint(id)) as Checkpoint);
    expect((await store.listCheckpoints()).filter(({ checkpointId }) => checkpointId === id)).toHaveLength(1);
    expect(await store.deleteCheckpoint(id)).toBe(true);
    expect(await store.loadCheckpoint(id)).toBeUndefined();
  });
});

describe('two journals of one run, as a crash may leave them,', () => {
  /** Positions in both; the later one is damaged. */
  async function twoJournals() {
    const store = await fileStore();
    const bill = payer(10, 'n110');
    const make = () => plannerFor(store, bill, { checkpointInterval: 1 });
    await make().executeWithResume(tides, { plan: chainPlan(120), planId: 'p' });
    const [first] = (await journalPaths(store, 'p')) as [string];
    const kept = join(store.checkpointDir, 'kept');
    await copyFile(first, kept);
    const positions = await positionIds(store, 'p');
    await make().executeWithResume(tides, { planId: 'p' });
    const [second] = (await journalPaths(store, 'p')) as [string];
    return { store, make, positions, second, putBack: () => copyFile(kept, first) };
  }

  it('have each checkpoint once, and the older one gives what the later one lost', async () => {
    const { store, make, positions, second, putBack } = await twoJournals();
    await putBack();
    await rotLine(second, (line) => line.includes('"node_id":"n2"'));
    const ids = (await store.listCheckpoints()).map(({ checkpointId }) => checkpointId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of positions) expect((await store.loadCheckpoint(id))?.checkpointId).toBe(id);
    await make().executeWithResume(tides, { planId: 'p', onCorrupt: 'fallback' });
    const after = (await store.listCheckpoints()).map(({ checkpointId }) => checkpointId);
    expect(positions.filter((id) => !after.includes(id))).toEqual([]);
  });

  it('keep every checkpoint that can be loaded when the run goes on', async () => {
    const { store, make, positions, second } = await twoJournals();
    await rotLine(second, (line) => line.includes('"node_id":"n105"'));
    const intact = (await store.listCheckpoints()).filter(
      (one) => one.damaged === undefined && positions.includes(one.checkpointId),
    );
    expect(intact.length).toBeGreaterThan(50);
    await make().executeWithResume(tides, { planId: 'p' });
    const after = (await store.listCheckpoints()).map(({ checkpointId }) => checkpointId);
    expect(intact.filter(({ checkpointId }) => !after.includes(checkpointId))).toEqual([]);
  });
});

describe('a journal that is wrong in what it says', () => {
  it('is set aside, never deleted', async () => {
    const store = await fileStore();
    const bill = payer(10, 'n4');
    const make = () => plannerFor(store, bill);
    await make().executeWithResume(tides, { plan: chainPlan(6), planId: 'p' });
    const [path] = (await journalPaths(store, 'p')) as [string];
    await rewriteJournal(path, (texts) => texts.map((text) => text.replace('"node_id":"n1"', '"node_id":"stranger"')));
    expect((await make().executeWithResume(tides, { planId: 'p' })).executionSummary.reused).toBe(4); // the file has all
    expect((await readdir(join(store.checkpointDir, 'p'))).filter((name) => name.startsWith('.damaged-'))).toHaveLength(
      1,
    );
  });
});

describe('a lock', () => {
  it('with an epoch beyond counting is a typed error', async () => {
    const store = await fileStore();
    const directory = join(store.checkpointDir, 'p');
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, '.lock-999999999999999'), 'x');
    await writeFile(join(directory, '.lock-999999999999999.released'), '');
    const call = plannerFor(store, payer()).executeWithResume(tides, { plan: chainPlan(2), planId: 'p' });
    await expect(call).rejects.toMatchObject({ code: 'PERSISTENCE_FAILED' });

    await plannerFor(store, payer(10, 'n1')).executeWithResume(tides, { plan: chainPlan(2), planId: 'q' });
    const executionState = { ...(await newestOf(store)), epoch: 999_999_999_999_999 };
    const made = plannerFor(store, payer()).createCheckpoint({ planId: 'q', executionState });
    await expect(made).rejects.toThrow('epoch');
  });

  it('that a run without checkpoints took for its first one is given back, even when the run ends before it has it', async () => {
    const store = await fileStore();
    let made: Promise<unknown> = Promise.resolve();
    const bill = payer();
    const own = plannerFor(store, bill, {
      handlers: {
        default: () => {
          made = own.createCheckpoint({ planId: 'p' }).catch(() => {});
          return 1;
        },
      },
    });
    await own.executePlan(chainPlan(1, 'p'));
    await made;
    const result = await plannerFor(store, bill).executeWithResume(tides, { plan: chainPlan(1), planId: 'p' });
    expect(result.status).toBe('completed');
  });

  it('of a store that fails in its own way is a PersistenceError, and never takes a result away', async () => {
    const failing = async (at: 'check' | 'release') => {
      const store = await fileStore();
      const { locks } = store;
      const acquire = async (asked: Parameters<typeof locks.acquire>[0]): Promise<PlanLease> => {
        const lease = await locks.acquire(asked);
        const broken = () => Promise.reject(new Error('EIO'));
        return {
          epoch: lease.epoch,
          check: () => (at === 'check' ? broken() : lease.check()),
          release: () => lease.release().then(() => (at === 'release' ? broken() : undefined)),
        };
      };
      return Object.defineProperty(store, 'locks', { value: { acquire } });
    };
    const run = async (at: 'check' | 'release') =>
      plannerFor(await failing(at), payer(), { checkpointInterval: 1 }).executeWithResume(tides, {
        plan: chainPlan(5),
      });
    await expect(run('check')).rejects.toMatchObject({ code: 'PERSISTENCE_FAILED' });
    expect((await run('release')).status).toBe('completed');
  });

  it('of a store without a journal is looked at before a checkpoint is announced', async () => {
    let isTaken = false;
    const lease: PlanLease = {
      epoch: 1,
      check: async () => {
        if (isTaken) throw Object.assign(new Error('taken over'), { code: 'PLAN_LOCKED' });
      },
      release: async () => {},
    };
    const store: PersistenceManager = Object.assign(new MapStore(), { locks: { acquire: async () => lease } });
    const saved: string[] = [];
    const planner = plannerFor(store, payer(), {
      checkpointInterval: 1,
      onProgress: (event) => {
        if (event.type === 'node_completed' && event.nodeId === 'n1') isTaken = true;
        if (event.type === 'checkpoint_saved' && isTaken) saved.push(event.checkpointId);
      },
    });
    await expect(planner.executeWithResume(tides, { plan: chainPlan(6) })).rejects.toThrow('taken over');
    expect(saved).toEqual([]);
  });

  it('that is no higher than what is stored is refused', async () => {
    const store: PersistenceManager = new MemoryPersistenceManager();
    const bill = payer(10, 'n1');
    for (let round = 0; round < 3; round++)
      await plannerFor(store, bill).executeWithResume(tides, { plan: chainPlan(2) });
    let asked = 0;
    const acquire = async () => ({ epoch: ++asked && 1, check: async () => {}, release: async () => {} });
    const stubborn: PersistenceManager = Object.assign(store, { locks: { acquire } });
    const call = plannerFor(stubborn, bill).executeWithResume(tides, { plan: chainPlan(2) });
    await expect(call).rejects.toMatchObject({ code: 'PERSISTENCE_FAILED' });
    expect(asked).toBeLessThan(4);
  });

  it('that a run of this process waits for is not taken for its own by createCheckpoint', async () => {
    const store = await fileStore();
    await plannerFor(store, payer(10, 'n1')).executeWithResume(tides, { plan: chainPlan(2), planId: 'p' });
    const executionState = await newestOf(store);
    const owner = { host: 'elsewhere', boot_id: 'b', pid_namespace: 'n', pid: 1, process_start: '1', thread_id: 0 };
    const lock = JSON.stringify({ ...owner, token: 't', run_id: 'other', since: 'x' });
    await writeFile(join(store.checkpointDir, 'p', '.lock-2'), lock);
    const create = () => plannerFor(store, payer()).createCheckpoint({ planId: 'p', executionState });
    await expect(create()).rejects.toMatchObject({ code: 'PLAN_LOCKED', holder: { runId: 'other' } });
    const controller = new AbortController();
    const enough = new Error('enough');
    let whileWaiting: unknown;
    const onProgress = async ({ type }: { type: string }) => {
      if (type !== 'lock_waiting') return;
      whileWaiting = await create().catch((error) => error);
      controller.abort(enough);
    };
    const run = plannerFor(store, payer(), { onProgress }).executeWithResume(tides, {
      planId: 'p',
      signal: controller.signal,
    });
    await expect(run).rejects.toBe(enough);
    expect(whileWaiting).toMatchObject({ code: 'PLAN_LOCKED' });
  });
});
