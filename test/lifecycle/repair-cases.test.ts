import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  MemoryPersistenceManager,
  MetaPlanner,
  type PersistenceManager,
  WorkflowPersistenceManager,
  type WorkflowPlanInput,
} from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { MapStore } from '../../examples/custom-store.js';
import { failedRun, fileChanges, rotted } from '../helpers/damaged-run.js';
import {
  chainPlan,
  journalPaths,
  payer,
  plannerFor,
  positionIds,
  rewriteJournal,
  rotLine,
} from '../helpers/journal-files.js';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';
import { fileStore } from '../helpers/stores.js';

const done = (nodeId: string) => `"node_id":"${nodeId}","status":"completed"`;
const lost = (run: { paidAgain: ReadonlyArray<{ nodeId: string }> }) => run.paidAgain.map(({ nodeId }) => nodeId);

describe('a run of two epochs', () => {
  it('is salvaged from the journal of the second, where the first is gone', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    run.provider.mend().failAt('review');
    await run.callsOfResume(false);
    await run.keepFiles(1);
    await run.change('.journal-2', (lines) => rotted(rotted(lines, done('script')), done('cut')));
    const report = await run.repair();
    expect(report).toMatchObject({ kept: ['shots', 'music'], toRun: ['script', 'cut', 'review'] });
    expect(report.staleInputs).toEqual([
      { nodeId: 'shots', dependencies: ['script'] },
      { nodeId: 'music', dependencies: ['script'] },
    ]);
    expect(lost(report)).toEqual(['script', 'cut']);
    expect((await run.callsOfResume()).calls).toEqual(report.toRun);
  });

  it('is salvaged from the file of the first, where the journal of the second is no journal any more', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    run.provider.mend().failAt('review');
    await run.callsOfResume(false);
    await run.keepFiles(2);
    await run.spoil('.journal-2', () => Buffer.from('\n\n\n'));
    await expect(run.callsOfResume()).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
    const report = await run.repair();
    expect(report).toMatchObject({ kept: ['script', 'shots', 'music'], toRun: ['cut', 'review'] });
    expect((await run.callsOfResume()).calls).toEqual(['cut', 'review']);
  });
});

describe('a journal that was set aside', () => {
  it('gives back what an earlier call went on without', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    await run.keepFiles(1);
    await run.change('.journal-1', (lines) => rotted(lines, done('shots')));
    run.provider.mend().failAt('shots').calls.length = 0;
    await run.make().executeWithResume(tides, { planId: 'film', onCorrupt: 'fallback' });
    expect(run.provider.calls).toEqual(['shots', 'music']);
    await run.keepFiles(1);
    await run.change('.journal-2', (lines) => rotted(lines, done('music')));
    const report = await run.repair();
    expect(report).toMatchObject({ kept: ['script', 'music'], staleInputs: [], toRun: ['shots', 'cut', 'review'] });
    expect((await run.callsOfResume()).calls).toEqual(['shots', 'cut', 'review']);
  });

  it('gives back what it has, also when nothing is damaged any more', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    await run.keepFiles(1);
    await run.change('.journal-1', (lines) => rotted(lines, done('shots')));
    const aborting = new AbortController();
    run.provider.mend().holdAt('shots');
    const resumed = run
      .make()
      .executeWithResume(tides, { planId: 'film', onCorrupt: 'fallback', signal: aborting.signal });
    await run.provider.reached('shots');
    aborting.abort();
    run.provider.failAt('shots').open('shots');
    await resumed;
    const report = await run.repair();
    expect(report.kept).toEqual(['script', 'music']);
    expect(report.damage).toMatchObject([{ reason: 'it was set aside earlier' }]);
    expect((await run.callsOfResume()).calls).toEqual(['shots', 'cut', 'review']);
    expect((await run.repair()).damage).toEqual([]);
  });

  it('tells of a result that was made from an output which was made again since', async () => {
    const run = await failedRun(filmPlan(), 'review');
    await run.keepFiles(1);
    await run.change('.journal-1', (lines) => rotted(lines, done('shots')));
    run.provider.mend().failAt('cut').calls.length = 0;
    await run.make().executeWithResume(tides, { planId: 'film', onCorrupt: 'fallback' });
    expect(run.provider.calls).toEqual(['shots', 'music', 'cut']);
    const dry = await run.repair({ dryRun: true });
    expect(dry.staleInputs).toEqual([{ nodeId: 'cut', dependencies: ['shots', 'music'] }]);
    const report = await run.repair({ onLostInput: 'rerun' });
    expect(report).toMatchObject({ kept: ['script', 'shots', 'music'], toRun: ['cut', 'review'], staleInputs: [] });
    expect((await run.callsOfResume()).calls).toEqual(['cut', 'review']);
  });
});

describe('a checkpoint file that was brought back', () => {
  it('adds what the run lacks, and takes back nothing that was made again since', async () => {
    const run = await failedRun(filmPlan(), 'review');
    const newest = (await run.files()).at(-1) as string;
    const backup = await readFile(join(run.directory, newest));
    await run.keepFiles(1);
    await run.change('.journal-1', (lines) => rotted(lines, done('shots')));
    run.provider.mend().failAt('cut');
    await run.make().executeWithResume(tides, { planId: 'film', onCorrupt: 'fallback' });
    await writeFile(join(run.directory, newest), backup);
    await run.change('.journal-2', (lines) => rotted(lines, '"node_id":"cut","status":"failed"'));

    const report = await run.repair();
    expect(report).toMatchObject({ kept: ['script', 'shots', 'music', 'cut'], toRun: ['review'] });
    expect(report.staleInputs).toEqual([{ nodeId: 'cut', dependencies: ['shots', 'music'] }]);
    const saved = await run.make().getCheckpoint(report.checkpointId as string);
    const { result, calls } = await run.callsOfResume();
    expect(calls).toEqual(['review']);
    for (const nodeId of report.kept) expect(result.nodeResults[nodeId]).toEqual(saved.nodeResults[nodeId]);
  });
});

describe('checkpoints that are positions in the journal', () => {
  it('can be returned to where they stand before the damage, and are named where they stand behind it', async () => {
    const store = await fileStore();
    const bill = payer(80_000, 'n19');
    const make = () => plannerFor(store, bill, { checkpointInterval: 1 });
    await make().executeWithResume(tides, { plan: chainPlan(20) });
    const listed = await positionIds(store, 'chain');
    expect(listed.length).toBeGreaterThan(5);
    const [path = ''] = await journalPaths(store, 'chain');
    const at = listed.length - 3; // newest first: the third from the beginning is the last one before the damage
    const { completedNodes = [] } = await make().getCheckpoint(listed[at] as string);
    await rotLine(path, (line) => line.includes(done(`n${completedNodes.length}`)));
    for (const name of await readdir(join(store.checkpointDir, 'chain')))
      if (name.endsWith('.json')) await truncate(join(store.checkpointDir, 'chain', name), 600);

    const report = await make().repairCheckpoints({ planId: 'chain' });
    expect(report.toRun).toEqual([`n${completedNodes.length}`, 'n19']);
    const gone = report.damage.find(({ location }) => location === path)?.checkpointIds ?? [];
    expect([...gone].sort()).toEqual(listed.slice(0, at).sort());
    const left = await positionIds(store, 'chain');
    expect(left).toEqual(listed.slice(at));
    for (const id of left) expect((await make().getCheckpoint(id)).completedNodes.length).toBeGreaterThan(0);
    bill.calls.length = 0;
    bill.failAt = '';
    await make().executeWithResume(tides, { planId: 'chain' });
    expect(bill.calls).toEqual(report.toRun);
  });
});

describe('a damaged journal that somebody deleted, and then missed', () => {
  it('is salvaged from where it was put', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    await run.keepFiles(1);
    await run.change('.journal-1', ([header = '', ...lines]) => [`${header.slice(0, -1)}#`, ...lines]);
    const error = await run.callsOfResume().catch((thrown) => thrown);
    expect(await run.make().deleteCheckpoint(error.checkpointId)).toBe(true);
    expect(await run.repair()).toMatchObject({ kept: ['script', 'shots', 'music'], toRun: ['cut', 'review'] });
    expect((await run.callsOfResume()).calls).toEqual(['cut', 'review']);
  });
});

describe('onLostInput', () => {
  const damaged = async () => {
    const run = await failedRun(filmPlan(), 'review');
    await run.keepFiles(1);
    await run.change('.journal-1', (lines) => rotted(lines, done('shots')));
    return run;
  };

  it("'keep', the default, keeps what was made from a lost result, and says so", async () => {
    const run = await damaged();
    const report = await run.repair();
    expect(report).toMatchObject({ kept: ['script', 'music', 'cut'], toRun: ['shots', 'review'] });
    expect(report.staleInputs).toEqual([{ nodeId: 'cut', dependencies: ['shots'] }]);
    expect((await run.callsOfResume()).calls).toEqual(['shots', 'review']);
  });

  it("'rerun' drops it, and all that was made from it", async () => {
    const run = await damaged();
    const report = await run.repair({ onLostInput: 'rerun' });
    expect(report).toMatchObject({ kept: ['script', 'music'], toRun: ['shots', 'cut', 'review'], staleInputs: [] });
    expect(report.paidAgain).toEqual([
      { nodeId: 'shots', reason: 'its record is damaged' },
      { nodeId: 'cut', reason: 'an input of it is made again' },
    ]);
    expect((await run.callsOfResume()).calls).toEqual(['shots', 'cut', 'review']);
  });

  it("'rerun' also drops what an earlier repair kept", async () => {
    const run = await damaged();
    await run.repair();
    await run.keepFiles(1);
    await run.change('.journal-2', (lines) => rotted(lines, done('music')));
    const report = await run.repair({ onLostInput: 'rerun' });
    expect(report).toMatchObject({ kept: ['script', 'music'], toRun: ['shots', 'cut', 'review'] });
    expect((await run.callsOfResume()).calls).toEqual(['shots', 'cut', 'review']);
  });
});

describe('composites and parents', () => {
  const of = (id: string, dependencies: string[] = []) => ({
    id,
    type: 'generate' as const,
    description: id,
    dependencies,
  });
  const plan: WorkflowPlanInput = {
    id: 'nested',
    sourceVibe: tides,
    rootNodes: [
      of('brief'),
      { ...of('scenes', ['brief']), type: 'composite', children: [of('scene-1'), of('scene-2', ['scene-1'])] },
      { ...of('board', ['brief']), children: [of('frame-1'), of('frame-2', ['board'])] },
      of('cut', ['scenes', 'board']),
      of('end', ['cut']),
    ],
  };
  const nestedRun = async (text: string) => {
    const store = await fileStore();
    const provider = new Provider().failAt('end');
    const { handler } = provider;
    const handlers = { generate: handler };
    const make = () => new MetaPlanner({ persistenceManager: store, concurrency: 1, handlers });
    await make().executeWithResume(tides, { plan });
    const directory = join(store.checkpointDir, 'nested');
    const { change, spoil } = fileChanges(directory);
    const [, newest = ''] = (await readdir(directory)).filter((name) => name.endsWith('.json')).sort();
    await spoil(newest, () => Buffer.alloc(0));
    await change('.journal-1', (lines) => rotted(lines, text));
    provider.mend().calls.length = 0;
    return { provider, make };
  };

  it('a lost child is paid for again, and its composite is made anew at no cost', async () => {
    const { provider, make } = await nestedRun(done('scene-1'));
    const report = await make().repairCheckpoints({ planId: 'nested' });
    expect(lost(report)).toEqual(['scene-1']);
    expect(report.toRun).toEqual(['scene-1', 'end']);
    expect(report.staleInputs).toEqual([
      { nodeId: 'scene-2', dependencies: ['scene-1'] },
      { nodeId: 'cut', dependencies: ['scenes'] },
    ]);
    const result = await make().executeWithResume(tides, { planId: 'nested' });
    expect(result.status).toBe('completed');
    expect(provider.calls.sort()).toEqual(['end', 'scene-1']);
    expect(Object.keys(result.outputs.scenes as object)).toEqual(['scene-1', 'scene-2']);
  });

  it('a lost parent is paid for again, and its children are kept', async () => {
    const { provider, make } = await nestedRun(done('board'));
    const report = await make().repairCheckpoints({ planId: 'nested' });
    expect(report).toMatchObject({ toRun: ['board', 'end'] });
    expect(report.staleInputs.map(({ nodeId }) => nodeId)).toEqual(['frame-1', 'frame-2', 'cut']);
    expect((await make().executeWithResume(tides, { planId: 'nested' })).status).toBe('completed');
    expect(provider.calls.sort()).toEqual(['board', 'end']);
  });

  it('a composite whose own record is lost costs nothing', async () => {
    const { provider, make } = await nestedRun('"composite_completed"');
    const report = await make().repairCheckpoints({ planId: 'nested' });
    expect(report).toMatchObject({ paidAgain: [], toRun: ['end'] });
    expect((await make().executeWithResume(tides, { planId: 'nested' })).status).toBe('completed');
    expect(provider.calls).toEqual(['end']);
  });
});

describe('a repair that is refused', () => {
  it('of a plan that nobody knows makes nothing', async () => {
    const store = await fileStore();
    const planner = new MetaPlanner({ persistenceManager: store });
    await expect(planner.repairCheckpoints({ planId: 'nobody' })).rejects.toMatchObject({
      code: 'CHECKPOINT_NOT_FOUND',
      planId: 'nobody',
    });
    await expect(readdir(store.checkpointDir)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('while the plan is running names the holder', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    run.provider.mend().holdAt('cut');
    const running = run.make().executeWithResume(tides, { planId: 'film' });
    await run.provider.reached('cut');
    await expect(run.repair()).rejects.toMatchObject({ code: 'PLAN_LOCKED', holder: { pid: process.pid } });
    run.provider.open('cut');
    expect((await running).status).toBe('completed');
  });

  it.each([
    ['the journal', (texts: string[]) => texts.map((text, at) => (at === 0 ? text.replace('"v":1', '"v":2') : text))],
    ['a record', (texts: string[]) => [...texts, '{"kind":"node_paused","node_id":"cut"}']],
  ])('because %s is of a newer version touches nothing', async (_, change) => {
    const run = await failedRun(filmPlan(), 'cut');
    await rewriteJournal(join(run.directory, '.journal-1'), change);
    await run.spoil((await run.files())[0] as string, () => Buffer.from('{}'));
    const before = await run.names();
    await expect(run.repair()).rejects.toMatchObject({ code: 'CHECKPOINT_VERSION_UNSUPPORTED' });
    expect(await run.names()).toEqual(before);
  });

  it('because a checkpoint file is of a newer version touches nothing', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    await run.change('.journal-1', (lines) => rotted(lines, done('shots')));
    await run.spoil((await run.files())[0] as string, (bytes) =>
      Buffer.from(bytes.toString().replace('"schema_version": "2.0"', '"schema_version": "3.0"')),
    );
    const before = await run.names();
    await expect(run.repair()).rejects.toMatchObject({ code: 'CHECKPOINT_VERSION_UNSUPPORTED' });
    expect(await run.names()).toEqual(before);
  });

  it('because nothing tells the vibe and the plan says so, and touches nothing', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    await run.keepFiles(0);
    await run.change('.journal-1', ([header = '', ...lines]) => [`${header.slice(0, -1)}#`, ...lines]);
    const before = await run.names();
    const error = await run.repair().catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'CHECKPOINT_CORRUPT', planId: 'film', isBeyondRepair: true });
    expect(error.message).toMatch(/so it cannot be repaired\) at .*\.journal-1\. Start over with fresh: true\.$/);
    expect(await run.names()).toEqual(before);
  });

  it('because it cannot be told which of several runs is the latest, offers the one before', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    await run.make().executeWithResume(tides, { planId: 'film', fresh: true });
    await run.make().executeWithResume(tides, { planId: 'film', fresh: true });
    const files = await run.files();
    await run.keepFiles(files.length - 2);
    await run.spoil('.journal-3', () => Buffer.alloc(10));
    const error = await run.repair().catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'CHECKPOINT_CORRUPT', isBeyondRepair: true });
    expect(`${error.fallbackCheckpointId}.json`).toBe(files.at(-3));
  });

  it('after close, or with a signal that is aborted, does nothing', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    const planner = run.make();
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(planner.repairCheckpoints({ planId: 'film', signal })).rejects.toBe(reason);
    await planner.close();
    await expect(planner.repairCheckpoints({ planId: 'film' })).rejects.toMatchObject({ code: 'PLANNER_CLOSED' });
  });

  it('of a mistyped option is a TypeError', async () => {
    const planner = new MetaPlanner({ persistenceManager: new MemoryPersistenceManager() });
    const call = (options: object) => planner.repairCheckpoints(options as { planId: string });
    await expect(call({ planId: 'film', dryrun: true })).rejects.toThrow('Did you mean "dryRun"?');
    await expect(call({ planId: 7 })).rejects.toThrow('"planId"');
    await expect(call({ planId: 'film', onLostInput: 'drop' })).rejects.toThrow("'keep' or 'rerun'");
  });
});

describe('what is from elsewhere', () => {
  it('a line of another journal is not taken for one of this run', async () => {
    const twin = await failedRun(filmPlan(), 'cut');
    await twin.provider.mend();
    const other = await failedRun({ ...filmPlan(), sourceVibe: { ...tides, description: 'Another film' } }, 'cut');
    const [line] = (await readFile(join(other.directory, '.journal-1'), 'utf8'))
      .split('\n')
      .filter((text) => text.includes(done('shots')));
    await twin.keepFiles(1);
    await twin.change('.journal-1', (lines) => lines.map((text) => (text.includes(done('shots')) ? `${line}` : text)));
    const report = await twin.repair();
    expect(report.kept).toEqual(['script', 'music']);
    expect((await twin.callsOfResume()).calls).toEqual(['shots', 'cut', 'review']);
  });

  it('a result for a node that the plan lacks is not kept', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    await run.keepFiles(1);
    await rewriteJournal(join(run.directory, '.journal-1'), (texts) =>
      texts.map((text) => text.replace('"node_id":"shots"', '"node_id":"stranger"')),
    );
    const report = await run.repair();
    expect(report).toMatchObject({ kept: ['script', 'music'], toRun: ['shots', 'cut', 'review'] });
    expect((await run.callsOfResume()).calls).toEqual(report.toRun);
  });
});

describe('a store that cannot put anything aside', () => {
  const stores: Record<string, () => PersistenceManager> = {
    'the memory store': () => new MemoryPersistenceManager(),
    'a store of twenty lines': () => new MapStore(),
  };
  for (const [name, create] of Object.entries(stores)) {
    it(`${name} gets a new checkpoint, and the damaged one is named`, async () => {
      const store = create();
      const provider = new Provider().failAt('cut');
      const persistenceManager = withDamage(store);
      const make = () =>
        new MetaPlanner({
          persistenceManager,
          concurrency: 1,
          checkpointInterval: 1,
          handlers: { default: provider.handler },
        });
      await make().executeWithResume(tides, { plan: filmPlan() });
      const [newest, before] = await store.listCheckpoints({ planId: 'film' });
      persistenceManager.damagedIds.add(newest?.checkpointId as string);
      await expect(make().executeWithResume(tides, { planId: 'film' })).rejects.toMatchObject({
        code: 'CHECKPOINT_CORRUPT',
      });
      const report = await make().repairCheckpoints({ planId: 'film' });
      expect(report.damage).toMatchObject([{ reason: 'rot', checkpointIds: [newest?.checkpointId] }]);
      expect(report.damage[0]?.movedTo).toBeUndefined();
      expect(report.kept).toHaveLength(before?.completedNodes as number);
      provider.mend().calls.length = 0;
      expect((await make().executeWithResume(tides, { planId: 'film' })).status).toBe('completed');
      expect(provider.calls).toEqual(report.toRun);
    });
  }

  it('with a journal of its own goes on from what its journal says', async () => {
    const run = await failedRun(filmPlan(), 'cut');
    await run.keepFiles(1);
    await run.change('.journal-1', (lines) => rotted(lines, done('shots')));
    const { checkpointDir } = run.store;
    const files = new WorkflowPersistenceManager({ checkpointDir });
    const { journal, locks } = files;
    const persistenceManager: PersistenceManager = {
      journal,
      locks,
      saveCheckpoint: (checkpoint) => files.saveCheckpoint(checkpoint),
      loadCheckpoint: (id) => files.loadCheckpoint(id),
      listCheckpoints: (query) => files.listCheckpoints(query),
      deleteCheckpoint: (id) => files.deleteCheckpoint(id),
    };
    const report = await new MetaPlanner({ persistenceManager }).repairCheckpoints({ planId: 'film' });
    expect(report).toMatchObject({ kept: ['script', 'music'], damage: [{ checkpointIds: [] }] });
    expect((await run.callsOfResume()).calls).toEqual(['shots', 'cut', 'review']);
  });
});

function withDamage(store: PersistenceManager) {
  const damagedIds = new Set<string>();
  return {
    damagedIds,
    saveCheckpoint: (checkpoint: Parameters<PersistenceManager['saveCheckpoint']>[0]) =>
      store.saveCheckpoint(checkpoint),
    loadCheckpoint: async (id: string) => (damagedIds.has(id) ? ({} as never) : store.loadCheckpoint(id)),
    listCheckpoints: async (query?: Parameters<PersistenceManager['listCheckpoints']>[0]) =>
      (await store.listCheckpoints(query)).map((one) => {
        const { checkpointId, planId, createdAt } = one;
        return damagedIds.has(checkpointId) ? { checkpointId, planId, createdAt, damaged: { reason: 'rot' } } : one;
      }),
    deleteCheckpoint: (id: string) => store.deleteCheckpoint(id),
  };
}

describe('a plan that has grown', () => {
  it('keeps what its added nodes returned, from the journal and behind a damage, and from a file', async () => {
    for (const source of ['journal', 'file'] as const) {
      const store = await fileStore();
      const calls: string[] = [];
      let isBroken = true;
      const scenes = ['one', 'two', 'three'].map((id) => ({ id, type: 'generate' as const, description: '' }));
      const planner = new MetaPlanner({
        persistenceManager: store,
        concurrency: 1,
        handlers: {
          default: async ({ id }, { spawn }) => {
            calls.push(id);
            if (id === 'script') await spawn(scenes);
            if (id === 'cut' && isBroken) throw new Error('out of memory');
            return `${id} is done`;
          },
        },
      });
      const plan = {
        id: 'film',
        sourceVibe: tides,
        rootNodes: [
          { id: 'script', type: 'generate' as const, description: '' },
          { id: 'cut', type: 'generate' as const, description: '', dependencies: ['script'] },
        ],
      };
      await planner.executeWithResume(tides, { plan });
      expect(calls).toEqual(['script', 'one', 'two', 'three', 'cut']);
      const directory = join(store.checkpointDir, 'film');
      const { change, spoil } = fileChanges(directory);
      const files = (await readdir(directory)).filter((name) => name.endsWith('.json'));
      if (source === 'journal') {
        for (const name of files) await spoil(name, (bytes) => bytes.subarray(0, 100));
        await change('.journal-1', (lines) => rotted(lines, done('one')));
      } else await spoil('.journal-1', () => Buffer.from('\n\n\n'));
      const report = await planner.repairCheckpoints({ planId: 'film' });
      const kept = source === 'journal' ? ['script', 'two', 'three'] : ['script', 'one', 'two', 'three'];
      expect(report.kept).toEqual(kept);
      isBroken = false;
      calls.length = 0;
      const result = await planner.executeWithResume(tides, { planId: 'film' });
      expect(result.status).toBe('completed');
      expect(calls).toEqual(source === 'journal' ? ['one', 'cut'] : ['cut']);
      expect(Object.keys(result.outputs).sort()).toEqual(['cut', 'one', 'script', 'three', 'two']);
    }
  });
});
