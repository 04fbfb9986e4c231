import fs from 'node:fs';
import fsPromises, { appendFile, link, mkdir, open, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../helpers/stores.js';
import { readState } from '../helpers/disk-state.js';
import { afterProcessDeath } from './disk-model.js';
import type { Recording } from './operations.js';
import { recordOperations } from './record-operations.js';

/** Each way to change a file that the record knows. */
const ways: Record<string, (at: (name: string) => string) => Promise<void>> = {
  'promises and file handles': async (at) => {
    await mkdir(at('plans/one'), { recursive: true, mode: 0o700 });
    await mkdir(at('plans/one'), { recursive: true });
    await writeFile(at('plans/one/whole'), 'Grüße', { flag: 'wx' });
    await writeFile(at('plans/one/whole'), 'shorter', 'utf8');
    await appendFile(at('plans/one/whole'), ', and longer');
    const file = await open(at('plans/one/.tmp'), 'wx+');
    await file.write(Buffer.from('..first..'), 2, 5);
    await file.write(' second');
    await file.write(new Uint8Array([65, 66]), { position: 20 });
    await file.write('back', 0);
    await file.writev([Buffer.from('a'), Buffer.from('b')]);
    await file.writeFile('whole');
    await file.truncate(15);
    await file.datasync();
    await file.close();
    const appended = await open(at('plans/one/.tmp'), fs.constants.O_APPEND | fs.constants.O_WRONLY);
    await appended.appendFile('end');
    await appended.write('!', 0);
    await appended.sync();
    await appended.close();
    await link(at('plans/one/.tmp'), at('plans/one/linked'));
    await expect(link(at('plans/one/.tmp'), at('plans/one/linked'))).rejects.toMatchObject({ code: 'EEXIST' });
    await rename(at('plans/one/.tmp'), at('plans/one/renamed'));
    await writeFile(at('gone'), 'x');
    await unlink(at('gone'));
    await mkdir(at('away/inside'), { recursive: true });
    await writeFile(at('away/inside/file'), 'x');
    await rm(at('away'), { recursive: true });
    await rm(at('never there'), { force: true });
  },
  callbacks: async (at) => {
    const fd = await promisify(fs.open)(at('file'), 'w', 0o600);
    const { bytesWritten } = await promisify(fs.write)(fd, Buffer.from('bytes'), 0, 5, 0);
    expect(bytesWritten).toBe(5);
    await promisify(fs.write)(fd, ' and text', 5, 'utf8');
    await promisify(fs.fsync)(fd);
    await promisify(fs.close)(fd);
    await promisify(fs.rename)(at('file'), at('renamed'));
    await expect(promisify(fs.unlink)(at('file'))).rejects.toMatchObject({ code: 'ENOENT' });
  },
  'functions that wait': async (at) => {
    fs.mkdirSync(at('directory'));
    const fd = fs.openSync(at('directory/file'), 'a');
    fs.writeSync(fd, 'text');
    fs.fdatasyncSync(fd);
    fs.closeSync(fd);
    fs.linkSync(at('directory/file'), at('directory/other'));
    fs.truncateSync(at('directory/other'), 2);
    fs.unlinkSync(at('directory/file'));
  },
};

async function recorded(directory: string, work: () => Promise<void>): Promise<Recording> {
  const recorder = await recordOperations(directory);
  try {
    await work();
  } finally {
    recorder.stop();
  }
  return recorder.stop();
}

describe('the record of operations', () => {
  for (const [name, work] of Object.entries(ways)) {
    it(`makes the same directory again, with ${name}`, async () => {
      const directory = await fsPromises.realpath(await temporaryDirectory());
      const recording = await recorded(directory, () => work((path) => join(directory, path)));
      const found = readState(directory);
      expect(found.size).toBeGreaterThan(0);
      expect(afterProcessDeath(recording, recording.moments).state).toEqual(found);
    });
  }

  it('tells when each operation began and ended, and what the program told in between', async () => {
    const directory = await fsPromises.realpath(await temporaryDirectory());
    const recorder = await recordOperations(directory);
    const file = await open(join(directory, 'file'), 'w');
    const flushed = recorder.next(({ kind }) => kind === 'flush');
    const flushing = file.datasync();
    recorder.mark({ told: 'planned', runId: 'run-1' });
    await Promise.all([flushing, flushed]);
    await file.close();
    const parent = await open(directory);
    await parent.sync();
    await parent.close();
    const { operations, marks, moments } = recorder.stop();
    expect(operations).toEqual([
      { kind: 'name', path: 'file', file: 0, startedAt: 0, endedAt: 1 },
      { kind: 'flush', file: 0, startedAt: 2, endedAt: 4 },
      { kind: 'flush directory', path: '.', startedAt: 7, endedAt: 8 },
    ]);
    expect(marks).toEqual([{ told: 'planned', runId: 'run-1', at: 3 }]);
    expect(moments).toBe(9);
  });

  it('refuses functions that it cannot follow, below its directory and nowhere else', async () => {
    const [directory, elsewhere] = [await fsPromises.realpath(await temporaryDirectory()), await temporaryDirectory()];
    await recorded(directory, async () => {
      await writeFile(join(elsewhere, 'file'), 'x');
      fs.writeFileSync(join(elsewhere, 'other'), 'x');
      await fsPromises.copyFile(join(elsewhere, 'file'), join(elsewhere, 'third'));
      expect(() => fs.writeFileSync(join(directory, 'file'), 'x')).toThrow('cannot follow fs.writeFileSync');
      expect(() => fs.createWriteStream(join(directory, 'file'))).toThrow('cannot follow');
      expect(() => fsPromises.copyFile(join(elsewhere, 'file'), join(directory, 'file'))).toThrow('cannot follow');
      await expect(rename(join(elsewhere, 'file'), join(directory, 'file'))).rejects.toThrow('cannot follow');
    });
    expect(readState(directory).size).toBe(0);
  });

  it('gives every function back as it was', async () => {
    const functions = () => [fs.write, fs.openSync, fs.promises.open, open, fsPromises.rm];
    const before = functions();
    const recorder = await recordOperations(await temporaryDirectory());
    expect(functions().every((fn, index) => fn !== before[index])).toBe(true);
    recorder.stop();
    expect(functions().every((fn, index) => fn === before[index])).toBe(true);
  });
});
