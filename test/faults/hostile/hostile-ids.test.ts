import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  MemoryPersistenceManager,
  MetaPlanner,
  type PersistenceManager,
  WorkflowPersistenceManager,
  type WorkflowPlanInput,
} from 'vibe-aigc';
import { sampleCheckpoint } from 'vibe-aigc/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planDirectoryNames } from '../../../src/stores/file/names.js';
import { storedEntries } from '../../helpers/stored-bytes.js';
import { fastDirectory } from '../helpers/fast-directory.js';
import { impossibleIds, pairs, possibleIds } from './hostile-ids.js';

const vibe = { description: 'A film about tides' };
/** Checkpoint ids of ours, hostile as they may look. */
const ofOurs = ['cp-0sample0000-1', 'cp-live-0-1'];

let parent: string;
let checkpointDir: string;

beforeEach(async () => {
  parent = await mkdtemp(join(fastDirectory, 'vibe-aigc-hostile-'));
  checkpointDir = join(parent, 'checkpoints');
});

afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const stores: Readonly<Record<string, () => PersistenceManager>> = {
  'files on disk': () => new WorkflowPersistenceManager({ checkpointDir }),
  'the memory store': () => new MemoryPersistenceManager(),
};

/** Files or directories that are not where they belong. */
async function escaped(): Promise<string[]> {
  const places = ['/', '/tmp', tmpdir(), fastDirectory, process.cwd(), join(process.cwd(), '..')];
  const found = places.map((place) => join(place, 'escape')).filter((path) => existsSync(path));
  const beside = (await readdir(parent)).filter((name) => name !== 'checkpoints');
  const ways = storedEntries(checkpointDir).map(({ path }) => path);
  const safe =
    /^([A-Za-z0-9_~-][A-Za-z0-9._~-]{0,90}(?<!\.)(\/(cp-[a-z0-9-]+\.json|\.(journal|lock)-\d+(\.released)?))?)?$/;
  return [...found, ...beside, ...ways.filter((way) => !safe.test(way))];
}

function shown(id: string): string {
  const text = JSON.stringify(id);
  return text.length <= 40 ? text : `${text.slice(0, 30)}... (${id.length})`;
}

/** A plan and a node of this id, and one that depends on it. */
function planOf(id: string): WorkflowPlanInput {
  const nodes = [
    { id, type: 'generate' as const, description: id },
    { id: 'after', type: 'transform' as const, description: '', dependencies: [id] },
  ];
  return { id, sourceVibe: vibe, rootNodes: nodes };
}

class Studio {
  calls: string[] = [];
  isFailing = true;

  planner(persistenceManager: PersistenceManager): MetaPlanner {
    return new MetaPlanner({
      persistenceManager,
      checkpointInterval: 1,
      handlers: {
        generate: ({ id }, { plan }) => {
          this.calls.push(id);
          return { made: id, in: plan.id };
        },
        transform: ({ id }, { plan, inputs }) => {
          this.calls.push(id);
          if (this.isFailing) throw new Error('no');
          return { inputs, in: plan.id };
        },
      },
    });
  }
}

/** Runs a plan of this id to a failure. */
async function fail(studio: Studio, store: PersistenceManager, planId: string): Promise<string> {
  studio.isFailing = true;
  const { status, runId, ...result } = await studio.planner(store).executeWithResume(vibe, { plan: planOf(planId) });
  expect({ status, planId: result.planId }).toEqual({ status: 'failed', planId });
  return runId;
}

/** Goes on with it, and pays for nothing twice. */
async function finish(studio: Studio, store: PersistenceManager, planId: string, runId: string): Promise<void> {
  studio.isFailing = false;
  studio.calls = [];
  const result = await studio.planner(store).executeWithResume(vibe, { planId });
  expect(studio.calls).toEqual(['after']);
  expect(result).toMatchObject({ status: 'completed', planId, runId });
  const made = { made: planId, in: planId };
  expect(new Map(Object.entries(result.outputs))).toEqual(
    new Map<string, unknown>([
      [planId, made],
      ['after', { inputs: Object.fromEntries([[planId, made]]), in: planId }],
    ]),
  );
}

async function idsOf(store: PersistenceManager, planId?: string): Promise<string[]> {
  const summaries = await store.listCheckpoints({ planId });
  for (const summary of summaries) {
    expect(summary.damaged).toBeUndefined();
    if (planId !== undefined) expect(summary.planId).toBe(planId);
  }
  return summaries.map(({ checkpointId }) => checkpointId);
}

for (const [kind, makeStore] of Object.entries(stores)) {
  describe(`${possibleIds.length} hostile ids, on ${kind}`, () => {
    for (const [index, id] of possibleIds.entries()) {
      it(`${index + 1}: ${shown(id)} names a plan and a node like any other`, async () => {
        const store = makeStore();
        const studio = new Studio();
        await fail(studio, store, 'neighbour');
        const neighbours = await idsOf(store, 'neighbour');
        const runId = await fail(studio, store, id);
        await finish(studio, store, id, runId);
        const listed = await idsOf(store, id);
        expect(listed.length).toBeGreaterThan(1);
        const planner = studio.planner(store);
        for (const checkpointId of listed) {
          const checkpoint = await planner.getCheckpoint(checkpointId);
          expect(checkpoint).toMatchObject({ planId: id, workflowPlan: { id } });
          expect(Object.keys(checkpoint.nodeResults).every((nodeId) => [id, 'after'].includes(nodeId))).toBe(true);
        }
        for (const checkpointId of listed) await planner.deleteCheckpoint(checkpointId);
        const left = await planner.listCheckpoints({ planId: id });
        expect(left).toEqual([]);
        expect(await idsOf(store, 'neighbour')).toEqual(neighbours);
        expect(await escaped()).toEqual([]);
        expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(untouched);
      });
    }
  });

  describe(`${possibleIds.length + impossibleIds.length} hostile ids, on ${kind}`, () => {
    const ids = [...possibleIds, ...impossibleIds].filter((id) => !ofOurs.includes(id));

    it('name no checkpoint: nothing is found, deleted or saved under them', async () => {
      const store = makeStore();
      await store.saveCheckpoint(sampleCheckpoint());
      const planner = new Studio().planner(store);
      for (const id of ids) {
        expect(await store.loadCheckpoint(id), id).toBeUndefined();
        expect(await store.deleteCheckpoint(id), id).toBe(false);
        expect(await planner.deleteCheckpoint(id), id).toBe(false);
        const notFound = { code: 'CHECKPOINT_NOT_FOUND', checkpointId: id };
        await expect(planner.getCheckpoint(id), id).rejects.toMatchObject(notFound);
        await expect(planner.executeWithResume(vibe, { checkpointId: id }), id).rejects.toMatchObject(notFound);
        const saved = store.saveCheckpoint({ ...sampleCheckpoint(), checkpointId: id });
        await expect(saved, id).rejects.toMatchObject({ code: 'INVALID_ID', id });
      }
      expect(await idsOf(store)).toEqual([sampleCheckpoint().checkpointId]);
      expect(await escaped()).toEqual([]);
    });
  });

  describe(`${impossibleIds.length} ids that no plan can have, on ${kind}`, () => {
    for (const id of impossibleIds) {
      it(`are refused before anything is done: ${shown(id)}`, async () => {
        const store = makeStore();
        const studio = new Studio();
        const planner = studio.planner(store);
        const invalid = { code: 'INVALID_ID', id };
        const plan = { ...planOf('fine'), id };
        await expect(planner.executeWithResume(vibe, { planId: id })).rejects.toMatchObject(invalid);
        await expect(planner.execute(vibe, { planId: id })).rejects.toMatchObject(invalid);
        await expect(planner.plan(vibe, { planId: id })).rejects.toMatchObject(invalid);
        await expect(planner.createCheckpoint({ planId: id })).rejects.toMatchObject(invalid);
        await expect(store.saveCheckpoint({ ...sampleCheckpoint(), planId: id })).rejects.toMatchObject(invalid);
        await expect(planner.executePlan(plan)).rejects.toMatchObject({ code: 'PLAN_INVALID' });
        await expect(planner.executePlan({ ...planOf(id), id: 'fine' })).rejects.toMatchObject({
          code: 'PLAN_INVALID',
        });
        expect(studio.calls).toEqual([]);
        expect(await idsOf(store)).toEqual([]);
        expect(await escaped()).toEqual([]);
      });
    }
  });

  describe(`${pairs.length} pairs of ids that look like one, on ${kind}`, () => {
    const twins = pairs.flatMap(([a, b], index) => [
      { name: `${index + 1}: ${shown(a)} and ${shown(b)}`, first: a, second: b },
      { name: `${index + 1}: ${shown(b)} and ${shown(a)}`, first: b, second: a },
    ]);
    const encoded = planDirectoryNames('a b').encoded;
    const more = { name: `and one that is the directory of the other: ${encoded}`, first: 'a b', second: encoded };
    for (const { name, first, second } of [...twins, more]) {
      it(`are two plans, ${name}`, async () => {
        const store = makeStore();
        const studio = new Studio();
        const runs = [await fail(studio, store, first), await fail(studio, store, second)] as const;
        expect(runs[0]).not.toBe(runs[1]);
        const [listed, others] = [await idsOf(store, first), await idsOf(store, second)];
        expect(listed.filter((checkpointId) => others.includes(checkpointId))).toEqual([]);
        expect([...listed, ...others].toSorted()).toEqual((await idsOf(store)).toSorted());
        await finish(studio, store, second, runs[1]);
        await finish(studio, store, first, runs[0]);
        const planner = studio.planner(store);
        const before = await idsOf(store, second);
        for (const checkpointId of await idsOf(store, first)) await planner.deleteCheckpoint(checkpointId);
        expect(await idsOf(store, second)).toEqual(before);
        studio.calls = [];
        await studio.planner(store).executeWithResume(vibe, { planId: second });
        expect(studio.calls).toEqual([]);
        expect(await escaped()).toEqual([]);
      });
    }
  });
}

const untouched = Object.getOwnPropertyNames(Object.prototype);
