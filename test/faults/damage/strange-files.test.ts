import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastDirectory } from '../helpers/fast-directory.js';
import { tellCount } from '../helpers/tell-count.js';
import { tryDamaged } from './check-damaged.js';
import { bytesOf, journalIn, withoutFile } from './damages.js';
import { expectedOf } from './expectations.js';
import { type SoundStore, soundStores } from './sound-stores.js';

tellCount('what is no file', () => cases);
let cases = 0;
let base: string;
let stores: SoundStore[];
/** A file of somebody else. */
let outside: string;

beforeAll(async () => {
  base = await mkdtemp(join(fastDirectory, 'vibe-aigc-strange-'));
  stores = await soundStores(base);
  outside = join(base, 'outside');
}, 120_000);

afterAll(async () => {
  for (const server of servers) server.close();
  if (base) await rm(base, { recursive: true, force: true });
});

const servers: Server[] = [];

/** A socket; its name may be too long for the place where it is to lie. */
function socketIn(directory: string): string {
  const path = join(directory, `s${servers.length}`);
  servers.push(createServer().listen(path));
  return path;
}

/** What may lie in the place of a file. */
const strange: Record<string, (path: string) => void> = {
  'a directory': (path) => mkdirSync(path),
  'a directory with something in it': (path) => {
    mkdirSync(path);
    writeFileSync(join(path, 'file'), 'x');
  },
  'a pipe': (path) => execFileSync('mkfifo', [path]),
  'a socket': (path) => renameSync(socketIn(base), path),
  'a link to a file of the same content': (path) => symlinkSync(outside, path),
  'a link to nothing': (path) => symlinkSync(join(base, 'nothing'), path),
  'a link to itself': (path) => symlinkSync(basename(path), path),
};

/** The last of a kind. */
function fileIn(store: SoundStore, pattern: RegExp): string | undefined {
  return [...store.files.keys()]
    .filter((each) => pattern.test(each))
    .sort()
    .at(-1);
}

function fileOf(store: SoundStore, pattern: RegExp): string {
  const path = fileIn(store, pattern);
  if (path === undefined) throw new Error(`The store "${store.name}" has no file like ${pattern}.`);
  return path;
}

const kinds: Record<string, RegExp> = {
  journal: /\.journal-\d+$/,
  checkpoint: /\.json$/,
  lock: /\.lock-\d+$/,
  heartbeat: /\.beat$/,
};

describe.skipIf(process.platform === 'win32')('what is no file', () => {
  for (const [kind, pattern] of Object.entries(kinds)) {
    for (const [name, make] of Object.entries(strange)) {
      it(`is never read or followed: ${name} in the place of a ${kind}`, async () => {
        // A run that ended has taken its heartbeat away.
        const having = stores.filter((store) => fileIn(store, pattern) !== undefined);
        expect(having.length).toBeGreaterThan(1);
        for (const store of having) {
          const path = fileOf(store, pattern);
          writeFileSync(outside, bytesOf(store.files, path));
          const { files } = withoutFile(store.files, path);
          const expected = expectedOf(store, { files: new Map([...files, [path, null]]), path, label: name });
          // What cannot be read hides what was there: nothing of it is given up in silence.
          const known = path === journalIn(store.files) ? store.known : expected.known;
          const prepare = (checkpointDir: string) => make(join(checkpointDir, path));
          cases++;
          const { problems } = await tryDamaged(base, files, { ...expected, known, prepare });
          expect(problems, store.name).toEqual([]);
          expect(readFileSync(outside).equals(bytesOf(store.files, path)), 'it is as it was').toBe(true);
        }
      });
    }
  }

  it('is left alone where it has the name of an unfinished file', async () => {
    writeFileSync(outside, 'not ours');
    for (const [name, make] of Object.entries(strange)) {
      const [store] = stores as [SoundStore];
      const directory = dirname(fileOf(store, /\.json$/));
      const prepare = (checkpointDir: string) => make(join(checkpointDir, directory, `.tmp-${'0'.repeat(32)}`));
      const { problems } = await tryDamaged(base, store.files, { ...store, prepare });
      expect(problems, name).toEqual([]);
      expect(readFileSync(outside, 'utf8')).toBe('not ours');
    }
  });

  it('is refused as the directory of a plan', async () => {
    for (const [name, make] of Object.entries(strange)) {
      const [store] = stores as [SoundStore];
      const directory = dirname(fileOf(store, /\.json$/));
      const elsewhere = join(base, `elsewhere of ${name}`);
      mkdirSync(elsewhere);
      const prepare = (checkpointDir: string) => {
        rmSync(join(checkpointDir, directory), { recursive: true, force: true });
        make(join(checkpointDir, directory));
      };
      const { problems, ended } = await tryDamaged(base, new Map(), { outputs: store.outputs, known: [], prepare });
      const isOurs = name.startsWith('a directory');
      expect({ name, ended, problems: isOurs ? problems : [] }).toMatchObject({
        ended: isOurs ? 'completed' : 'PERSISTENCE_FAILED',
        problems: [],
      });
    }
  });
});
