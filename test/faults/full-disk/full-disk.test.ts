import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';
import { onSmallDisk, whyNot } from '../helpers/unshare.js';
import type { SmallDiskReport } from './program.js';

const reason = whyNot(onSmallDisk(tmpdir()));
const name = 'keeps what it had, and takes the same call once there is room';

describe('a disk of 64 KiB that is full', () => {
  it.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (skipped: ${reason})`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vibe-aigc-small-disk-'));
    try {
      const reportFile = join(await mkdtemp(join(directory, 'report-')), 'report.json');
      const disk = await mkdtemp(join(directory, 'disk-'));
      const [program, ...args] = onSmallDisk(disk);
      const victim = [process.execPath, inject('smallDiskProgram'), disk, reportFile];
      await promisify(execFile)(program, [...args, ...victim], { maxBuffer: 1e8 });
      const { cases, ends, problems } = JSON.parse(await readFile(reportFile, 'utf8')) as SmallDiskReport;
      console.info(`full disk: ${cases} cases, ${JSON.stringify(ends)}`);
      expect(problems).toEqual([]);
      expect(Object.keys(ends)).toEqual(
        expect.arrayContaining(['save: rejected', 'save: resolved', 'run: rejected', 'run: resolved']),
      );
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
