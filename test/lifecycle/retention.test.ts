import {
  MetaPlanner,
  type MetaPlannerOptions,
  type PersistenceManager,
  type PruneReport,
  type RetentionPolicy,
  WorkflowPersistenceManager,
} from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { MapStore } from '../../examples/custom-store.js';
import { chainPlan, payer } from '../helpers/journal-files.js';
import { everyStore, fileStore } from '../helpers/stores.js';

const day = 24 * 60 * 60 * 1000;

/** A clock that stands still until it is moved on. */
function clock() {
  let now = Date.UTC(2026, 1, 5, 10);
  const pass = (ms: number) => {
    now += ms;
  };
  return { pass, host: { now: () => now } };
}

/** A planner whose nodes take a minute each, and how to run the plan of a name with it. */
function desk(store: PersistenceManager, more: MetaPlannerOptions = {}) {
  const time = clock();
  const bill = payer();
  const pay = (node: { id: string }) => {
    time.pass(60_000);
    return bill.handlers.default(node);
  };
  const options = { persistenceManager: store, concurrency: 1, checkpointInterval: 1, host: time.host };
  const planner = new MetaPlanner({ ...options, handlers: { default: pay }, ...more });
  const run = async (id = 'film', nodes = 4) => {
    bill.calls.splice(0);
    const plan = { ...chainPlan(nodes, id), sourceVibe: { description: `A film about ${id}` } };
    const result = await planner.executeWithResume(plan.sourceVibe, { plan });
    return { result, paid: [...bill.calls] };
  };
  const failing = async (id: string, failAt: string) => {
    bill.failAt = failAt;
    await run(id);
    bill.failAt = undefined;
  };
  const ids = async (planId?: string) =>
    (await planner.listCheckpoints({ planId })).map(({ checkpointId }) => checkpointId);
  return { ...time, bill, planner, run, failing, ids };
}

const idsIn = ({ deleted }: PruneReport) => deleted.map(({ checkpointId }) => checkpointId);

/** As a store of the user's own says how long it keeps what it has. */
function withRetention<Store extends PersistenceManager>(store: Store, retention: unknown): Store {
  return Object.assign(store, { retention });
}

for (const [name, createStore] of Object.entries(everyStore)) {
  describe(`pruning, with ${name}`, () => {
    it('keeps the newest checkpoints of each plan, and the result of a complete one', async () => {
      const { planner, run, ids } = desk(await createStore());
      await run('film');
      await run('song');
      const before = { film: await ids('film'), song: await ids('song') };
      expect(before.film).toHaveLength(5); // at the start, after three nodes, at the end
      const report = await planner.pruneCheckpoints({ keepLast: 2 });
      expect(await ids('film')).toEqual(before.film.slice(0, 2));
      expect(await ids('song')).toEqual(before.song.slice(0, 2));
      expect(idsIn(report).sort()).toEqual([...before.film.slice(2), ...before.song.slice(2)].sort());
      expect(report).toMatchObject({ freedPlans: [], skipped: [] });
      expect(await run('film')).toMatchObject({ paid: [], result: { status: 'completed' } });
      expect(await planner.pruneCheckpoints({ keepLast: 2 })).toEqual({
        deleted: [],
        freedPlans: [],
        blobs: { count: 0, bytes: 0 },
        skipped: [],
      });
    });

    it('removes what is too old, by the clock of the host, and a complete plan with its last checkpoint', async () => {
      const { planner, run, ids, pass } = desk(await createStore());
      await run('film');
      const [, , , second, first] = await ids('film'); // 0, 1, 2, 3 and 4 minutes old: the end follows the last node
      expect(idsIn(await planner.pruneCheckpoints({ maxAgeMs: 2.5 * 60_000 }))).toEqual([second, first]);
      expect(await ids()).toHaveLength(3);
      pass(30 * day);
      await run('song');
      const { freedPlans, deleted } = await planner.pruneCheckpoints({ maxAgeMs: 30 * day - 1 });
      expect({ freedPlans, deleted: deleted.length }).toEqual({ freedPlans: ['film'], deleted: 3 });
      expect(await ids('song')).toHaveLength(5);
      expect((await run('film')).paid).toEqual(['n0', 'n1', 'n2', 'n3']); // it is new
    });

    it('keeps the latest state of a run that is not complete, whatever its age', async () => {
      const { planner, run, failing, ids, pass } = desk(await createStore());
      await failing('film', 'n2');
      const [latest] = await ids();
      pass(1000 * day);
      for (const policy of [{ maxAgeMs: 1 }, { keepLast: 1, maxAgeMs: 1, deleteOnSuccess: true }]) {
        const { freedPlans } = await planner.pruneCheckpoints(policy);
        expect({ freedPlans, left: await ids() }).toEqual({ freedPlans: [], left: [latest] });
      }
      const { paid, result } = await run('film');
      expect({ paid, reused: result.executionSummary.reused }).toEqual({ paid: ['n2', 'n3'], reused: 2 });
    });

    it('removes a plan whose run completed with deleteOnSuccess, and no other', async () => {
      const { planner, run, failing, ids } = desk(await createStore());
      await run('film');
      await failing('song', 'n1');
      const song = await ids('song');
      const { freedPlans, skipped } = await planner.pruneCheckpoints({ deleteOnSuccess: true });
      expect({ freedPlans, skipped, left: await ids() }).toEqual({ freedPlans: ['film'], skipped: [], left: song });
      expect((await run('song')).paid).toEqual(['n1', 'n2', 'n3']);
      expect((await run('film')).result.executionSummary.reused).toBe(0);
    });

    it('asks the latest run of a plan whether it completed, not an earlier one', async () => {
      const { planner, run, bill, ids } = desk(await createStore());
      await run('film');
      bill.failAt = 'n1';
      const plan = { ...chainPlan(4, 'film'), sourceVibe: { description: 'A film about film' } };
      await planner.executeWithResume(plan.sourceVibe, { plan, fresh: true });
      const [newest] = await ids();
      const report = await planner.pruneCheckpoints({ keepLast: 1, deleteOnSuccess: true });
      expect({ freed: report.freedPlans, left: await ids() }).toEqual({ freed: [], left: [newest] });
      bill.failAt = undefined;
      expect((await run('film')).paid).toEqual(['n1', 'n2', 'n3']);
    });

    it('keeps the latest state also where a copy of an older one is newer in the list', async () => {
      const { planner, run, failing, ids } = desk(await createStore());
      await failing('film', 'n3');
      const all = await ids();
      const older = await planner.getCheckpoint(all.at(-1) as string);
      const copy = await planner.createCheckpoint({ planId: 'film', executionState: older });
      await planner.pruneCheckpoints({ keepLast: 1 });
      expect((await ids()).sort()).toEqual([copy, all[0]].sort());
      expect((await run('film')).paid).toEqual(['n3']);
    });

    it('says with dryRun what would go, and removes nothing', async () => {
      const { planner, run, ids } = desk(await createStore());
      await run('film');
      const before = await ids();
      for (const policy of [{ keepLast: 1 }, { deleteOnSuccess: true }]) {
        const told = await planner.pruneCheckpoints({ ...policy, dryRun: true });
        expect(await ids()).toEqual(before);
        if (policy.keepLast === undefined) expect(await planner.pruneCheckpoints(policy)).toEqual(told);
      }
    });

    it('looks at one plan when it is told which', async () => {
      const { planner, run, ids } = desk(await createStore());
      await run('film');
      await run('song');
      expect((await planner.pruneCheckpoints({ deleteOnSuccess: true, planId: 'film' })).freedPlans).toEqual(['film']);
      expect(await ids('song')).toHaveLength(5);
      const none = { deleted: [], freedPlans: [], blobs: { count: 0, bytes: 0 }, skipped: [] };
      expect(await planner.pruneCheckpoints({ deleteOnSuccess: true, planId: 'unheard of' })).toEqual(none);
    });

    it('leaves a plan alone that runs in this process, and says who runs it', async () => {
      const store = await createStore();
      const { planner, run, ids } = desk(store);
      const reports: PruneReport[] = [];
      const other = new MetaPlanner({
        persistenceManager: store,
        checkpointInterval: 1,
        handlers: {
          default: async (node) => {
            if (node.id !== 'n3') return node.id;
            const before = await ids('film');
            reports.push(await planner.pruneCheckpoints({ keepLast: 1, maxAgeMs: 1, deleteOnSuccess: true }));
            const after = await ids('film');
            return before.filter((id) => !after.includes(id));
          },
        },
      });
      await run('song');
      const { runId, outputs } = await other.executePlan(chainPlan(4, 'film'));
      const holder = { pid: process.pid, runId };
      const skipped = [{ planId: 'film', error: { code: 'PLAN_LOCKED', holder } }];
      expect(reports).toMatchObject([{ freedPlans: ['song'], skipped }]);
      expect(outputs.n3).toEqual([]);
    });

    it('is waited for by a call of this process', async () => {
      const store = await createStore();
      const { planner, run } = desk(store);
      const { result } = await run();
      const { deleteMany, deleteCheckpoint } = store;
      let meeting: ReturnType<typeof run> | undefined;
      const met = <Answer>(remove: () => Answer) => {
        meeting ??= run(); // while the plan is held
        return remove();
      };
      store.deleteCheckpoint = (id) => met(() => deleteCheckpoint.call(store, id));
      if (deleteMany) store.deleteMany = (...given) => met(() => deleteMany.apply(store, given));
      expect((await planner.pruneCheckpoints({ keepLast: 1 })).deleted).not.toEqual([]);
      expect(await meeting).toMatchObject({ result: { status: 'completed', outputs: result.outputs }, paid: [] });
    });

    it('is done for its plan at the end of each run when the store says how long it keeps things', async () => {
      const store = withRetention(await createStore(), { keepLast: 2 });
      const { run, failing, ids } = desk(store);
      const { result } = await run('film');
      expect(await ids()).toHaveLength(2);
      expect(await ids()).toContain(result.persistenceInfo.lastCheckpointId);
      await failing('song', 'n2');
      expect(await ids('song')).toHaveLength(2);
      expect((await run('song')).paid).toEqual(['n2', 'n3']);
    });

    it('leaves nothing of a run that completed, and does not name a checkpoint that is gone', async () => {
      const { run, failing, planner, ids } = desk(withRetention(await createStore(), { deleteOnSuccess: true }));
      const { result } = await run('film');
      expect(result).toMatchObject({ status: 'completed', outputs: { n3: { did: 'n3' } } });
      expect(result.persistenceInfo.checkpointEnabled).toBe(true);
      expect(result.persistenceInfo).not.toHaveProperty('lastCheckpointId');
      expect(await planner.listCheckpoints()).toEqual([]);
      await failing('song', 'n2');
      expect(await ids()).not.toEqual([]);
      await run('song');
      expect(await ids()).toEqual([]);
    });

    it('follows the policy of the call, and without one that of the store', async () => {
      const store = await createStore();
      const { planner, run, ids } = desk(store);
      await run('film');
      const after = desk(withRetention(store, { keepLast: 3 })).planner;
      await after.pruneCheckpoints({ keepLast: 4 });
      expect(await ids()).toHaveLength(4);
      await after.pruneCheckpoints({ planId: 'film' });
      expect(await ids()).toHaveLength(3);
      await expect(planner.pruneCheckpoints()).rejects.toThrow(
        'pruneCheckpoints needs keepLast, maxAgeMs or deleteOnSuccess, or a persistenceManager that has a retention.',
      );
    });
  });
}

describe('pruning', () => {
  it.each<[string, unknown, string]>([
    ['keepLast', { keepLast: 0 }, 'Option "keepLast" of pruneCheckpoints must be a whole number of at least 1, got 0.'],
    ['maxAgeMs', { maxAgeMs: '30d' }, 'must be a number of milliseconds above 0, got "30d".'],
    ['deleteOnSuccess', { deleteOnSuccess: 1 }, 'must be true or false, got 1.'],
    ['planId', { keepLast: 1, planId: 7 }, 'must be the id of a plan, got 7.'],
    ['an unknown option', { keepLats: 1 }, 'has no option "keepLats". Did you mean "keepLast"?'],
    ['no object', 3, 'takes an object of options, got 3.'],
  ])('refuses %s that makes no sense', async (_, given, message) => {
    const { planner } = desk(new MapStore());
    const rejection = planner.pruneCheckpoints(given as RetentionPolicy);
    await expect(rejection).rejects.toThrow(TypeError);
    await expect(rejection).rejects.toThrow(message);
  });

  it.each<[string, unknown, string]>([
    ['a number', 3, 'retention must have one of keepLast, maxAgeMs, deleteOnSuccess.'],
    ['nothing in it', {}, 'retention must have one of'],
    ['null', null, 'retention must have one of'],
    ['a wrong number', { keepLast: 1.5 }, 'retention.keepLast must be a whole number of at least 1, got 1.5.'],
    ['an endless age', { maxAgeMs: Number.POSITIVE_INFINITY }, 'retention.maxAgeMs must be a number of milliseconds'],
    ['an unknown field', { keep: 3 }, 'retention has no option "keep". Known: keepLast, maxAgeMs, deleteOnSuccess.'],
  ])('is refused with a retention that has %s, by the manager and by the planner of any store', (_, given, message) => {
    const retention = given as RetentionPolicy;
    expect(() => new WorkflowPersistenceManager({ retention })).toThrow(new RegExp(`^${message}`));
    const persistenceManager = withRetention(new MapStore(), retention);
    expect(() => new MetaPlanner({ persistenceManager })).toThrow(`persistenceManager.${message}`);
  });

  it('ends between two plans when its signal aborts', async () => {
    const store = await fileStore();
    const { planner, run, ids } = desk(store);
    for (const id of ['film', 'song', 'book']) await run(id);
    const aborting = new AbortController();
    const abortingStore = Object.assign(new WorkflowPersistenceManager({ checkpointDir: store.checkpointDir }), {
      deleteMany: async (planId: string, gone: string[]) => {
        aborting.abort(new Error('enough'));
        return store.deleteMany(planId, gone);
      },
    });
    const rejection = new MetaPlanner({ persistenceManager: abortingStore }).pruneCheckpoints({
      keepLast: 1,
      signal: aborting.signal,
    });
    await expect(rejection).rejects.toThrow('enough');
    expect(await ids()).toHaveLength(5 + 5 + 1);
    const { signal } = aborting;
    await expect(planner.pruneCheckpoints({ keepLast: 1, signal })).rejects.toThrow('enough');
  });

  it('goes on with the other plans when the store fails for one, and says so', async () => {
    const store = new MapStore();
    const failing = Object.assign(Object.create(store) as MapStore, {
      deleteCheckpoint: async (id: string) => {
        if ((await store.loadCheckpoint(id))?.planId === 'film') throw new Error('EIO');
        return store.deleteCheckpoint(id);
      },
    });
    const { run } = desk(store);
    await run('film');
    await run('song');
    const report = await desk(failing).planner.pruneCheckpoints({ keepLast: 1 });
    expect(report.skipped).toMatchObject([{ planId: 'film', error: { code: 'PERSISTENCE_FAILED' } }]);
    expect(report.deleted.map(({ planId }) => planId)).toEqual(['song', 'song', 'song', 'song']);
  });

  it('that fails at the end of a run is logged, and the result stands', async () => {
    const logged: unknown[] = [];
    const store = withRetention(new MapStore(), { keepLast: 1 });
    const deleteCheckpoint = store.deleteCheckpoint.bind(store);
    const failing = Object.assign(store, {
      deleteCheckpoint: async (id: string) => {
        if (!id.startsWith('cp-live-')) throw new Error('EIO');
        return deleteCheckpoint(id);
      },
    });
    const planner = new MetaPlanner({
      persistenceManager: failing,
      checkpointInterval: 1,
      handlers: payer().handlers,
      host: { log: (level, message, details) => void logged.push([level, message, details?.planId]) },
    });
    const { status } = await planner.executePlan(chainPlan(3, 'film'));
    expect({ status, logged }).toEqual({
      status: 'completed',
      logged: [['warn', 'A plan could not be pruned.', 'film']],
    });
  });

  it('still works when the planner is closed, and closing waits for it', async () => {
    const { planner, run, ids } = desk(await fileStore());
    await run('film');
    const pruning = planner.pruneCheckpoints({ keepLast: 1 }).catch((error: Error) => error);
    await planner.close();
    await pruning;
    await planner.pruneCheckpoints({ keepLast: 1 });
    expect(await ids()).toHaveLength(1);
  });
});
