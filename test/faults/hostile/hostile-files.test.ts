import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, MetaPlanner, VibeError, WorkflowPersistenceManager, type WorkflowPlanInput } from 'vibe-aigc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storedEntries } from '../../helpers/stored-bytes.js';
import { removeJournals } from '../../helpers/stores.js';
import { fastDirectory } from '../helpers/fast-directory.js';
import { type Fate, hostileFiles } from './hostile-files.js';
import { openFile, sealFile } from './sealed-file.js';

const vibe = { description: 'A film about tides', metadata: { client: 'the sea' } };
const node = (id: string, ...dependencies: string[]) => ({
  id,
  type: 'generate' as const,
  description: '',
  dependencies,
});
const plan: WorkflowPlanInput = { id: 'film', sourceVibe: vibe, rootNodes: [node('first'), node('second', 'first')] };
const codes: Readonly<Record<Fate, string>> = {
  corrupt: 'CHECKPOINT_CORRUPT',
  version: 'CHECKPOINT_VERSION_UNSUPPORTED',
  carried: 'none',
  mended: 'none',
};
const ends: Readonly<Record<Fate, string>> = {
  corrupt: 'ends in an error',
  version: 'ends in an error',
  carried: 'is data like any other',
  mended: 'does no harm',
};
const untouched = Object.getOwnPropertyNames(Object.prototype);

let base: string;
let checkpointDir: string;
let calls: string[];

beforeEach(async () => {
  base = await mkdtemp(join(fastDirectory, 'vibe-aigc-hostile-'));
  checkpointDir = join(base, 'checkpoints');
  calls = [];
});

afterEach(async () => {
  await rm(base, { recursive: true, force: true });
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(untouched);
});

/** Handlers by type and by tool; the second node fails once. */
function openPlanner(isFailing = false): MetaPlanner {
  const work = ({ id }: { id: string }) => {
    calls.push(id);
    if (isFailing && id === 'second') throw new Error('no');
    return { made: id };
  };
  return new MetaPlanner({ checkpointDir, handlers: { generate: work, default: work, tools: { paint: work } } });
}

/** A run that failed at its second node: one file, which has the output of the first, and no journal. */
async function leaveFile(): Promise<{ path: string; checkpointId: string }> {
  const { persistenceInfo } = await openPlanner(true).executeWithResume(vibe, { plan });
  await removeJournals({ checkpointDir });
  const checkpointId = persistenceInfo.lastCheckpointId ?? '';
  const store = new WorkflowPersistenceManager({ checkpointDir });
  for (const { checkpointId: other } of await store.listCheckpoints()) {
    if (other !== checkpointId) await store.deleteCheckpoint(other);
  }
  calls = [];
  return { path: join(checkpointDir, 'film', `${checkpointId}.json`), checkpointId };
}

/** The code of the error, or `none`; anything that is no error of ours is thrown on. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    if (VibeError.is(error)) return error.code;
    throw error;
  }
}

describe(`${hostileFiles.length} hostile checkpoint files whose checksums are right`, () => {
  it('are made as the library makes them', async () => {
    const { path } = await leaveFile();
    const text = readFileSync(path, 'utf8');
    expect(sealFile(openFile(text))).toBe(text);
  });

  for (const [index, { name, fate, change, isOfAnotherVibe }] of hostileFiles.entries()) {
    it(`${index + 1}: ${name} ${ends[fate]}`, async () => {
      const { path, checkpointId } = await leaveFile();
      const sound = openFile(readFileSync(path, 'utf8'));
      const hostile = sealFile(change(sound));
      expect(hostile).not.toBe(sealFile(sound));
      writeFileSync(path, hostile);
      const store = new WorkflowPersistenceManager({ checkpointDir });

      const listed = await store.listCheckpoints();
      expect(listed.map((summary) => summary.checkpointId)).toEqual([checkpointId]);
      expect(await codeOf(store.loadCheckpoint(checkpointId))).toBe(isSeenOnlyInUse.has(name) ? 'none' : codes[fate]);
      const ended = await codeOf(openPlanner().executeWithResume(vibe, { checkpointId }));
      const mayEndAs = fate === 'corrupt' ? [codes[fate], 'CHECKPOINT_MISMATCH'] : [codes[fate]];
      expect(isOfAnotherVibe ? ['CHECKPOINT_MISMATCH'] : mayEndAs).toContain(ended);
      if (ended !== 'none') expect(calls).toEqual([]);
      else expect(calls).toEqual(['second']);
      expect(readFileSync(path, 'utf8') === hostile).toBe(true); // whatever comes of it, the file is left as it was
      if (fate === 'carried') await expectCarried(store, hostile, checkpointId);

      expect(await store.deleteCheckpoint(checkpointId)).toBe(true);
      expect(storedEntries(base).some(({ path: way }) => way.includes('escape'))).toBe(false);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });
  }
});

/** What no schema can see: it takes the graph of the plan. */
const isSeenOnlyInUse = new Set([
  'no nodes',
  'the same node twice',
  'a node that depends on itself',
  'a node that depends on nobody',
  'the result of a stranger',
]);

/** Saved again under another id, the same fields stand there, with the same bytes. */
async function expectCarried(store: WorkflowPersistenceManager, hostile: string, checkpointId: string): Promise<void> {
  const loaded = (await store.loadCheckpoint(checkpointId)) as Checkpoint;
  await store.saveCheckpoint(loaded);
  const again = readFileSync(join(checkpointDir, 'film', `${checkpointId}.json`), 'utf8');
  const [was, is] = [openFile(hostile), openFile(again)];
  expect(Object.keys(is.body).toSorted()).toEqual(Object.keys(was.body).toSorted());
  for (const [name, value] of Object.entries(was.body)) {
    expect(JSON.stringify(is.body[name]) === JSON.stringify(value), name).toBe(true);
  }
}
