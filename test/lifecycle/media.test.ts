import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import {
  type BlobRef,
  type ExecutionResult,
  MemoryPersistenceManager,
  MetaPlanner,
  type PersistenceManager,
  type WorkflowPersistenceManager,
} from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { MapStore } from '../../examples/custom-store.js';
import { JobProvider } from '../helpers/job-provider.js';
import { filesIn, MediaFilm, sha256 } from '../helpers/media-film.js';
import { filmPlan, tides } from '../helpers/scripted-run.js';
import { everyStore, fileStore } from '../helpers/stores.js';

function refOf({ outputs }: ExecutionResult, nodeId: string): BlobRef {
  return (outputs[nodeId] as { media: BlobRef }).media;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Finds the file of a blob by what is in it. */
async function fileOf(store: WorkflowPersistenceManager, content: string): Promise<string> {
  const [file] = await filesIn(store.checkpointDir, `.blob-${sha256(content)}`);
  if (file === undefined) throw new Error(`no blob holds ${content}`);
  return file;
}

async function finishedFilm() {
  const store = await fileStore();
  const film = new MediaFilm(store);
  const result = await film.run();
  return { store, film, result };
}

const keepsBlobs: Record<string, () => Promise<PersistenceManager>> = {
  'files on disk': everyStore['files on disk'] as () => Promise<PersistenceManager>,
  'the memory store': async () => new MemoryPersistenceManager(),
};

for (const [name, create] of Object.entries(keepsBlobs)) {
  describe(`media in ${name}`, () => {
    it('are read as they were stored, by any planner on the store, as a whole and part by part', async () => {
      const film = new MediaFilm(await create());
      const ref = refOf(await film.run(), 'shots');
      const content = 'the media of shots';
      expect(ref).toEqual({
        $blob: `sha256:${sha256(content)}`,
        planId: 'film',
        bytes: content.length,
        mime: 'video/mp4',
        name: 'shots.mp4',
      });
      const blob = await film.planner().openBlob(ref);
      expect(blob.ref).toEqual(ref);
      expect(textOf(await blob.bytes())).toBe(content);
      const parts: string[] = [];
      for await (const part of blob.stream()) parts.push(textOf(part));
      expect(parts.join('')).toBe(content);
    });

    it('cost nothing when the run goes on, and stay', async () => {
      const film = new MediaFilm(await create());
      const first = await film.run();
      const again = await film.run();
      expect(film.calls).toEqual([]);
      expect(film.reopened).toEqual([]);
      expect(again.outputs).toEqual(first.outputs);
    });

    it('that are made again have a checkpoint each where every result has one', async () => {
      const store = await create();
      const film = new MediaFilm(store, { concurrency: 1, checkpointInterval: 1 });
      await film.run();
      await store.blobs?.remove('film', [sha256('the media of shots'), sha256('the media of music')]);
      await film.run();
      const count = (type: string) => film.events.filter((event) => event.type === type).length;
      expect(count('node_completed')).toBe(3);
      expect(count('checkpoint_saved')).toBeGreaterThanOrEqual(3);
    });

    it('that are gone are made again, by the nodes whose outputs name them and no others', async () => {
      const store = await create();
      const film = new MediaFilm(store);
      const first = await film.run();
      await store.blobs?.remove('film', [sha256('the media of shots')]);
      const again = await film.run();
      expect(film.calls).toEqual(['shots', 'cut']);
      expect(film.reopened).toEqual(['shots', 'cut']);
      expect(again.status).toBe('completed');
      expect(again.runId).toBe(first.runId);
      expect(again.outputs).toEqual(first.outputs);
      expect(again.executionSummary).toMatchObject({ reused: 3 });
      expect(film.events[0]).toMatchObject({ type: 'run_started', resumed: true, completedNodes: 3 });
      await film.run();
      expect(film.calls).toEqual([]);
    });
  });
}

describe('media beside a plan', () => {
  it('are one file for the same content, for its owner alone', async () => {
    const store = await fileStore();
    const film = new MediaFilm(store);
    film.contentOf = () => 'one and the same';
    await film.run();
    const files = await filesIn(store.checkpointDir, '.blob-');
    expect(files).toHaveLength(1);
    expect((await stat(files[0] as string)).mode & 0o777).toBe(0o600);
    expect(await readFile(files[0] as string, 'utf8')).toBe('one and the same');
  });

  it('that have changed are made again, also when they are as long as before', async () => {
    const { store, film, result } = await finishedFilm();
    const file = await fileOf(store, 'the media of music');
    await writeFile(file, 'the media of muSic');
    expect((await film.run()).outputs).toEqual(result.outputs);
    expect(film.calls).toEqual(['music']);
    expect(await readFile(file, 'utf8')).toBe('the media of music');
  });

  it('that come out otherwise leave what was made of the old ones as it was', async () => {
    const { store, film, result } = await finishedFilm();
    await rm(await fileOf(store, 'the media of music'));
    film.contentOf = (nodeId) => `another take of ${nodeId}`;
    const again = await film.run();
    expect(film.calls).toEqual(['music']);
    expect(again.outputs.review).toEqual(result.outputs.review);
    const blob = await film.planner().openBlob(refOf(again, 'music'));
    expect(textOf(await blob.bytes())).toBe('another take of music');
    await film.run();
    expect(film.calls).toEqual([]);
  });

  it('that were made again are not made once more when the process dies before the others', async () => {
    const store = await fileStore();
    const film = new MediaFilm(store, { concurrency: 1 });
    await film.run();
    for (const nodeId of ['shots', 'music']) await rm(await fileOf(store, `the media of ${nodeId}`));
    const aborting = new AbortController();
    film.contentOf = (nodeId) => `another take of ${nodeId}`;
    film.instead.set('music', async () => {
      await undefined;
      aborting.abort();
      throw new Error('stopped');
    });
    const stopped = await film.run({ signal: aborting.signal });
    expect(stopped.status).toBe('cancelled');
    expect(film.calls).toContain('shots');
    film.instead.clear();
    expect((await film.run()).status).toBe('completed');
    expect(film.calls).not.toContain('shots');
    expect(film.calls).toContain('music');
  });

  it('of a complete run are made again only by handlers that are there', async () => {
    const { store, film } = await finishedFilm();
    await rm(await fileOf(store, 'the media of shots'));
    const other = new MetaPlanner({ persistenceManager: store, handlers: { analyze: () => 1 } });
    await expect(other.executeWithResume(tides, { planId: 'film' })).rejects.toMatchObject({ code: 'PLAN_INVALID' });
    expect((await film.run()).status).toBe('completed');
    expect(film.calls).toEqual(['shots', 'cut']);
  });

  it('that a step made are made again by that step alone', async () => {
    const store = await fileStore();
    const film = new MediaFilm(store);
    const done: string[] = [];
    film.instead.set('script', async (context) => {
      const { step } = context;
      const lines = await step('lines', () => {
        done.push('lines');
        return 'Fog.';
      });
      const voice = await step('voice', () => {
        done.push('voice');
        return film.media('voice', context);
      });
      if (done.length === 2) throw new Error('rate limit');
      return { lines, voice };
    });
    expect((await film.run()).status).toBe('failed');
    await rm(await fileOf(store, 'the media of voice'));
    expect((await film.run()).status).toBe('completed');
    expect(film.reopened).toEqual(['script voice']);
    expect(done).toEqual(['lines', 'voice', 'voice']);
    await rm(await fileOf(store, 'the media of voice'));
    await film.run();
    expect(film.reopened).toEqual(['script']);
  });

  it('that a job brought are collected again, and not bought', async () => {
    const store = await fileStore();
    const film = new MediaFilm(store);
    const provider = new JobProvider();
    let [tries, collected] = [0, 0];
    film.instead.set('script', async (context) => {
      const clip = await context.job({
        ...provider.job(),
        collect: async () => {
          collected++;
          return film.media('clip', context);
        },
      });
      if (++tries === 1) throw new Error('rate limit');
      return clip;
    });
    expect((await film.run()).status).toBe('failed');
    await rm(await fileOf(store, 'the media of clip'));
    expect((await film.run()).status).toBe('completed');
    expect(provider.bought.size).toBe(1);
    expect(provider.story.filter((what) => what === 'start')).toHaveLength(1);
    expect(collected).toBe(2);
  });

  it('that a child made are made again below its parent, and what is made of the children with them', async () => {
    const store = await fileStore();
    const film = new MediaFilm(store);
    const node = (id: string) => ({ id, type: 'generate' as const, description: id });
    const rootNodes = [
      { ...node('scenes'), type: 'composite' as const, children: [node('shots'), node('music')] },
      { ...node('review'), dependencies: ['scenes'] },
    ];
    const handlers = {
      generate: ({ id }: { id: string }, context: Parameters<MediaFilm['media']>[1]) => {
        film.calls.push(id);
        return id === 'review' ? 'fine' : film.media(id, context);
      },
    };
    const run = (onProgress?: (event: { type: string }) => void) => {
      film.calls.length = 0;
      const planner = new MetaPlanner({ persistenceManager: store, handlers, onProgress });
      return planner.executeWithResume(tides, { plan: { id: 'film', sourceVibe: tides, rootNodes } });
    };
    const first = await run();
    await rm(await fileOf(store, 'the media of music'));
    const completed: unknown[] = [];
    const again = await run((event) => {
      if (event.type === 'node_completed') completed.push((event as unknown as { nodeId: string }).nodeId);
    });
    expect(film.calls).toEqual(['music']);
    expect(completed).toEqual(['music', 'scenes']);
    expect(again.outputs).toEqual(first.outputs);
    expect(again.executionSummary.reused).toBe(2);
  });

  it('of a checkpoint that a run returns to are checked too', async () => {
    const { store, film, result } = await finishedFilm();
    await rm(await fileOf(store, 'the media of music'));
    const checkpointId = result.persistenceInfo.lastCheckpointId as string;
    const branch = await film.run({ plan: undefined, checkpointId });
    expect(branch.status).toBe('completed');
    expect(branch.runId).not.toBe(result.runId);
    expect(film.calls).toEqual(['music']);
  });

  it('are not what merely looks like them, whatever an output says', async () => {
    const store = await fileStore();
    const film = new MediaFilm(store);
    const forged = { $blob: `sha256:${'0'.repeat(64)}`, planId: 'film', bytes: 3, mime: 'video/mp4' };
    const path = { $blob: 'sha256:../../../etc/passwd', planId: '../film', bytes: 3, mime: 'text/plain' };
    film.instead.set('review', () => ({ forged, path, list: [forged, null, 'x'] }));
    const first = await film.run();
    expect(first.outputs.review).toEqual({ forged, path, list: [forged, null, 'x'] });
    const again = await film.run();
    expect(film.calls).toEqual([]);
    expect(again.outputs).toEqual(first.outputs);
    await expect(film.planner().openBlob(forged)).rejects.toMatchObject({ code: 'BLOB_MISSING', planId: 'film' });
    await expect(film.planner().openBlob(path)).rejects.toThrow(TypeError);
    for (const planId of ['../film', '/etc', 'another', '..']) {
      await expect(film.planner().openBlob({ ...forged, planId })).rejects.toMatchObject({ code: 'BLOB_MISSING' });
    }
  });

  it('are found when somebody opens them and they have changed', async () => {
    const { store, film, result } = await finishedFilm();
    const ref = refOf(result, 'shots');
    const before = await film.planner().openBlob(ref);
    await writeFile(await fileOf(store, 'the media of shots'), 'the media of shoTs');
    const blob = await film.planner().openBlob(ref);
    for (const open of [before, blob]) {
      await expect(open.bytes()).rejects.toMatchObject({ code: 'BLOB_CORRUPT', sha256: sha256('the media of shots') });
      await expect(new Response(open.stream()).text()).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    }
    await writeFile(await fileOf(store, 'the media of shots'), 'much longer than the media of shots');
    await expect(blob.bytes()).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    await expect(film.planner().openBlob(ref)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
  });

  it('that are removed while somebody has them open are missing, and are another file there, damaged', async () => {
    const { store, film, result } = await finishedFilm();
    const open = await film.planner().openBlob(refOf(result, 'shots'));
    const file = await fileOf(store, 'the media of shots');
    await rm(file);
    for (const read of [() => open.bytes(), () => new Response(open.stream()).text()]) {
      await expect(read()).rejects.toMatchObject({ code: 'BLOB_MISSING', sha256: sha256('the media of shots') });
    }
    await mkdir(file);
    await expect(open.bytes()).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
  });

  it('cannot be stored where nothing is kept, and say what to do', async () => {
    const film = new MediaFilm(new MapStore());
    const result = await film.run();
    const error = { code: 'NO_BLOBS', message: expect.stringContaining('Use a store that keeps blobs') };
    expect(result.status).toBe('failed');
    expect(result.nodeResults.shots).toMatchObject({ error });
    const ref = { $blob: `sha256:${'0'.repeat(64)}`, planId: 'film', bytes: 3, mime: 'video/mp4' };
    await expect(film.planner().openBlob(ref)).rejects.toMatchObject({ code: 'NO_BLOBS' });

    const onDisk = new MediaFilm(await fileStore());
    const unrecorded = await onDisk.planner().executePlan(filmPlan());
    expect(unrecorded.nodeResults.shots).toMatchObject({ error });
  });

  it('that the store of a run kept are not looked for in one that keeps none', async () => {
    const { store, result } = await finishedFilm();
    const other = new MapStore();
    await other.saveCheckpoint(
      (await store.loadCheckpoint(result.persistenceInfo.lastCheckpointId as string)) as never,
    );
    const film = new MediaFilm(other);
    await expect(film.run()).rejects.toMatchObject({ code: 'NO_BLOBS' });
    expect(film.calls).toEqual([]);
  });
});
