import { hash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MetaPlanner, type MetaPlannerOptions, type WorkflowPersistenceManager } from 'vibe-aigc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readState } from '../../faults/helpers/disk-state.js';
import { atLevel, testSeed } from '../../faults/helpers/level.js';
import { randomFrom } from '../../faults/helpers/random.js';
import { chainPlan, journalPaths, payer, plannerFor, positionIds, rotLine } from '../../helpers/journal-files.js';
import { tides } from '../../helpers/scripted-run.js';
import { fileStore, temporaryDirectory } from '../../helpers/stores.js';

afterEach(() => void vi.restoreAllMocks());

const large = 80_000; // so large that of a dozen checkpoints most are positions

/** What lies in a directory, by the sums of the files. */
function sumsOf(directory: string): Record<string, string> {
  const files = [...readState(directory)].map(([path, bytes]) => [path, bytes ? hash('sha256', bytes) : 'a directory']);
  return Object.fromEntries(files);
}

async function filesOf({ checkpointDir }: WorkflowPersistenceManager, planId: string): Promise<string[]> {
  return (await readdir(join(checkpointDir, planId))).sort();
}

/** A run of large outputs with a checkpoint after each node, which fails at one of them where it is told to. */
async function largeRun(nodes: number, failAt?: string) {
  const store = await fileStore();
  const bill = payer(large, failAt);
  const make = (more: MetaPlannerOptions = {}) => plannerFor(store, bill, { checkpointInterval: 1, ...more });
  const run = async (more = {}) => {
    bill.calls.splice(0);
    const result = await make().executeWithResume(tides, { plan: chainPlan(nodes, 'p'), ...more });
    return { result, paid: [...bill.calls] };
  };
  await run();
  return { store, bill, make, run };
}

describe('pruning files', () => {
  it('takes any number of positions out of a journal by writing it once', async () => {
    const { store, make, run, bill } = await largeRun(16, 'n14');
    const before = await positionIds(store, 'p');
    expect(before.length).toBeGreaterThan(6);
    const begin = vi.spyOn(store.journal, 'begin');
    const { deleted } = await make().pruneCheckpoints({ keepLast: 2 });
    expect(deleted.map(({ checkpointId }) => checkpointId)).toEqual(expect.arrayContaining(before.slice(1)));
    expect(begin).toHaveBeenCalledTimes(1);
    expect(await make().listCheckpoints()).toHaveLength(2);
    expect(await journalPaths(store, 'p')).toHaveLength(1);
    expect(
      (await readFile((await journalPaths(store, 'p'))[0] as string, 'utf8')).match(/"checkpoint":/g),
    ).toHaveLength(2);
    bill.failAt = undefined;
    expect((await run()).paid).toEqual(['n14', 'n15']);
  });

  it('does not write a journal again of which nothing goes, and takes no lock for nothing', async () => {
    const { store, make } = await largeRun(3);
    const before = sumsOf(store.checkpointDir);
    expect(await make().pruneCheckpoints({ keepLast: 100 })).toEqual({
      deleted: [],
      freedPlans: [],
      blobs: { count: 0, bytes: 0 },
      skipped: [],
    });
    expect(sumsOf(store.checkpointDir)).toEqual(before);
  });

  it('frees the journal of an earlier run with the last of its positions', async () => {
    const { store, bill, make, run } = await largeRun(12, 'n10');
    bill.failAt = 'n1';
    await run({ fresh: true });
    expect(await journalPaths(store, 'p')).toHaveLength(2);
    await make().pruneCheckpoints({ keepLast: 3 });
    const [journal, ...others] = await journalPaths(store, 'p');
    expect(others).toEqual([]);
    expect(await readFile(journal as string, 'utf8')).not.toContain('"did":"n5"');
    bill.failAt = undefined;
    expect((await run()).paid[0]).toBe('n1');
  });

  it('frees a journal that a crash left beside its successor', async () => {
    const { store, bill, make, run } = await largeRun(4, 'n3');
    const [path] = (await journalPaths(store, 'p')) as [string];
    const left = await readFile(path);
    await run();
    const [latest] = (await journalPaths(store, 'p')) as [string];
    await writeFile(path, left);
    await make().pruneCheckpoints({ keepLast: 100 });
    expect(await journalPaths(store, 'p')).toHaveLength(1);
    expect(await journalPaths(store, 'p')).not.toContain(latest);
    bill.failAt = undefined;
    expect((await run()).paid).toEqual(['n3']);
  });

  it('keeps what its journal cannot tell: the later state that only a file has', async () => {
    const { store, bill, make, run } = await largeRun(6, 'n2');
    const [old] = (await journalPaths(store, 'p')) as [string];
    const journal = await readFile(old);
    bill.failAt = 'n5';
    await run();
    for (const path of await journalPaths(store, 'p')) await rename(path, join(store.checkpointDir, 'lost'));
    await writeFile(old, journal);
    await make().pruneCheckpoints({ keepLast: 1, maxAgeMs: 1 });
    bill.failAt = undefined;
    expect((await run()).paid).toEqual(['n5']);
  });

  it('never makes an earlier run the latest, although its journal is the only one left', async () => {
    const { store, bill, make, run } = await largeRun(12, 'n10');
    const [old] = (await journalPaths(store, 'p')) as [string];
    bill.failAt = 'n2';
    await run({ fresh: true });
    for (const path of await journalPaths(store, 'p')) if (path !== old) await rm(path);
    const { skipped } = await make().pruneCheckpoints({ keepLast: 1 });
    expect(skipped).toEqual([]);
    bill.failAt = undefined;
    expect((await run()).paid[0]).toBe('n2');
  });

  it('is no way for a single deletion either to make an earlier run the latest', async () => {
    const { store, bill, make, run } = await largeRun(12, 'n10');
    const [old] = (await journalPaths(store, 'p')) as [string];
    const [position] = (await positionIds(store, 'p')) as [string];
    bill.failAt = 'n2';
    await run({ fresh: true });
    expect(await make().deleteCheckpoint(position)).toBe(true); // the latest run has a journal
    const [other] = (await positionIds(store, 'p')) as [string];
    for (const path of await journalPaths(store, 'p')) if (path !== old) await rm(path);
    expect(await make().deleteCheckpoint(other)).toBe(false);
    expect((await make().listCheckpoints()).map(({ checkpointId }) => checkpointId)).toContain(other);
    bill.failAt = undefined;
    expect((await run()).paid[0]).toBe('n2');
  });

  it('leaves no directory of a plan of which nothing is left', async () => {
    const { store, make, run } = await largeRun(4);
    expect((await make().pruneCheckpoints({ deleteOnSuccess: true })).freedPlans).toEqual(['p']);
    expect(await readdir(store.checkpointDir)).toEqual([]);
    expect((await run()).paid).toHaveLength(4);
    expect(await filesOf(store, 'p')).toContain('.journal-1');
  });

  it('removes a complete plan whose checkpoints were all deleted, when it is old', async () => {
    const { store, make } = await largeRun(4);
    for (const { checkpointId } of await make().listCheckpoints()) await make().deleteCheckpoint(checkpointId);
    const host = { now: () => Date.now() + 1_000 };
    expect((await make().pruneCheckpoints({ maxAgeMs: 1_000 * 3_600 })).freedPlans).toEqual([]);
    expect((await make({ host }).pruneCheckpoints({ maxAgeMs: 500 })).freedPlans).toEqual(['p']);
    expect(await readdir(store.checkpointDir)).toEqual([]);
  });

  it('never touches what was set aside as damaged, nor what is not ours', async () => {
    const { store, make } = await largeRun(4);
    const kept = ['.damaged-journal-1-0a', 'notes.txt'];
    for (const name of kept) await writeFile(join(store.checkpointDir, 'p', name), name);
    await make().pruneCheckpoints({ deleteOnSuccess: true });
    expect((await filesOf(store, 'p')).filter((name) => !name.startsWith('.lock-'))).toEqual(kept);
  });

  it.each<[string, string, (store: WorkflowPersistenceManager) => Promise<void>]>([
    ['a damaged checkpoint', 'CHECKPOINT_CORRUPT', (store) => changeOldest(store, (text) => text.replace('n0', 'm0'))],
    ['a damaged journal', 'CHECKPOINT_CORRUPT', (store) => rotFirst(store, (line) => line.includes('"n2"'))],
    ['a damaged header', 'CHECKPOINT_CORRUPT', (store) => rotFirst(store, (_, index) => index === 0)],
    [
      'a checkpoint of a newer version',
      'CHECKPOINT_VERSION_UNSUPPORTED',
      (store) => changeOldest(store, (text) => text.replace('"schema_version": "2.0"', '"schema_version": "3.0"')),
    ],
  ])('leaves a plan with %s as it is, and prunes the others', async (_, code, spoil) => {
    const { store, make, bill } = await largeRun(4);
    await plannerFor(store, bill, { checkpointInterval: 1 }).executePlan(chainPlan(3, 'q'));
    await spoil(store);
    const before = sumsOf(join(store.checkpointDir, 'p'));
    const policy = { keepLast: 1, maxAgeMs: 1, deleteOnSuccess: true };
    for (const dryRun of [true, false]) {
      const report = await make().pruneCheckpoints({ ...policy, dryRun });
      expect(report).toMatchObject({ freedPlans: ['q'], skipped: [{ planId: 'p', error: { code, planId: 'p' } }] });
    }
    expect(sumsOf(join(store.checkpointDir, 'p'))).toEqual(before);
  });

  it('treats a plan whose name is no name for a directory like any other', async () => {
    const store = await fileStore();
    const planner = plannerFor(store, payer(), { checkpointInterval: 1 });
    for (const id of ['Kunde Müller/Film 1', '..', '~']) await planner.executePlan(chainPlan(3, id));
    expect((await planner.pruneCheckpoints({ keepLast: 1 })).deleted).toHaveLength(9);
    expect((await planner.pruneCheckpoints({ deleteOnSuccess: true })).freedPlans.toSorted()).toEqual([
      '..',
      'Kunde Müller/Film 1',
      '~',
    ]);
    expect(await readdir(store.checkpointDir)).toEqual([]);
  });

  it('names a damaged plan that does not tell its name any more by its directory', async () => {
    const store = await fileStore();
    const planner = plannerFor(store, payer(), { checkpointInterval: 1 });
    await planner.executePlan(chainPlan(1, 'a/b'));
    const [directory] = (await readdir(store.checkpointDir)) as [string];
    for (const name of await filesOf(store, directory))
      await writeFile(join(store.checkpointDir, directory, name), 'rot');
    const { deleted, skipped } = await planner.pruneCheckpoints({ keepLast: 1, deleteOnSuccess: true });
    expect({ deleted, skipped }).toMatchObject({
      deleted: [],
      skipped: [{ planId: directory, error: { code: 'CHECKPOINT_CORRUPT' } }],
    });
  });

  it('counts files of the Python original, which lie flat, and touches none of another plan', async () => {
    const fixtures = fileURLToPath(new URL('../../fixtures/python-1.0/', import.meta.url));
    const names = (await readdir(fixtures)).sort();
    const checkpointDir = join(await temporaryDirectory(), 'checkpoints');
    await mkdir(checkpointDir);
    for (const name of names) await copyFile(join(fixtures, name), join(checkpointDir, name));
    const other = (await readFile(join(fixtures, names[0] as string), 'utf8')).replaceAll('film-plan', 'song-plan');
    await writeFile(join(checkpointDir, 'song-plan_20261124_020702_38f953c3.json'), other);
    const [kept, old] = names as [string, string];
    await mkdir(join(checkpointDir, 'film-plan'));
    await rename(join(checkpointDir, old), join(checkpointDir, 'film-plan', old));
    const stranger = (await readFile(join(fixtures, old), 'utf8')).replaceAll('"film-plan"', '"song-plan"');
    await writeFile(join(checkpointDir, old), stranger); // as old, and of the plan that is kept
    const planner = new MetaPlanner({ checkpointDir });
    const { deleted, skipped } = await planner.pruneCheckpoints({ keepLast: 1, planId: 'film-plan' });
    expect({ deleted, skipped }).toEqual({
      deleted: [{ checkpointId: 'film-plan_20261124_020702_f5e0375f', planId: 'film-plan' }],
      skipped: [],
    });
    expect((await readdir(checkpointDir)).sort()).toEqual([kept, old, 'song-plan_20261124_020702_38f953c3.json']);
  });

  it('loses nothing that was paid, whatever happened to a plan and whatever the policy', async () => {
    const seed = testSeed();
    const { pick } = randomFrom(seed);
    for (let round = 0; round < atLevel(5, 40); round++) {
      const store = await fileStore();
      const story: string[] = [`seed ${seed}, round ${round}`];
      const bill = payer(round % 2 === 0 ? 2 * large : 10);
      const planner = plannerFor(store, bill, { checkpointInterval: pick([1, 2, undefined]) });
      const plan = chainPlan(6, 'p');
      /** How far the latest run is. */
      let done = 0;
      for (let step = 0; step < 8; step++) {
        const act = pick(['go on', 'go on', 'fresh', 'branch', 'delete', 'prune', 'prune', 'prune']);
        const listed = await planner.listCheckpoints();
        const chosen = listed.length > 0 ? pick(listed) : undefined;
        const isRun = ['go on', 'fresh', 'branch'].includes(act);
        bill.failAt = isRun ? pick(['n1', 'n3', 'n5', undefined]) : undefined;
        story.push(`${act}${isRun ? ` until ${bill.failAt}` : ''}`);
        bill.calls.splice(0);
        const from = act === 'go on' ? done : act === 'branch' ? (chosen?.completedNodes ?? done) : 0;
        if (isRun) {
          const at = act === 'branch' ? chosen?.checkpointId : undefined;
          const options = { plan, fresh: act === 'fresh', ...(at !== undefined && { checkpointId: at }) };
          const { executionSummary } = await planner.executeWithResume(tides, options);
          expect({ story, first: bill.calls[0] ?? 'none' }).toEqual({ story, first: from < 6 ? `n${from}` : 'none' });
          done = executionSummary.completed;
        } else if (act === 'delete' && chosen !== undefined) await planner.deleteCheckpoint(chosen.checkpointId);
        else if (act === 'prune') {
          const policy = pick([{ keepLast: 1 }, { keepLast: 3 }, { maxAgeMs: 1 }, { deleteOnSuccess: true }]);
          story.push(JSON.stringify(policy));
          const { freedPlans, skipped } = await planner.pruneCheckpoints(policy);
          expect({ story, skipped }).toEqual({ story, skipped: [] });
          expect({ story, freed: freedPlans.length > 0 && done < 6 }).toEqual({ story, freed: false });
          if (freedPlans.length > 0) done = 0;
        }
      }
      bill.failAt = undefined;
      bill.calls.splice(0);
      await planner.executeWithResume(tides, { plan });
      expect({ story, paid: bill.calls }).toEqual({ story, paid: plan.rootNodes.map(({ id }) => id).slice(done) });
    }
  }, 300_000);
});

async function changeOldest(store: WorkflowPersistenceManager, change: (text: string) => string): Promise<void> {
  const oldest = (await filesOf(store, 'p')).find((name) => name.startsWith('cp-')) as string;
  const path = join(store.checkpointDir, 'p', oldest);
  await writeFile(path, change(await readFile(path, 'utf8')));
}

async function rotFirst(
  store: WorkflowPersistenceManager,
  find: (line: string, index: number) => boolean,
): Promise<void> {
  const [path] = (await journalPaths(store, 'p')) as [string];
  await rotLine(path, find);
}
