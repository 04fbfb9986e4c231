import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Ends, EndsReader, readEnds } from '../../../src/stores/file/read-ends.js';

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vibe-aigc-ends-'));
  writeFileSync(join(directory, 'empty'), '');
  writeFileSync(join(directory, 'short'), 'abcdef');
  writeFileSync(join(directory, 'exact'), 'abcdefgh');
  writeFileSync(join(directory, 'long'), 'abcdefghijklmnopqrstuvwxyz');
  symlinkSync(join(directory, 'long'), join(directory, 'link'));
  mkdirSync(join(directory, 'directory'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

/** The two ways of reading, which differ in time alone. */
const ways = {
  'of one file': async (path: string) => textsOf(await readEnds(path, 8)),
  'of many files': (path: string) => new EndsReader(8).read(path, textsOf),
};

function textsOf({ head, tail, size }: Ends): [head: string, tail: string, size: number] {
  return [Buffer.from(head).toString(), Buffer.from(tail).toString(), size];
}

describe.each(Object.entries(ways))('the ends %s', (_, read) => {
  it.each([
    ['empty', '', '', 0],
    ['short', 'abcdef', 'abcdef', 6],
    ['exact', 'abcdefgh', 'abcdefgh', 8],
    ['long', 'abcdefgh', 'stuvwxyz', 26],
  ])('of what is %s are read', async (name, head, tail, size) => {
    expect(await read(join(directory, name))).toEqual([head, tail, size]);
  });

  it('are not those that a link leads to, or of a directory', async () => {
    await expect(read(join(directory, 'link'))).rejects.toThrow('it is a link');
    await expect(read(join(directory, 'directory'))).rejects.toThrow('it is not a regular file');
  });

  it('are missing with the file', async () => {
    await expect(read(join(directory, 'missing'))).rejects.toThrow('ENOENT');
  });
});

describe('reading the ends of many files', () => {
  it('hands each file over before the next takes its place', async () => {
    const reader = new EndsReader(8);
    const read = (name: string) => reader.read(join(directory, name), textsOf);
    expect(await Promise.all(['long', 'short', 'exact'].map(read))).toEqual([
      ['abcdefgh', 'stuvwxyz', 26],
      ['abcdef', 'abcdef', 6],
      ['abcdefgh', 'abcdefgh', 8],
    ]);
  });

  it('gives everything else its turn', async () => {
    let turns = 0;
    let isReading = true;
    const count = () => {
      turns++;
      if (isReading) setImmediate(count);
    };
    setImmediate(count);
    const reader = new EndsReader(8);
    const begin = performance.now();
    for (let file = 0; file < 1_000_000 && performance.now() - begin < 40; file++) {
      await reader.read(join(directory, 'long'), textsOf);
    }
    isReading = false;
    expect(turns).toBeGreaterThan(3);
  });

  it('goes through threads for a while after a file that kept it waiting', async () => {
    let [now, step] = [0, 0];
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      now += step;
      return now;
    });
    const reader = new EndsReader(8);
    const path = join(directory, 'long');
    expect(await isReadAtOnce(reader, path)).toBe(true);
    step = 1.5; // milliseconds between two looks at the clock
    await reader.read(path, textsOf);
    step = 0;
    for (let file = 0; file < 64; file++) expect(await isReadAtOnce(reader, path)).toBe(false);
    now = 0;
    expect(await isReadAtOnce(reader, path)).toBe(true);
    clock.mockRestore();
  });
});

/** Whether a file is read before anything else has its turn. */
async function isReadAtOnce(reader: EndsReader, path: string): Promise<boolean> {
  let isRead = false;
  const reading = reader.read(path, ({ size }) => {
    isRead = size === 26;
  });
  for (let step = 0; step < 10; step++) await undefined;
  const wasRead = isRead;
  await reading;
  expect(isRead).toBe(true);
  return wasRead;
}
