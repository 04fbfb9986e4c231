import { createHash } from 'node:crypto';
import { dirname } from 'node:path/posix';
import type { DiskState } from '../helpers/disk-state.js';
import type { Random } from '../helpers/random.js';
import { contentsOf, contentVariants, type FileContent } from './file-contents.js';
import type { Operation, Recording, Timed } from './operations.js';

export interface LegalState {
  readonly state: DiskState;
  /** What became of the operations that no flush covers. */
  readonly label: string;
}

type EntryOperation = Extract<Operation, { kind: 'make directory' | 'name' | 'rename' | 'remove' }>;
type Names = ReadonlyMap<string, number | 'directory'>;

/**
 * The states that a disk may be in when the power was cut before that moment. What a later, complete flush of the same
 * file or directory covers is there. Everything else, under way or done, may be or may not be: entries of directories
 * each by itself (a rename is whole or not at all), the bytes of files in any part. A flushed file may lack its name,
 * and a name may lack its bytes.
 *
 * The first is the disk that kept everything, the second the one that kept least; a choice of those between follows.
 */
export function* legalStates(recording: Recording, cut: number, random: Random): Generator<LegalState> {
  const begun = recording.operations.filter(({ startedAt }) => startedAt < cut);
  const isSure = surenessAt(recording, cut);
  const entries = begun.filter(isEntry);
  const pending = entries.filter((entry) => !isSure(entry));
  const seen = new Set<string>();
  for (const choice of choicesOf(pending, random)) {
    const names = namesAfter(entries.filter((entry) => isSure(entry) || choice.kept.has(entry)));
    for (const { contents, label } of contentChoices(names, begun, isSure, choice.isThorough, random)) {
      const state: DiskState = new Map(
        [...names].map(([path, file]) => [
          path,
          file === 'directory' ? null : (contents.get(file) ?? new Uint8Array()),
        ]),
      );
      const key = keyOf(state);
      if (seen.has(key)) continue;
      seen.add(key);
      yield { state, label: `names: ${choice.label}; bytes: ${label}` };
    }
  }
}

/** The disk as the programs see it that go on after a process died: what ended happened, what did not end did not. */
export function afterProcessDeath(
  recording: Recording,
  diedAt: number,
): { state: DiskState; files: ReadonlyMap<string, number> } {
  const ended = recording.operations.filter(({ endedAt }) => endedAt < diedAt);
  const names = namesAfter(ended.filter(isEntry));
  const state = new Map<string, Uint8Array | null>();
  const files = new Map<string, number>();
  for (const [path, file] of names) {
    state.set(path, file === 'directory' ? null : contentsOf(ended, file));
    if (file !== 'directory') files.set(path, file);
  }
  return { state, files };
}

/** Equal for equal states. */
export function keyOf(state: DiskState): string {
  const hash = createHash('sha256');
  for (const path of [...state.keys()].sort()) {
    const content = state.get(path);
    hash.update(`${path}\0${content?.length ?? 'directory'}\0`);
    if (content) hash.update(content);
  }
  return hash.digest('hex');
}

/** Tells of an operation whether a flush that began after its end was over before the power was cut. */
function surenessAt(recording: Recording, cut: number): (operation: Timed) => boolean {
  const flushedFrom = new Map<string | number, number>();
  for (const operation of recording.operations) {
    if (operation.endedAt >= cut) continue;
    const subject =
      operation.kind === 'flush' ? operation.file : operation.kind === 'flush directory' ? operation.path : undefined;
    if (subject === undefined) continue;
    flushedFrom.set(subject, Math.max(flushedFrom.get(subject) ?? 0, operation.startedAt));
  }
  return (operation) => {
    const subject = isEntry(operation)
      ? dirname(operation.path)
      : 'file' in operation
        ? operation.file
        : operation.path;
    return operation.endedAt < (flushedFrom.get(subject) ?? -1);
  };
}

interface Choice {
  readonly kept: ReadonlySet<EntryOperation>;
  readonly label: string;
  /** Whether every file is looked at in each of its variants. */
  readonly isThorough: boolean;
}

function* choicesOf(pending: ReadonlyArray<Timed<EntryOperation>>, random: Random): Generator<Choice> {
  yield { kept: new Set(pending), label: 'all kept', isThorough: true };
  if (pending.length === 0) return;
  yield { kept: new Set(), label: `all lost (${pending.map(told).join(', ')})`, isThorough: false };
  for (let length = 1; length < pending.length; length++) {
    yield {
      kept: new Set(pending.slice(0, length)),
      label: `lost from ${told(pending[length] as EntryOperation)} on`,
      isThorough: false,
    };
  }
  for (const lost of pending) {
    const kept = new Set<EntryOperation>(pending);
    kept.delete(lost);
    yield { kept, label: `lost ${told(lost)}`, isThorough: false };
  }
  for (let time = 0; time < 3 && pending.length > 2; time++) {
    const kept = pending.filter(() => random.chance(0.5));
    const lost = pending.filter((entry) => !kept.includes(entry));
    yield { kept: new Set(kept), label: `lost ${lost.map(told).join(', ')}`, isThorough: false };
  }
}

/** A directory that was never there has nothing in it. */
function namesAfter(entries: readonly EntryOperation[]): Names {
  const names = new Map<string, number | 'directory'>();
  for (const entry of entries) {
    switch (entry.kind) {
      case 'make directory':
        names.set(entry.path, 'directory');
        break;
      case 'name':
        names.set(entry.path, entry.file);
        break;
      case 'rename':
        if (names.get(entry.from) === entry.file) names.delete(entry.from);
        names.set(entry.path, entry.file);
        break;
      case 'remove':
        names.delete(entry.path);
        break;
    }
  }
  const isReachable = (path: string): boolean => {
    const parent = dirname(path);
    return parent === '.' || (names.get(parent) === 'directory' && isReachable(parent));
  };
  return new Map([...names].filter(([path]) => isReachable(path)));
}

function* contentChoices(
  names: Names,
  begun: readonly Timed[],
  isSure: (operation: Timed) => boolean,
  isThorough: boolean,
  random: Random,
): Generator<{ contents: ReadonlyMap<number, Uint8Array>; label: string }> {
  const variants = new Map<number, FileContent[]>();
  for (const [, file] of names) {
    if (file !== 'directory') variants.set(file, contentVariants(begun, file, isSure, random));
  }
  const pathOf = (file: number) => [...names].find(([, named]) => named === file)?.[0];
  const contents = (choose: (file: number, of: readonly FileContent[]) => FileContent | undefined) =>
    new Map([...variants].map(([file, of]) => [file, (choose(file, of) as FileContent).bytes] as const));
  const open = [...variants].filter(([, of]) => of.length > 1);

  yield { contents: contents((_, [all]) => all), label: 'all kept' };
  if (open.length === 0) return;
  yield {
    contents: contents((_, of) => of[1] ?? of[0]),
    label: `lost of ${open.map(([file]) => pathOf(file)).join(', ')}`,
  };
  if (isThorough) {
    for (const [file, of] of open) {
      for (const variant of of.slice(1)) {
        yield {
          contents: contents((each, [all]) => (each === file ? variant : all)),
          label: `${pathOf(file)} ${variant.label}`,
        };
      }
    }
  }
  for (let time = 0; time < 2; time++) {
    const labels: string[] = [];
    const mixed = contents((file, of) => {
      const variant = random.pick(of);
      if (of.length > 1) labels.push(`${pathOf(file)} ${variant.label}`);
      return variant;
    });
    yield { contents: mixed, label: labels.join(', ') };
  }
}

function isEntry<O extends Operation>(operation: O): operation is O & EntryOperation {
  return ['make directory', 'name', 'rename', 'remove'].includes(operation.kind);
}

function told(entry: EntryOperation): string {
  return entry.kind === 'rename' ? `rename ${entry.from} to ${entry.path}` : `${entry.kind} ${entry.path}`;
}
