import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** What is below a directory: files by path, and `null` for directories. */
export type DiskState = ReadonlyMap<string, Uint8Array | null>;

/** Makes a directory that holds this. Nothing is flushed. */
export function buildState(directory: string, state: DiskState): void {
  mkdirSync(directory, { recursive: true });
  const paths = [...state.keys()].sort((a, b) => a.length - b.length);
  for (const path of paths)
    if (state.get(path) === null) mkdirSync(join(directory, path), { recursive: true, mode: 0o700 });
  for (const path of paths) {
    const bytes = state.get(path);
    if (bytes) writeFileSync(join(directory, path), bytes, { mode: 0o600 });
  }
}

/** The files and directories that a directory holds; nothing else, and nothing behind links. */
export function readState(directory: string): DiskState {
  const state = new Map<string, Uint8Array | null>();
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !entry.isFile()) continue;
    const bytes = entry.isDirectory() ? null : new Uint8Array(readFileSync(path));
    state.set(relative(directory, path).split(sep).join('/'), bytes);
  }
  return state;
}
