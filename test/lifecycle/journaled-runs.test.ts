import { cp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ExecutionEvent,
  MetaPlanner,
  type MetaPlannerOptions,
  type PersistenceError,
  WorkflowPersistenceManager,
  type WorkflowPlanInput,
} from 'vibe-aigc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';
import { fileStore, removeJournals, temporaryDirectory } from '../helpers/stores.js';

afterEach(() => void vi.restoreAllMocks());

const plan = filmPlan();

function plannerOf(store: WorkflowPersistenceManager, provider: Provider, more: MetaPlannerOptions = {}): MetaPlanner {
  return new MetaPlanner({ persistenceManager: store, handlers: { default: provider.handler }, ...more });
}

/** What a crash at this moment would leave: the files, and no owner that lives. */
async function crashed(store: WorkflowPersistenceManager): Promise<WorkflowPersistenceManager> {
  const checkpointDir = join(await temporaryDirectory(), 'checkpoints');
  await cp(store.checkpointDir, checkpointDir, { recursive: true, filter: (path) => !path.includes('.tmp-') });
  for (const path of await readdir(checkpointDir, { recursive: true })) {
    if (path.includes('.lock-')) await rm(join(checkpointDir, path));
  }
  return new WorkflowPersistenceManager({ checkpointDir });
}

/** A run that has come to a node and waits there for ever. */
async function heldAt(nodeId: string, more: MetaPlannerOptions = {}) {
  const store = await fileStore();
  const provider = new Provider().holdAt(nodeId);
  const planner = plannerOf(store, provider, more);
  const events: ExecutionEvent[] = [];
  const run = planner.executeWithResume(tides, { plan, onProgress: (event) => void events.push(event) });
  await provider.reached(nodeId);
  return { store, provider, planner, events, run };
}

const completedIn = (events: readonly ExecutionEvent[]) =>
  events.flatMap((event) => (event.type === 'node_completed' ? [event.nodeId] : []));

async function namesIn({ checkpointDir }: WorkflowPersistenceManager, planId = 'film'): Promise<string[]> {
  return (await readdir(join(checkpointDir, planId))).sort();
}

/** script, then many parts that are large enough to make snapshots dear. */
function largePlan(parts: number): WorkflowPlanInput {
  const node = (id: string, dependencies: string[] = []) => {
    return { id, type: 'generate' as const, description: '', dependencies };
  };
  const ids = Array.from({ length: parts }, (_, index) => `part-${index}`);
  return { id: 'large', sourceVibe: tides, rootNodes: ids.map((id, index) => node(id, ids.slice(index - 1, index))) };
}
const largeOutput = ({ id }: { id: string }) => ({ id, text: 'x'.repeat(200_000) });

describe('a run on files', () => {
  for (const durability of ['strict', 'relaxed'] as const) {
    for (const checkpointInterval of [undefined, 1, 3]) {
      it(`loses nothing that was announced, ${durability}, interval ${checkpointInterval ?? 'unset'}`, async () => {
        const { store, events, provider, run } = await heldAt('cut', { durability, checkpointInterval });
        const done = completedIn(events);
        expect(done.sort()).toEqual(['music', 'script', 'shots']);
        const left = await crashed(store);
        const after = new Provider();
        const resumed: ExecutionEvent[] = [];
        const result = await plannerOf(left, after).executeWithResume(tides, {
          plan,
          onProgress: (event) => void resumed.push(event),
        });
        expect(after.calls).toEqual(['cut', 'review']);
        expect(result).toMatchObject({ status: 'completed', executionSummary: { reused: 3 } });
        expect(result.runId).toBe(events[0]?.runId);
        expect(after.keys.cut).toBe(provider.keys.cut);
        expect(resumed[0]).toMatchObject({ type: 'run_started', resumed: true, completedNodes: 3 });
        provider.open('cut');
        expect((await run).outputs).toEqual(result.outputs);
      });
    }
  }

  it('leaves a journal, its lock, and checkpoints under their names', async () => {
    const store = await fileStore();
    await plannerOf(store, new Provider()).executeWithResume(tides, { plan });
    expect(await namesIn(store)).toEqual([
      '.journal-1',
      '.lock-1',
      '.lock-1.released',
      expect.stringMatching(/^cp-.*\.json$/),
      expect.stringMatching(/^cp-.*\.json$/),
    ]);
  });

  it('tells of a node before it tells of the checkpoint that has it', async () => {
    const store = await fileStore();
    const events: ExecutionEvent[] = [];
    const planner = plannerOf(store, new Provider(), { checkpointInterval: 1, concurrency: 1 });
    await planner.executeWithResume(tides, { plan, onProgress: (event) => void events.push(event) });
    for (const [index, event] of events.entries()) {
      if (event.type !== 'checkpoint_saved') continue;
      expect(completedIn(events.slice(0, index)).length).toBeGreaterThanOrEqual(event.completedNodes);
      expect(event.listed).toBe(true);
    }
    expect(events.slice(-2).map(({ type }) => type)).toEqual(['checkpoint_saved', 'run_completed']);
  });

  it('is refused to a second process of the plan, and to this one by another path', async () => {
    const { store, provider, run } = await heldAt('cut');
    const elsewhere = join(await temporaryDirectory(), 'link');
    await symlink(store.checkpointDir, elsewhere);
    const second = plannerOf(new WorkflowPersistenceManager({ checkpointDir: elsewhere }), new Provider());
    const refused = { code: 'PLAN_LOCKED', holder: { pid: process.pid } };
    await expect(second.executeWithResume(tides, { plan })).rejects.toMatchObject(refused);
    await expect(second.executePlan(plan, { planId: 'other' })).resolves.toMatchObject({ status: 'completed' });
    const [listed] = await second.listCheckpoints();
    const executionState = await second.getCheckpoint(listed?.checkpointId as string);
    await expect(second.createCheckpoint({ planId: 'film', executionState })).rejects.toMatchObject(refused);
    provider.open('cut');
    expect((await run).status).toBe('completed');
  });

  it('acknowledges nothing once somebody has taken it over', async () => {
    const { store, provider, events, run } = await heldAt('cut', { checkpointInterval: 1 });
    const before = completedIn(events);
    await writeFile(join(store.checkpointDir, 'film', '.lock-2'), '{}');
    provider.open('cut');
    await expect(run).rejects.toMatchObject({ code: 'PLAN_LOCKED', planId: 'film' });
    expect(completedIn(events)).toEqual(before);
    expect(provider.calls).not.toContain('review');
  });

  it('stops with what was paid in hand when the disk fails, and the same call goes on', async () => {
    const { store, provider, planner, events, run } = await heldAt('cut');
    failFlushes();
    provider.open('cut');
    const error = (await run.catch((thrown) => thrown)) as PersistenceError<{ completedNodes: string[] }>;
    expect(error).toMatchObject({
      code: 'PERSISTENCE_FAILED',
      planId: 'film',
      reason: expect.stringMatching('ENOSPC'),
    });
    expect(error.executionState?.completedNodes).toContain('cut');
    expect(completedIn(events)).not.toContain('cut');
    vi.restoreAllMocks();

    await planner.createCheckpoint({ planId: 'film', executionState: error.executionState as never });
    const after = new Provider();
    const result = await plannerOf(store, after).executeWithResume(tides, { plan });
    expect(after.calls).toEqual(['review']);
    expect(result.executionSummary).toMatchObject({ completed: 5, reused: 4 });
    expect((await plannerOf(store, after).executeWithResume(tides, { plan })).executionSummary.reused).toBe(5);
  });

  it('goes on above the epoch of what an older version left, and keeps what that proves', async () => {
    const store = await fileStore();
    const provider = new Provider().failAt('cut');
    for (let epoch = 1; epoch < 4; epoch++) await plannerOf(store, provider).executeWithResume(tides, { plan });
    await removeJournals(store);
    for (const name of await namesIn(store)) {
      if (name.startsWith('.lock')) await rm(join(store.checkpointDir, 'film', name));
    }
    provider.mend();
    const result = await plannerOf(store, provider).executeWithResume(tides, { plan });
    expect(result.executionSummary.reused).toBe(3);
    expect(await namesIn(store)).toContain('.journal-4');
    expect((await store.loadCheckpoint(result.persistenceInfo.lastCheckpointId as string))?.epoch).toBe(4);
  });

  it('goes on when all its checkpoints were deleted: they were places to return to, not progress', async () => {
    const store = await fileStore();
    const provider = new Provider().failAt('cut');
    const planner = plannerOf(store, provider, { checkpointInterval: 1 });
    await planner.executeWithResume(tides, { plan });
    for (const { checkpointId } of await planner.listCheckpoints()) await planner.deleteCheckpoint(checkpointId);
    expect(await planner.listCheckpoints()).toEqual([]);
    const result = await plannerOf(store, provider.mend()).executeWithResume(tides, { plan });
    expect(result.executionSummary.reused).toBe(3);
    expect(result.persistenceInfo.resumedFrom).toMatch(/^cp-live-/);
  });

  it('keeps the records of an earlier run as long as a checkpoint is listed only there', async () => {
    const store = await fileStore();
    const planner = new MetaPlanner({
      persistenceManager: store,
      checkpointInterval: 1,
      handlers: { default: largeOutput },
    });
    const large = largePlan(12);
    await planner.executeWithResume(tides, { plan: large });
    const position = await positionOf(planner, store, 8);
    const fresh = await planner.executeWithResume(tides, { plan: large, fresh: true });
    expect((await namesIn(store, 'large')).filter((name) => name.startsWith('.journal'))).toHaveLength(2);
    expect((await planner.getCheckpoint(position)).completedNodes).toHaveLength(8);
    const branch = await planner.executeWithResume(tides, { checkpointId: position });
    expect(branch.executionSummary).toMatchObject({ completed: 12, reused: 8 });
    expect(branch.runId).not.toBe(fresh.runId);
    expect((await planner.executeWithResume(tides, { plan: large })).runId).toBe(branch.runId);

    for (const { checkpointId } of await planner.listCheckpoints()) {
      expect(await planner.deleteCheckpoint(checkpointId)).toBe(true);
      await expect(planner.getCheckpoint(checkpointId)).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_FOUND' });
    }
    expect(await planner.listCheckpoints()).toEqual([]);
    expect((await namesIn(store, 'large')).filter((name) => name.startsWith('.journal'))).toHaveLength(1);
    expect((await planner.executeWithResume(tides, { plan: large })).runId).toBe(branch.runId);
  });
});

describe('a checkpoint that is a position in the journal', () => {
  it('is listed, loaded, resumed and deleted by its id, in the run, after it, and across epochs', async () => {
    const store = await fileStore();
    let isFailing = true;
    const handler = (node: { id: string }) => {
      if (isFailing && node.id === 'part-9') throw new Error('rate limit');
      return largeOutput(node);
    };
    const make = () =>
      new MetaPlanner({ persistenceManager: store, checkpointInterval: 1, handlers: { default: handler } });
    const large = largePlan(14);
    const failed = await make().executeWithResume(tides, { plan: large });
    expect(failed.status).toBe('failed');
    const before = await make().listCheckpoints();
    expect(before.map(({ completedNodes }) => completedNodes)).toEqual([9, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    const files = (await namesIn(store, 'large')).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeLessThan(before.length);
    const position = await positionOf(make(), store, 7);

    isFailing = false;
    const seenDuring: number[] = [];
    const result = await make().executeWithResume(tides, {
      plan: large,
      onProgress: async (event) => {
        if (event.type !== 'node_started') return;
        const checkpoint = await make().getCheckpoint(position);
        seenDuring.push(checkpoint.completedNodes.length);
      },
    });
    expect(new Set(seenDuring)).toEqual(new Set([7]));
    expect(result.executionSummary).toMatchObject({ completed: 14, reused: 9 });
    const after = await make().listCheckpoints();
    expect(after.slice(-before.length)).toEqual(before.map((summary) => ({ ...summary, epoch: expect.any(Number) })));
    expect((await make().getCheckpoint(position)).nodeResults['part-6']).toMatchObject({ status: 'completed' });

    expect(await make().deleteCheckpoint(position)).toBe(true);
    expect(await make().deleteCheckpoint(position)).toBe(false);
    expect((await make().listCheckpoints()).length).toBe(after.length - 1);
    expect((await make().executeWithResume(tides, { plan: large })).runId).toBe(failed.runId);
  });

  it('comes when files have got dear, and then no more files come but the last', async () => {
    const store = await fileStore();
    const planner = new MetaPlanner({
      persistenceManager: store,
      checkpointInterval: 1,
      handlers: { default: largeOutput },
    });
    await planner.executeWithResume(tides, { plan: largePlan(30) });
    const names = await namesIn(store, 'large');
    const listed = (await planner.listCheckpoints()).reverse();
    const kinds = listed.map(({ checkpointId }) => (names.includes(`${checkpointId}.json`) ? 'f' : 'p')).join('');
    expect(kinds).toHaveLength(31);
    expect(kinds).toMatch(/^f{3,8}p+f$/);
  });

  it('can be deleted by the run itself', async () => {
    const store = await fileStore();
    const deleted: string[] = [];
    const deletions: Promise<unknown>[] = [];
    const planner: MetaPlanner = new MetaPlanner({
      persistenceManager: store,
      checkpointInterval: 1,
      handlers: { default: largeOutput },
      onProgress: ({ type, ...event }) => {
        if (type !== 'checkpoint_saved') return;
        const { checkpointId } = event as { checkpointId: string };
        const deletion = planner.deleteCheckpoint(checkpointId).catch(() => false);
        deletions.push(deletion.then((isDeleted) => isDeleted && deleted.push(checkpointId)));
      },
    });
    const result = await planner.executeWithResume(tides, { plan: largePlan(14) });
    await Promise.all(deletions); // the last one may be asked for when the run is over
    expect(result.status).toBe('completed');
    const listed = (await planner.listCheckpoints()).map(({ checkpointId }) => checkpointId);
    expect(listed.filter((id) => deleted.includes(id))).toEqual([]);
    expect(deleted.length).toBeGreaterThan(5);
  });

  it('costs as much as is new, not as much as there is', async () => {
    const store = await fileStore();
    const planner = new MetaPlanner({
      persistenceManager: store,
      checkpointInterval: 1,
      handlers: { default: largeOutput },
    });
    await planner.executeWithResume(tides, { plan: largePlan(40) });
    const directory = join(store.checkpointDir, 'large');
    let bytes = 0;
    for (const name of await namesIn(store, 'large')) bytes += (await readFile(join(directory, name))).length;
    expect((await planner.listCheckpoints()).length).toBe(41);
    expect(bytes).toBeLessThan(4.5 * 40 * 200_000);
  });

  it('is all that a plan of some size begins with: the plan is not written twice before anything has happened', async () => {
    const store = await fileStore();
    const handlers = { default: async () => 'x'.repeat(100) };
    const rootNodes = Array.from({ length: 1_000 }, (_, index) => ({ ...largePlan(1).rootNodes[0], id: `n${index}` }));
    const begun: string[] = [];
    await new MetaPlanner({ persistenceManager: store, handlers }).executeWithResume(tides, {
      plan: { ...largePlan(1), rootNodes } as WorkflowPlanInput,
      onProgress: (event) => void (event.type === 'checkpoint_saved' && begun.push(event.checkpointId)),
    });
    const sizes = new Map<string, number>();
    for (const name of await namesIn(store, 'large')) {
      sizes.set(name, (await readFile(join(store.checkpointDir, 'large', name))).length);
    }
    expect(sizes.has(`${begun[0]}.json`)).toBe(false);
    expect((await store.loadCheckpoint(begun[0] as string))?.pendingNodes).toHaveLength(1_000);
    const written = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
    expect(written).toBeLessThan(2 * (sizes.get(`${begun.at(-1)}.json`) as number));
  });
});

/** The id of the checkpoint with so many completed nodes, which has no file. */
async function positionOf(planner: MetaPlanner, store: WorkflowPersistenceManager, completed: number): Promise<string> {
  const listed = (await planner.listCheckpoints()).find(({ completedNodes }) => completedNodes === completed);
  const id = listed?.checkpointId as string;
  expect(await namesIn(store, 'large')).not.toContain(`${id}.json`);
  return id;
}

function failFlushes(): void {
  vi.spyOn(fileHandlePrototype, 'datasync').mockRejectedValue(
    Object.assign(new Error('ENOSPC: disk full'), { code: 'ENOSPC' }),
  );
}

const fileHandlePrototype = await (async () => {
  const { open } = await import('node:fs/promises');
  const file = await open(import.meta.filename, 'r');
  await file.close();
  return Object.getPrototypeOf(file) as { datasync(): Promise<void> };
})();
