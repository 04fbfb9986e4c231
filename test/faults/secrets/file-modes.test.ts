import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MetaPlanner, WorkflowPersistenceManager } from 'vibe-aigc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storedEntries } from '../../helpers/stored-bytes.js';
import { temporaryDirectory } from '../../helpers/stores.js';
import type { Operation } from '../child/protocol.js';
import { isFull } from '../helpers/level.js';
import { Scratch, type Task } from '../helpers/scratch.js';
import { type EndedProcess, operationsOf } from '../helpers/victim-process.js';

let umask: number;

beforeAll(() => {
  umask = process.umask(0); // nothing is taken away from what a program asks for; child processes have it too
});

afterAll(() => {
  process.umask(umask);
});

/** What anybody but the owner may read, write or enter, and what is not as it is documented. */
function tooOpen(directory: string): string[] {
  return storedEntries(directory)
    .filter(({ mode, bytes }) => mode !== (bytes === undefined ? 0o700 : 0o600))
    .map(({ path, mode }) => `${path || '.'} has ${mode.toString(8)}`);
}

const makers = ['open', 'mkdir', 'link', 'rename', 'writeFile'];

/** Those that make a file or give it a name, the first of each kind; at the full level all. */
function makingPoints(calm: EndedProcess): Operation[] {
  const making = operationsOf(calm).filter(({ kind }) => makers.includes(kind));
  const shape = ({ kind, file }: Operation) => `${kind} ${file.replaceAll(/cp-.*|[0-9a-f]{32}|\d+/g, '#')}`;
  return isFull ? making : [...new Map(making.toReversed().map((operation) => [shape(operation), operation])).values()];
}

describe.skipIf(process.platform === 'win32')('with no umask at all', () => {
  it('a file that asks for nothing is for everybody, so that these tests can tell', async () => {
    const directory = await temporaryDirectory();
    writeFileSync(join(directory, 'open'), '');
    mkdirSync(join(directory, 'wide'));
    expect(tooOpen(directory)).toEqual(['open has 666', 'wide has 777']);
  });

  for (const durability of ['strict', 'relaxed']) {
    const task: Task = { plan: 'short', planner: { durability, checkpointInterval: 4, concurrency: 3 } };

    it(`every file is for its owner alone, also an unfinished one that a kill leaves, at ${durability}`, async () => {
      const calm = await Scratch.during((scratch) => scratch.run(task));
      const seen = new Set<string>();
      for (const { n: at, kind, file } of makingPoints(calm)) {
        await Scratch.during(async (scratch) => {
          await scratch.run(task, { action: 'kill', at, when: 'after' });
          const entries = storedEntries(scratch.checkpointDir);
          for (const { path } of entries) seen.add(path.replace(/^.*\//, '').replace(/[0-9a-f]{32}/, 'random'));
          expect(tooOpen(scratch.checkpointDir), `${kind} ${file}`).toEqual([]);
        });
      }
      expect([...seen]).toEqual(expect.arrayContaining(['.lock-1', '.journal-1', '.tmp-random']));
      expect([...seen].some((name) => /^\.tmp-random\.\d+$/.test(name))).toBe(true); // of write-file-atomic
    });
  }

  it('so is the heartbeat of a lock, and a lock that was given back', async () => {
    const checkpointDir = join(await temporaryDirectory(), 'a', 'b', 'checkpoints');
    const persistenceManager = new WorkflowPersistenceManager({ checkpointDir, lockTakeoverMs: 6 });
    const names = () => storedEntries(checkpointDir).map(({ path }) => path);
    const beat = async () => {
      while (!names().some((name) => name.endsWith('.beat'))) await new Promise((resolve) => setImmediate(resolve));
      return { names: names(), tooOpen: tooOpen(join(checkpointDir, '..', '..')) };
    };
    const planner = new MetaPlanner({ persistenceManager, handlers: { default: beat } });
    const node = { id: 'listen', type: 'generate' as const, description: '' };
    const plan = { id: 'beats', sourceVibe: { description: 'A drum' }, rootNodes: [node] };
    const { outputs } = await planner.executeWithResume(plan.sourceVibe, { plan });
    await planner.close();
    expect(outputs.listen).toEqual({ names: expect.arrayContaining(['beats/.lock-1.beat']), tooOpen: [] });
    expect(names()).toEqual(expect.arrayContaining(['beats/.lock-1', 'beats/.lock-1.released']));
    expect(tooOpen(join(checkpointDir, '..', '..'))).toEqual([]);
  });

  it('a damaged journal that was set aside stays for its owner alone', async () => {
    const checkpointDir = join(await temporaryDirectory(), 'checkpoints');
    const planner = new MetaPlanner({ checkpointDir, handlers: { default: () => 'made' } });
    const node = { id: 'one', type: 'generate' as const, description: '' };
    const plan = { id: 'torn', sourceVibe: { description: 'A drum' }, rootNodes: [node] };
    await planner.executeWithResume(plan.sourceVibe, { plan });
    writeFileSync(join(checkpointDir, 'torn', '.journal-1'), 'not a journal any more\n');
    await planner.executeWithResume(plan.sourceVibe, { plan, onCorrupt: 'fallback', fresh: true });
    await planner.close();
    expect(storedEntries(checkpointDir).some(({ path }) => path.includes('.damaged-'))).toBe(true);
    expect(tooOpen(checkpointDir)).toEqual([]);
  });

  it('a directory that was there before keeps the mode that its owner gave it', async () => {
    const checkpointDir = join(await temporaryDirectory(), 'shared');
    mkdirSync(checkpointDir);
    chmodSync(checkpointDir, 0o750);
    const planner = new MetaPlanner({ checkpointDir });
    const { planId } = await planner.executeWithResume({ description: 'A postcard' });
    await planner.close();
    expect(tooOpen(checkpointDir)).toEqual(['. has 750']);
    expect(statSync(join(checkpointDir, planId)).mode & 0o777).toBe(0o700);
  });
});
