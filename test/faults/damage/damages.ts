import type { DiskState } from '../helpers/disk-state.js';
import type { Random } from '../helpers/random.js';
import { splitLines } from './journal-lines.js';

/** Files of a store that are not as they were written. */
export interface Damage {
  readonly files: DiskState;
  /** The file that was damaged. */
  readonly path: string;
  /** Another one that was. */
  readonly alsoPath?: string;
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

/** As a crash may leave a file whose blocks were never written: nothing but zeros, as long as it was or from a byte on. */
export function* zeroed(files: DiskState, path: string): Generator<Damage> {
  const { length } = bytesOf(files, path);
  for (const start of [0, Math.floor(length / 2), length - 1]) {
    yield damaged(files, path, bytesOf(files, path).slice().fill(0, start), `zeros from byte ${start} to its end`);
  }
  const padded = new Uint8Array([...bytesOf(files, path), ...new Uint8Array(512)]);
  yield damaged(files, path, padded, '512 zeros behind its end');
}

/** Every two files with each other's content. */
export function* swapped(files: DiskState): Generator<Damage> {
  const paths = filesIn(files);
  for (const [index, path] of paths.entries()) {
    for (const alsoPath of paths.slice(index + 1)) {
      const changed = new Map([...files, [path, bytesOf(files, alsoPath)], [alsoPath, bytesOf(files, path)]] as const);
      yield { files: changed, path, alsoPath, label: `${path} and ${alsoPath} swapped` };
    }
  }
}

/** Before, in and after the line feed of each line, and in the middle of it. */
export function lineCuts(files: DiskState, path: string): number[] {
  const cuts: number[] = [];
  let end = 0;
  for (const line of splitLines(bytesOf(files, path))) {
    cuts.push(end + Math.floor(line.length / 2), end + line.length - 1, end + line.length);
    end += line.length;
  }
  return cuts.filter((cut) => cut < end);
}

/** A line of another file in the place of each line, and before it. */
export function* withForeignLines(files: DiskState, path: string, foreign: readonly Uint8Array[]): Generator<Damage> {
  const lines = splitLines(bytesOf(files, path));
  for (const [index, line] of foreign.entries()) {
    const at = Math.min(index, lines.length - 1);
    const of = (label: string, changed: readonly Uint8Array[]) => rejoined(files, path, changed, label);
    yield of(`line ${at + 1} is that of another file`, lines.toSpliced(at, 1, line));
    yield of(`a line of another file before line ${at + 1}`, lines.toSpliced(at, 0, line));
    yield of(`line ${index + 1} of another file at its end`, [...lines, line]);
  }
}

/** Each way to have the lines of a file in another order or number, for each line. */
export function* rearranged(files: DiskState, path: string): Generator<Damage> {
  const lines = splitLines(bytesOf(files, path));
  const of = (label: string, changed: readonly Uint8Array[]) => rejoined(files, path, changed, label);
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

/** The file is put together when it is looked at: of all that could be tried, most often a few are. */
function rejoined(files: DiskState, path: string, lines: readonly Uint8Array[], what: string): Damage {
  return {
    get files() {
      return new Map([...files, [path, new Uint8Array(Buffer.concat(lines))]]);
    },
    path,
    label: `${path}: ${what}`,
  };
}
