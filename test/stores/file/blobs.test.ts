import { execFileSync } from 'node:child_process';
import { link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobRef, ExecutionResult, WorkflowPersistenceManager } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { filesIn, MediaFilm, sha256 } from '../../helpers/media-film.js';
import { fileStore, temporaryDirectory } from '../../helpers/stores.js';

const content = 'the media of music';
const name = `.blob-${sha256(content)}`;

async function* of(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield new TextEncoder().encode(part);
}

async function finishedFilm() {
  const store = await fileStore();
  const film = new MediaFilm(store);
  const result = await film.run();
  const [path] = await filesIn(store.checkpointDir, name);
  return { store, film, ref: refOf(result), path: path as string };
}

function refOf({ outputs }: ExecutionResult): BlobRef {
  return (outputs.music as { media: BlobRef }).media;
}

async function leftOvers({ checkpointDir }: WorkflowPersistenceManager): Promise<string[]> {
  return filesIn(checkpointDir, '.tmp-');
}

/** What may lie in the place of a blob. */
const intruders: Record<string, (path: string, elsewhere: string) => Promise<unknown>> = {
  nothing: async () => {},
  'an empty file': (path) => writeFile(path, ''),
  'half of it': (path) => writeFile(path, content.slice(0, 9)),
  'another one of the same length': (path) => writeFile(path, content.toUpperCase()),
  'a link to a file elsewhere': (path, elsewhere) => symlink(elsewhere, path),
  'a link that leads nowhere': (path) => symlink(`${path}-nowhere`, path),
  'a link to the directory above': (path) => symlink('..', path),
  'a pipe': async (path) => execFileSync('mkfifo', [path]),
  'a directory': (path) => mkdir(path),
  'a directory with something in it': async (path) => {
    await mkdir(path);
    await writeFile(join(path, 'mine'), 'somebody wrote this');
  },
};

describe('a blob on disk', () => {
  for (const [what, put] of Object.entries(intruders)) {
    it(`is made again where ${what} lies in its place, and nothing is followed`, async () => {
      const { store, film, ref, path } = await finishedFilm();
      const elsewhere = join(await temporaryDirectory(), 'elsewhere');
      await writeFile(elsewhere, content);
      await rm(path);
      await put(path, elsewhere);
      const code = what === 'nothing' || what.endsWith('nowhere') ? /^BLOB_(MISSING|CORRUPT)$/ : /^BLOB_CORRUPT$/;
      const opened = film
        .planner()
        .openBlob(ref)
        .then((blob) => blob.bytes());
      await expect(opened).rejects.toMatchObject({ code: expect.stringMatching(code) });

      expect((await film.run()).status).toBe('completed');
      expect(film.calls).toEqual(['music']);
      expect((await stat(path)).isFile()).toBe(true);
      expect(await readFile(path, 'utf8')).toBe(content);
      expect(await readFile(elsewhere, 'utf8')).toBe(content);
      await film.run();
      expect(film.calls).toEqual([]);
      expect(await leftOvers(store)).toEqual([]);
      if (what.endsWith('in it')) {
        const [aside] = await filesIn(dirname(path), '.damaged-blob-');
        expect(await readFile(join(aside as string, 'mine'), 'utf8')).toBe('somebody wrote this');
      }
    });
  }

  it('is not written through another name that leads to the same file', async () => {
    const { film, path } = await finishedFilm();
    const other = join(await temporaryDirectory(), 'other');
    await rm(path);
    await writeFile(other, 'mine');
    await link(other, path).catch(() => writeFile(path, 'mine')); // another file system
    await film.run();
    expect(await readFile(other, 'utf8')).toBe('mine');
    expect(await readFile(path, 'utf8')).toBe(content);
  });

  it('leaves nothing behind when its content fails, or its place cannot be had', async () => {
    const store = await fileStore();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(100);
      throw new Error('the connection was lost');
    }
    await expect(store.blobs.put('film', broken())).rejects.toThrow('the connection was lost');
    expect(await leftOvers(store)).toEqual([]);
    expect(await store.blobs.list('film')).toEqual([]);
  });

  it('is what a process that dies on the way leaves to be swept up by the next', async () => {
    const { store, film } = await finishedFilm();
    const [plan] = await readdir(store.checkpointDir);
    await writeFile(join(store.checkpointDir, plan as string, `.tmp-${'a'.repeat(32)}`), 'half a film');
    await film.run();
    expect(await leftOvers(store)).toEqual([]);
  });

  it('is never looked for under a name that is no hash', async () => {
    const { store } = await finishedFilm();
    for (const hash of ['../film', '', '.', name, sha256(content).toUpperCase(), `${sha256(content)}/..`]) {
      await expect(store.blobs.read('film', hash)).rejects.toMatchObject({ code: 'INVALID_ID' });
      await expect(store.blobs.remove('film', [hash])).rejects.toMatchObject({ code: 'INVALID_ID' });
    }
  });

  it('is listed with its length; what is no file counts nothing', async () => {
    const store = await fileStore();
    await store.blobs.put('film', of('a ', 'blob'));
    const [plan] = await readdir(store.checkpointDir);
    await symlink('/etc/hostname', join(store.checkpointDir, plan as string, `.blob-${'0'.repeat(64)}`));
    await mkdir(join(store.checkpointDir, plan as string, `.blob-${'1'.repeat(64)}`));
    await writeFile(join(store.checkpointDir, plan as string, '.blob-1'), 'no blob');
    const listed = [...(await store.blobs.list('film'))].sort((a, b) => b.bytes - a.bytes);
    expect(listed).toEqual([
      { sha256: sha256('a blob'), bytes: 6 },
      { sha256: '0'.repeat(64), bytes: 0 },
    ]);
  });
});
