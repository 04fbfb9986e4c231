import { describe, expect, it } from 'vitest';
import type { DiskState } from '../helpers/disk-state.js';
import { randomFrom } from '../helpers/random.js';
import { afterProcessDeath, legalStates } from './disk-model.js';
import type { Operation, Recording } from './operations.js';

const random = randomFrom(1);

/** One operation after the other, each over before the next begins. */
function recordingOf(...operations: Operation[]): Recording {
  const timed = operations.map((operation, index) => ({ ...operation, startedAt: 2 * index, endedAt: 2 * index + 1 }));
  return { operations: timed, marks: [], moments: 2 * operations.length, nextFile: 10 };
}

const name = (path: string, file = 0): Operation => ({ kind: 'name', path, file });
const write = (text: string, offset = 0, file = 0): Operation => ({
  kind: 'write',
  file,
  offset,
  bytes: bytesOf(text),
});
const flush: Operation = { kind: 'flush', file: 0 };
const flushDirectory: Operation = { kind: 'flush directory', path: '.' };
const renameTo = (path: string): Operation => ({ kind: 'rename', from: 'tmp', path, file: 0 });

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

/** `name=text`, sorted; directories are `name/`. */
function shown(state: DiskState): string {
  const entries = [...state].map(([path, bytes]) => (bytes ? `${path}=${Buffer.from(bytes)}` : `${path}/`));
  return entries.sort().join(' ');
}

function statesOf(recording: Recording, cut = recording.moments): string[] {
  return [...legalStates(recording, cut, random)].map(({ state }) => shown(state));
}

describe('the model of a disk', () => {
  it('keeps what was flushed, with its name, and nothing can happen to it', () => {
    expect(statesOf(recordingOf(name('tmp'), write('whole'), flush, renameTo('file'), flushDirectory))).toEqual([
      'file=whole',
    ]);
  });

  it('may lose the bytes behind a name when only the directory was flushed', () => {
    const states = statesOf(recordingOf(name('tmp'), write('whole'), renameTo('file'), flushDirectory));
    expect(states).toEqual(expect.arrayContaining(['file=whole', 'file=', 'file=\0\0\0\0\0']));
    expect(states.some((state) => /^file=w.{0,3}$/.test(state))).toBe(true);
  });

  it('may lose a name, or have the old one, when only the file was flushed', () => {
    const states = statesOf(recordingOf(name('tmp'), write('whole'), flush, renameTo('file')));
    expect(states.sort()).toEqual(['', 'file=whole', 'tmp=whole']);
  });

  it('has the old file or the new one after a rename, and never neither', () => {
    const old = [name('file', 1), write('old', 0, 1), { kind: 'flush', file: 1 } as const, flushDirectory];
    const states = statesOf(recordingOf(...old, name('tmp'), write('new'), flush, renameTo('file')));
    expect(states.sort()).toEqual(['file=new', 'file=old', 'file=old tmp=new']);
  });

  it('may keep a write and lose the one before it', () => {
    const states = statesOf(
      recordingOf(name('file'), flushDirectory, write('ab'), flush, write('cd', 2), write('ef', 4)),
    );
    expect(states).toEqual(expect.arrayContaining(['file=ab', 'file=abcd', 'file=abcdef', 'file=ab\0\0ef']));
  });

  it('does not count a flush that was under way, or that began before the write was over', () => {
    const { operations, ...rest } = recordingOf(name('file'), flushDirectory, write('ab'), flush);
    const recording = { ...rest, operations };
    expect(statesOf(recording, 8)).toEqual(['file=ab']);
    expect(statesOf(recording, 7)).toContain('file=');
    const early = operations.map((operation) =>
      operation.kind === 'flush' ? { ...operation, startedAt: 4.5 } : operation,
    );
    expect(statesOf({ ...rest, operations: early }, 8)).toContain('file=');
  });

  it('may have done what was under way', () => {
    const recording = recordingOf(name('file'), flushDirectory, write('ab'));
    expect(statesOf(recording, 4)).toEqual(['file=']);
    expect(statesOf(recording, 5)).toEqual(expect.arrayContaining(['file=', 'file=ab']));
  });

  it('has nothing in a directory that it lost', () => {
    const inside: Operation[] = [name('plan/file'), write('ab'), flush, { kind: 'flush directory', path: 'plan' }];
    const recording = recordingOf({ kind: 'make directory', path: 'plan' }, ...inside);
    expect(statesOf(recording).sort()).toEqual(['', 'plan/ plan/file=ab']);
  });

  it('may bring back what was removed', () => {
    const recording = recordingOf(name('file'), write('ab'), flush, flushDirectory, { kind: 'remove', path: 'file' });
    expect(statesOf(recording).sort()).toEqual(['', 'file=ab']);
  });

  it('knows what a process leaves that dies: all that was done, and nothing that was under way', () => {
    const recording = recordingOf(name('tmp'), write('ab'), renameTo('file'), write('cd', 2));
    expect(shown(afterProcessDeath(recording, 7).state)).toBe('file=ab');
    expect(shown(afterProcessDeath(recording, 8).state)).toBe('file=abcd');
  });
});
