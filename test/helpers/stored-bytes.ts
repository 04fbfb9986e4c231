import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Everything under a directory, by its way from there: `''` for the directory itself. */
export interface StoredEntry {
  readonly path: string;
  /** As `chmod` takes it, such as 0o600. */
  readonly mode: number;
  /** Absent for a directory. */
  readonly bytes?: Buffer;
}

/** What lies under a directory at this moment, unfinished files too. */
export function storedEntries(directory: string, from = directory): StoredEntry[] {
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  const entry = { path: relative(from, directory), mode: stats.mode & 0o7777 };
  if (!stats.isDirectory()) return [{ ...entry, bytes: readFileSync(directory) }];
  const below = readdirSync(directory).flatMap((name) => storedEntries(join(directory, name), from));
  return [entry, ...below];
}

/** The files that have a text in their bytes or in their name, escaped or not. */
export function filesWith(text: string, entries: readonly StoredEntry[]): string[] {
  return entries.filter(({ path, bytes }) => path.includes(text) || bytes?.includes(text)).map(({ path }) => path);
}
