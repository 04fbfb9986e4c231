import { constants } from 'node:fs';
import { madeDirectories, type OperationLog } from './operation-log.js';
import type { Operation } from './operations.js';

/** Called with what the call answered, once it succeeded: notes what it did. */
export type Ended = (answer: unknown) => void;

/** Looks at the arguments of a call before it is made; `undefined` when it does not concern what is recorded. */
type Trace = (log: OperationLog, args: readonly unknown[]) => Ended | undefined;

/** By the name of the function in `node:fs`, without `Sync`. What a file handle does has its descriptor first. */
export const traces: Readonly<Record<string, Trace>> = {
  mkdir(log, [path]) {
    const inside = log.pathOf(path);
    if (inside === undefined) return undefined;
    const startedAt = log.start();
    const isThere = log.entry(inside) !== undefined;
    return (first) => {
      const firstMade = typeof first === 'string' ? log.pathOf(first) : isThere ? undefined : inside;
      const made = firstMade === undefined ? [] : madeDirectories(inside, firstMade);
      log.end(startedAt, ...made.map((path) => ({ kind: 'make directory', path }) as const));
    };
  },

  open(log, [path, flags]) {
    const inside = log.pathOf(path);
    if (inside === undefined) return undefined;
    const wanted = flagsOf(flags);
    const startedAt = log.start();
    return (answer) => {
      const operations: Operation[] = [];
      let file = log.entry(inside);
      if (file === undefined && (wanted & constants.O_CREAT) !== 0) {
        file = log.newFile();
        operations.push({ kind: 'name', path: inside, file });
      } else if (typeof file === 'number' && (wanted & constants.O_TRUNC) !== 0 && log.size(file) > 0) {
        operations.push({ kind: 'resize', file, size: 0 });
      }
      log.end(startedAt, ...operations);
      const isAppending = (wanted & constants.O_APPEND) !== 0;
      const opened = typeof file === 'number' ? { path: inside, file, position: 0, isAppending } : { path: inside };
      log.open(descriptorOf(answer), opened);
    };
  },

  write(log, [descriptor, data, ...where]) {
    const opened = log.at(descriptor as number);
    if (opened === undefined) return undefined;
    if (opened.file === undefined) throw new Error('A directory cannot be written.');
    const { bytes, position } = written(data, where);
    const startedAt = log.start();
    return (answer) => {
      const count = typeof answer === 'number' ? answer : (answer as { bytesWritten: number }).bytesWritten;
      const offset = opened.isAppending ? log.size(opened.file) : (position ?? opened.position);
      if (position === undefined) opened.position = offset + count;
      log.end(startedAt, { kind: 'write', file: opened.file, offset, bytes: bytes.slice(0, count) });
    };
  },

  ftruncate(log, [descriptor, size]) {
    const opened = log.at(descriptor as number);
    if (opened?.file === undefined) return undefined;
    const { file } = opened;
    return noting(log, { kind: 'resize', file, size: (size as number | undefined) ?? 0 });
  },

  truncate(log, [path, size]) {
    const inside = log.pathOf(path);
    const file = inside === undefined ? undefined : log.entry(inside);
    if (typeof file !== 'number') return undefined;
    return noting(log, { kind: 'resize', file, size: (size as number | undefined) ?? 0 });
  },

  fsync: flush,
  fdatasync: flush,

  close(log, [descriptor]) {
    log.close(descriptor as number);
    return undefined;
  },

  rename(log, [from, to]) {
    const [source, path] = [log.pathOf(from), log.pathOf(to)];
    if (source === undefined && path === undefined) return undefined;
    const file = source === undefined ? undefined : log.entry(source);
    if (source === undefined || path === undefined || file === 'directory') {
      throw new Error(`The record of operations cannot follow a rename of ${from} to ${to}.`);
    }
    return noting(log, { kind: 'rename', from: source, path, file: file ?? -1 });
  },

  link(log, [from, to]) {
    const [source, path] = [log.pathOf(from), log.pathOf(to)];
    if (path === undefined) return undefined;
    const file = source === undefined ? undefined : log.entry(source);
    if (file === 'directory') return undefined; // it will fail
    return noting(log, { kind: 'name', path, file: file ?? -1 });
  },

  unlink: remove,
  rmdir: remove,

  rm(log, [path]) {
    const inside = log.pathOf(path);
    if (inside === undefined) return undefined;
    const gone = log.entry(inside) === undefined ? [] : [...log.below(inside), inside];
    return noting(log, ...gone.map((each) => ({ kind: 'remove', path: each }) as const));
  },
};

/** What changes files in a way that is not followed: it may not be used below the directory, or the record would lie. */
export const refused = ['copyFile', 'cp', 'symlink', 'mkdtemp', 'createWriteStream'];

function noting(log: OperationLog, ...operations: readonly Operation[]): Ended {
  const startedAt = log.start();
  return () => log.end(startedAt, ...operations);
}

function flush(log: OperationLog, [descriptor]: readonly unknown[]): Ended | undefined {
  const opened = log.at(descriptor as number);
  if (opened === undefined) return undefined;
  if (opened.file === undefined) return noting(log, { kind: 'flush directory', path: opened.path });
  return noting(log, { kind: 'flush', file: opened.file });
}

function remove(log: OperationLog, [path]: readonly unknown[]): Ended | undefined {
  const inside = log.pathOf(path);
  return inside === undefined ? undefined : noting(log, { kind: 'remove', path: inside });
}

function descriptorOf(answer: unknown): number {
  return typeof answer === 'number' ? answer : (answer as { fd: number }).fd;
}

/** `write(text, position, encoding)`, `write(bytes, offset, length, position)` or `write(bytes, { ... })`. */
function written(data: unknown, where: readonly unknown[]): { bytes: Uint8Array; position: number | undefined } {
  if (typeof data === 'string') {
    const [position, encoding] = where;
    return { bytes: new Uint8Array(Buffer.from(data, encoding as BufferEncoding)), position: numberOf(position) };
  }
  if (Array.isArray(data)) {
    return { bytes: new Uint8Array(Buffer.concat(data.map(bytesOf))), position: numberOf(where[0]) };
  }
  const all = bytesOf(data);
  const [first] = where;
  const named = typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : undefined;
  const [offset, length, position] = named === undefined ? where : [named.offset, named.length, named.position];
  const start = numberOf(offset) ?? 0;
  const bytes = all.slice(start, start + (numberOf(length) ?? all.length - start));
  return { bytes, position: numberOf(position) };
}

function bytesOf(data: unknown): Uint8Array {
  const view = data as ArrayBufferView;
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

const named: Readonly<Record<string, number>> = {
  r: constants.O_RDONLY,
  'r+': constants.O_RDWR,
  w: constants.O_TRUNC | constants.O_CREAT | constants.O_WRONLY,
  wx: constants.O_TRUNC | constants.O_CREAT | constants.O_WRONLY | constants.O_EXCL,
  'w+': constants.O_TRUNC | constants.O_CREAT | constants.O_RDWR,
  'wx+': constants.O_TRUNC | constants.O_CREAT | constants.O_RDWR | constants.O_EXCL,
  a: constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY,
  ax: constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_EXCL,
  'a+': constants.O_APPEND | constants.O_CREAT | constants.O_RDWR,
  'ax+': constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_EXCL,
};

function flagsOf(flags: unknown): number {
  if (typeof flags === 'number') return flags;
  const known = named[typeof flags === 'string' ? flags : 'r'];
  if (known === undefined) throw new Error(`The record of operations does not know the flags ${flags}.`);
  return known;
}
