import { hash } from 'node:crypto';
import { appendFileSync, fdatasyncSync, fsyncSync, writeFileSync, writeSync } from 'node:fs';
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { freshDirectory, planDirectory } from './recorded-run.js';
import { timed } from './report.js';

/** What a finished run has on disk, as values: the lines of its journal and its last checkpoint. */
export interface Recording {
  readonly header: unknown;
  readonly records: readonly unknown[];
  readonly checkpoint: unknown;
}

/** Reads what a run has recorded. */
export async function recordingIn(checkpointDir: string): Promise<Recording> {
  const directory = await planDirectory(checkpointDir);
  const journal = await readFile(join(directory, '.journal-1'), 'utf8');
  const [header, ...records] = journal
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line.slice(line.indexOf('{'))));
  const files = (await readdir(directory)).filter((name) => name.startsWith('cp-')).sort();
  const checkpoint = JSON.parse(await readFile(join(directory, files.at(-1) as string), 'utf8'));
  return { header, records, checkpoint };
}

/**
 * Milliseconds for the least that records the same by hand: every value made into JSON, every line summed and written,
 * so many at a time, the journal flushed at both ends; the checkpoint made, summed, written, flushed and renamed. No run,
 * no lock, nothing checked, and nothing else has its turn meanwhile.
 */
export async function bareRecordingMs(recording: Recording, linesAtOnce: number): Promise<number> {
  const directory = await freshDirectory();
  const [journal, place] = [await open(join(directory, 'journal'), 'a'), await open(directory)];
  try {
    return await timed(async () => {
      writeSync(journal.fd, lineOf(recording.header));
      fsyncSync(journal.fd);
      fsyncSync(place.fd);
      for (let from = 0; from < recording.records.length; from += linesAtOnce) {
        const lines = recording.records.slice(from, from + linesAtOnce).map(lineOf);
        writeSync(journal.fd, lines.length === 1 ? (lines[0] as string) : lines.join(''));
      }
      fdatasyncSync(journal.fd);
      const bytes = Buffer.from(JSON.stringify(recording.checkpoint, null, 2));
      const temporary = join(directory, 'temporary');
      writeFileSync(temporary, bytes);
      appendFileSync(temporary, hash('sha256', bytes, 'hex'), { flush: true });
      await rename(temporary, join(directory, 'checkpoint'));
      fsyncSync(place.fd);
    });
  } finally {
    await journal.close();
    await place.close();
  }
}

function lineOf(value: unknown): string {
  const text = JSON.stringify(value);
  return `${hash('sha256', text, 'hex')} ${text}\n`;
}
