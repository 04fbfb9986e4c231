import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { type KnownFiles, OperationLog } from './operation-log.js';
import type { Operation, Recording, Told } from './operations.js';
import { type Ended, refused, traces } from './traced-calls.js';

export interface Recorder {
  /** Notes between the operations what the program tells its user just now. */
  mark(told: Told): void;
  /** Resolves at the first operation from now on that is looked for. */
  next(isLookedFor: (operation: Operation) => boolean): Promise<void>;
  /** Ends the record and gives the functions of `node:fs` back as they were. */
  stop(): Recording;
}

type Fn = (...args: unknown[]) => unknown;
type Functions = Record<string, Fn | undefined>;

/**
 * Records what this process does to the files below a directory, through any function of `node:fs`: with callbacks,
 * promises, file handles, or waiting. A function that it cannot follow throws when it is used there.
 *
 * @param directory absolute, without links in it
 */
export async function recordOperations(directory: string, known?: KnownFiles, nextFile?: number): Promise<Recorder> {
  const log = new OperationLog(directory, known, nextFile);
  const handles = await handlePrototype();
  const undo = [patchFunctions(log), patchPromises(log), patchHandles(log, handles)];
  syncBuiltinESMExports();
  return {
    mark: (told) => log.mark(told),
    next: (isLookedFor) => log.next(isLookedFor),
    stop() {
      for (const each of undo) each();
      syncBuiltinESMExports();
      return log.recording();
    },
  };
}

function patchFunctions(log: OperationLog): () => void {
  const patch = patcher(fs as unknown as Functions);
  for (const [name, trace] of Object.entries(traces)) {
    patch(name, (original) => (...args) => {
      const callback = args.pop() as Fn;
      const ended = trace(log, args);
      return original.call(fs, ...args, (error: unknown, ...answers: unknown[]) => {
        if (error === null || error === undefined) ended?.(answers[0]);
        callback(error, ...answers);
      });
    });
    patch(`${name}Sync`, (original) => (...args) => {
      const ended = trace(log, args);
      const answer = original.apply(fs, args);
      ended?.(answer);
      return answer;
    });
  }
  for (const name of ['writev', 'writeFile', 'appendFile', ...refused]) {
    for (const each of [name, `${name}Sync`]) patch(each, (original) => refusing(log, each, original));
  }
  return patch.undo;
}

function patchPromises(log: OperationLog): () => void {
  const patch = patcher(fs.promises as unknown as Functions);
  for (const [name, trace] of Object.entries(traces))
    patch(name, (original) => promising(trace.bind(null, log), original));
  patch('writeFile', (original) => (path, data, options) => {
    if (log.pathOf(path) === undefined) return original.call(fs.promises, path, data, options);
    return writeWhole(path as string, data, { flag: 'w', ...optionsOf(options) });
  });
  patch('appendFile', (original) => (path, data, options) => {
    if (log.pathOf(path) === undefined) return original.call(fs.promises, path, data, options);
    return writeWhole(path as string, data, { flag: 'a', ...optionsOf(options) });
  });
  for (const name of refused) patch(name, (original) => refusing(log, name, original));
  return patch.undo;
}

/** The methods of file handles, and the traces of the functions that do the same. */
const handleTraces: Readonly<Record<string, string>> = {
  write: 'write',
  writev: 'write',
  truncate: 'ftruncate',
  sync: 'fsync',
  datasync: 'fdatasync',
  close: 'close',
};

function patchHandles(log: OperationLog, handles: Functions): () => void {
  const patch = patcher(handles);
  for (const [method, name] of Object.entries(handleTraces)) {
    const trace = traces[name];
    patch(
      method,
      (original) =>
        function (this: FileHandle, ...args) {
          const begin = (given: readonly unknown[]) => trace?.(log, [this.fd, ...given]);
          return promising(begin, original.bind(this))(...args);
        },
    );
  }
  for (const method of ['writeFile', 'appendFile']) {
    patch(
      method,
      (original) =>
        function (this: FileHandle, data, options) {
          if (log.at(this.fd) === undefined) return original.call(this, data, options);
          return writeAll(this, data, optionsOf(options));
        },
    );
  }
  patch(
    'createWriteStream',
    (original) =>
      function (this: FileHandle, ...args) {
        if (log.at(this.fd) !== undefined) throw notFollowed('createWriteStream');
        return original.apply(this, args);
      },
  );
  return patch.undo;
}

function promising(begin: (args: readonly unknown[]) => Ended | undefined, original: Fn): Fn {
  return async (...args) => {
    const ended = begin(args);
    const answer = await original(...args);
    ended?.(answer);
    return answer;
  };
}

function refusing(log: OperationLog, name: string, original: Fn): Fn {
  return (...args) => {
    const isInside = args.slice(0, 2).some((path) => {
      if (typeof path === 'number') return log.at(path) !== undefined;
      return (typeof path === 'string' || path instanceof URL) && log.pathOf(path) !== undefined;
    });
    if (isInside) throw notFollowed(name);
    return original.apply(fs, args);
  };
}

function notFollowed(name: string): Error {
  return new Error(`The record of operations cannot follow fs.${name}.`);
}

interface WriteOptions {
  readonly flag?: string | number;
  readonly mode?: number;
  readonly encoding?: BufferEncoding;
  readonly flush?: boolean;
}

/** As Node does it: opened, written until all is, closed. */
async function writeWhole(path: string, data: unknown, options: WriteOptions): Promise<void> {
  const handle = await fs.promises.open(path, options.flag, options.mode);
  try {
    await writeAll(handle, data, options);
    if (options.flush) await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, data: unknown, { encoding }: WriteOptions): Promise<void> {
  if (typeof data !== 'string' && !ArrayBuffer.isView(data)) throw notFollowed('writeFile with a stream');
  const bytes =
    typeof data === 'string'
      ? Buffer.from(data, encoding)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, null)).bytesWritten;
  }
}

function optionsOf(options: unknown): WriteOptions {
  return typeof options === 'string' ? { encoding: options as BufferEncoding } : ((options ?? {}) as WriteOptions);
}

/** Replaces functions of an object, with all that hangs on them (`util.promisify` looks there), until `undo`. */
function patcher(object: Functions) {
  const originals: Array<[name: string, original: Fn]> = [];
  const patch = (name: string, make: (original: Fn) => Fn): void => {
    const original = object[name];
    if (original === undefined) return;
    originals.push([name, original]);
    const replacement = make(original);
    for (const [key, property] of Object.entries(ownProperties(original)))
      Object.defineProperty(replacement, key, property);
    for (const key of Object.getOwnPropertySymbols(original)) {
      Object.defineProperty(replacement, key, Object.getOwnPropertyDescriptor(original, key) as PropertyDescriptor);
    }
    object[name] = replacement;
  };
  return Object.assign(patch, {
    undo() {
      for (const [name, original] of originals.reverse()) object[name] = original;
    },
  });
}

function ownProperties(fn: Fn): Record<string, PropertyDescriptor> {
  const { prototype, length, name, ...rest } = Object.getOwnPropertyDescriptors(fn) as Record<
    string,
    PropertyDescriptor
  >;
  return rest;
}

async function handlePrototype(): Promise<Functions> {
  const handle = await fs.promises.open(process.execPath, 'r');
  try {
    return Object.getPrototypeOf(handle) as Functions;
  } finally {
    await handle.close();
  }
}
