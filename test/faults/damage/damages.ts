import type { DiskState } from '../helpers/disk-state.js';
import type { Random } from '../helpers/random.js';
import { splitLines } from './journal-lines.js';

/** Files of a store that are not as they were written. */
export interface Damage {
  readonly files: DiskState;
  /** The file that was damaged. */
  readonly path: string;
  readonly label: string;
}

export function flipBit(files: DiskState, random: Random): Damage {
  const path = random.pick(filesIn(files));
  const bytes = bytesOf(files, path).slice();
  const [at, bit] = [random.below(bytes.length), random.below(8)];
  bytes[at] = (bytes[at] as number) ^ (1 << bit);
  return damaged(files, path, bytes, `bit ${bit} of byte ${at}`);
}

/** Cut off after so many bytes. */
export function cutAt(files: DiskState, path: string, length: number): Damage {
  return damaged(files, path, bytesOf(files, path).slice(0, length), `cut after ${length} bytes`);
}

export function zeroBlock(files: DiskState, random: Random): Damage {
  const path = random.pick(filesIn(files));
  const bytes = bytesOf(files, path).slice();
  const start = random.below(bytes.length);
  const end = start + random.pick([1, 64, 512, 4096]);
  return damaged(files, path, bytes.fill(0, start, end), `zeros from byte ${start} to ${Math.min(end, bytes.length)}`);
}

/** Each way to have the lines of a file in another order or number, for each line. */
export function* rearranged(files: DiskState, path: string): Generator<Damage> {
  const lines = splitLines(bytesOf(files, path));
  const of = (label: string, changed: readonly Uint8Array[]) => damaged(files, path, joined(changed), label);
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    yield of(`line ${number} doubled`, lines.toSpliced(index, 0, line));
    yield of(`line ${number} missing`, lines.toSpliced(index, 1));
    const next = lines[index + 1];
    if (next !== undefined)
      yield of(`lines ${number} and ${number + 1} swapped`, lines.toSpliced(index, 2, next, line));
    if (index > 0) yield of(`line ${number} once more at the end`, [...lines, line]);
  }
}

export function withoutFile(files: DiskState, path: string): Damage {
  const left = new Map(files);
  left.delete(path);
  return { files: left, path, label: `${path}: missing` };
}

export function replaced(files: DiskState, path: string, bytes: Uint8Array, label: string): Damage {
  return damaged(files, path, bytes, label);
}

/** Paths of the files that have something in them. */
export function filesIn(files: DiskState): string[] {
  return [...files].flatMap(([path, bytes]) => (bytes !== null && bytes.length > 0 ? [path] : []));
}

/** The journal that counts; `undefined` when there is none. */
export function journalIn(files: DiskState): string | undefined {
  const epochOf = (path: string) => Number(/\/\.journal-(\d+)$/.exec(path)?.[1] ?? 0);
  const newest = [...files.keys()].toSorted((a, b) => epochOf(b) - epochOf(a))[0] ?? '';
  return epochOf(newest) > 0 ? newest : undefined;
}

export function bytesOf(files: DiskState, path: string): Uint8Array {
  const bytes = files.get(path);
  if (!bytes) throw new Error(`${path} is no file.`);
  return bytes;
}

function damaged(files: DiskState, path: string, bytes: Uint8Array, what: string): Damage {
  return { files: new Map([...files, [path, bytes]]), path, label: `${path}: ${what}` };
}

function joined(lines: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(lines));
}
