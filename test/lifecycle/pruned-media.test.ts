import { access, readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { MemoryPersistenceManager, type PersistenceManager, WorkflowPersistenceManager } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { filesIn, MediaFilm, sha256 } from '../helpers/media-film.js';
import { fileStore, temporaryDirectory } from '../helpers/stores.js';

/** Which media are there, by what they say. */
async function mediaIn(store: PersistenceManager, contents: readonly string[]): Promise<string[]> {
  const listed = new Set((await store.blobs?.list('film'))?.map((blob) => blob.sha256));
  return contents.filter((content) => listed.has(sha256(content)));
}

const old = ['the media of shots', 'the media of music'];
const fresh = ['take two of shots', 'take two of music'];
const all = [...old, ...fresh];

/** A film that was made twice: the media of the first run are named by its checkpoints only. */
async function filmMadeTwice(store: PersistenceManager) {
  const film = new MediaFilm(store, { checkpointInterval: 1 });
  await film.run();
  film.contentOf = (nodeId) => `take two of ${nodeId}`;
  await film.run({ fresh: true });
  return film;
}

const stores: Record<string, () => Promise<PersistenceManager>> = {
  'files on disk': fileStore,
  'the memory store': async () => new MemoryPersistenceManager(),
};

for (const [name, create] of Object.entries(stores)) {
  describe(`pruning a plan with media in ${name}`, () => {
    it('removes those that no checkpoint names any more, and tells before what it would remove', async () => {
      const store = await create();
      const film = await filmMadeTwice(store);
      expect(await mediaIn(store, all)).toEqual(all);
      const planner = film.planner();
      expect((await planner.pruneCheckpoints({ keepLast: 100 })).blobs).toEqual({ count: 0, bytes: 0 });
      expect(await mediaIn(store, all)).toEqual(all);

      const bytes = old.join('').length;
      const told = await planner.pruneCheckpoints({ keepLast: 1, dryRun: true });
      expect(told.blobs).toEqual({ count: 2, bytes });
      expect(await mediaIn(store, all)).toEqual(all);
      const done = await planner.pruneCheckpoints({ keepLast: 1 });
      expect(done).toEqual(told);
      expect(await mediaIn(store, all)).toEqual(fresh);
      expect((await planner.pruneCheckpoints({ keepLast: 1 })).blobs.count).toBe(0);
      await film.run();
      expect(film.calls).toEqual([]);
    });

    it('keeps those that a checkpoint of an earlier run names', async () => {
      const store = await create();
      const film = await filmMadeTwice(store);
      const planner = film.planner();
      const [, , , first] = (await planner.listCheckpoints()).reverse(); // script, shots, music
      for (const { checkpointId } of await planner.listCheckpoints()) {
        const isNeeded = checkpointId === first?.checkpointId;
        if (!isNeeded && (await planner.getCheckpoint(checkpointId)).runId !== film.events[0]?.runId) {
          await planner.deleteCheckpoint(checkpointId);
        }
      }
      await planner.pruneCheckpoints({ keepLast: 100 });
      expect(await mediaIn(store, old)).toEqual(old);
      const branch = await film.run({ plan: undefined, checkpointId: first?.checkpointId as string });
      expect(branch.status).toBe('completed');
      expect(film.calls).not.toContain('shots');
    });

    it('removes all of them with the last of the plan', async () => {
      const store = await create();
      const film = await filmMadeTwice(store);
      const planner = film.planner();
      const told = await planner.pruneCheckpoints({ deleteOnSuccess: true, dryRun: true });
      expect(told.blobs).toEqual({ count: 4, bytes: all.join('').length });
      const done = await planner.pruneCheckpoints({ deleteOnSuccess: true });
      expect(done).toEqual(told);
      expect(done.freedPlans).toEqual(['film']);
      expect(await mediaIn(store, all)).toEqual([]);
    });

    it('leaves those of a run that is not complete, named or not', async () => {
      const store = await create();
      const film = new MediaFilm(store, { checkpointInterval: 1 });
      film.instead.set('review', async (context) => {
        await context.blob('a draft that nothing names');
        throw new Error('rate limit');
      });
      expect((await film.run()).status).toBe('failed');
      const drafts = [...old, 'a draft that nothing names'];
      await film.planner().pruneCheckpoints({ keepLast: 1, deleteOnSuccess: true });
      expect(await mediaIn(store, drafts)).toEqual(drafts);
      film.instead.clear();
      await film.run();
      expect((await film.planner().pruneCheckpoints({ keepLast: 100 })).blobs.count).toBe(1);
      expect(await mediaIn(store, drafts)).toEqual(old);
    });
  });
}

describe('a directory of a plan with media', () => {
  it('goes when the plan goes, by the retention of the store', async () => {
    const checkpointDir = join(await temporaryDirectory(), 'checkpoints');
    const store = new WorkflowPersistenceManager({ checkpointDir, retention: { deleteOnSuccess: true } });
    await new MediaFilm(store).run();
    expect(await readdir(checkpointDir)).toEqual([]);
  });

  it('is repaired with its media', async () => {
    const store = await fileStore();
    const film = new MediaFilm(store, { checkpointInterval: 1 });
    await film.run();
    const [journal] = await filesIn(store.checkpointDir, '.journal-');
    await truncate(journal as string, 40);
    await film.planner().repairCheckpoints({ planId: 'film' });
    for (const content of old) {
      const [file] = await filesIn(store.checkpointDir, `.blob-${sha256(content)}`);
      await access(file as string);
    }
    expect((await film.run()).status).toBe('completed');
    expect(film.calls).toEqual([]);
    expect(film.reopened).toEqual([]);
    // What was put together again still knows its media.
    await store.blobs.remove('film', [sha256('the media of music')]);
    await film.run();
    expect(film.calls).toEqual(['music']);
  });
});
