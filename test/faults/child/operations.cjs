'use strict';

/**
 * What an operation is, told from the arguments of a call: its kind, its file, whether it counts, and for a write how
 * half of it is written. `undefined` for calls that touch no file under the directory.
 */
const fs = require('node:fs');
const { counts, nameOf } = require('./fault.cjs');

const { writeSync, openSync, closeSync } = fs;

/** What is open under the directory: descriptor -> { file, path, isWritable }. */
const opened = new Map();

const changesOfPaths = ['mkdir', 'mkdtemp', 'rename', 'link', 'symlink', 'unlink', 'rm', 'rmdir', 'truncate'];
const changesOfContent = ['writeFile', 'appendFile'];
const changesOfMarks = ['copyFile', 'chmod', 'utimes'];
const looksAtPaths = ['readFile', 'readdir', 'opendir', 'stat', 'lstat', 'access', 'exists', 'realpath'];

const describers = {
  open: describeOpen,
  ...byName([...changesOfPaths, ...changesOfMarks], (kind) => (args) => ofPaths(kind, args, true)),
  ...byName(changesOfContent, (kind) => (args) => ofContent(kind, args)),
  ...byName(looksAtPaths, (kind) => (args) => ofPaths(kind, args, false)),
  ...byName(
    ['write', 'writev'],
    (kind) =>
      ([fd, ...args]) =>
        ofWrite(kind, fd, args, 1),
  ),
  ...byName(
    ['fsync', 'fdatasync', 'ftruncate', 'fchmod'],
    (kind) =>
      ([fd]) =>
        ofDescriptor(kind, fd, true),
  ),
  ...byName(
    ['read', 'readv', 'fstat'],
    (kind) =>
      ([fd]) =>
        ofDescriptor(kind, fd, false),
  ),
  close: ([fd]) => ofClose(fd),
};

/** The same for the methods of a FileHandle. */
function describeHandle(handle, { file, path, isWritable }) {
  const { fd } = handle;
  opened.set(fd, { file, path, isWritable });
  return {
    ...byName(['write', 'writev'], (kind) => (args) => ofWrite(kind, fd, args, 0)),
    ...byName(changesOfContent, (kind) => (args) => ofContent(kind, [fd, ...args])),
    ...byName(['sync', 'datasync', 'truncate', 'chmod'], (kind) => () => ofDescriptor(kind, fd, true)),
    ...byName(['read', 'readv', 'readFile', 'stat'], (kind) => () => ofDescriptor(kind, fd, false)),
    close: () => ofClose(fd),
  };
}

function describeOpen([path, flags = 'r']) {
  const file = nameOf(path);
  if (file === undefined) return undefined;
  const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND } = fs.constants;
  const changing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
  const isWritable = typeof flags === 'number' ? (flags & changing) !== 0 : !/^r[s]?$/.test(flags);
  const remember = (result) => {
    if (typeof result === 'number') opened.set(result, { file, path, isWritable });
  };
  return { kind: 'open', file, path, isWritable, isCounted: counts(isWritable), opened: remember };
}

function ofPaths(kind, [path, other], isChange) {
  const isOfTwo = ['rename', 'link', 'symlink', 'copyFile'].includes(kind);
  const file = (isOfTwo ? nameOf(other) : undefined) ?? nameOf(path);
  return file === undefined ? undefined : { kind, file, path, isCounted: counts(isChange) };
}

function ofDescriptor(kind, fd, isChange) {
  const entry = opened.get(fd);
  return entry && { kind, file: entry.file, path: entry.path, isCounted: counts(isChange) };
}

function ofClose(fd) {
  const entry = opened.get(fd);
  opened.delete(fd);
  return entry && { kind: 'close', file: entry.file, path: entry.path, isCounted: counts(entry.isWritable) };
}

/** `skipped` arguments stand before the data in what is handed on: the descriptor, or none. */
function ofWrite(kind, fd, [data, ...rest], skipped) {
  const operation = ofDescriptor(kind, fd, true);
  if (operation === undefined) return undefined;
  const { bytes, position } = bytesOf(data, rest);
  const half = bytes.subarray(0, bytes.length >> 1);
  return {
    ...operation,
    writeHalf: () => writeSync(fd, half, 0, half.length, position),
    shorten: (args) => [
      ...args.slice(0, skipped),
      ...(kind === 'writev' ? [[half]] : [half, 0, half.length]),
      position,
    ],
  };
}

/** `write(buffer, offset, length, position)`, `write(buffer, options)`, `write(text, position, encoding)`, `writev`. */
function bytesOf(data, [first, second, third]) {
  if (typeof data === 'string') return { bytes: Buffer.from(data, second ?? 'utf8'), position: asPosition(first) };
  if (Array.isArray(data)) return { bytes: Buffer.concat(data.map(asBuffer)), position: asPosition(first) };
  const options =
    typeof first === 'object' && first !== null ? first : { offset: first, length: second, position: third };
  const offset = options.offset ?? 0;
  const bytes = asBuffer(data).subarray(offset, offset + (options.length ?? data.byteLength - offset));
  return { bytes, position: asPosition(options.position) };
}

function asBuffer(view) {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

function asPosition(position) {
  return typeof position === 'number' || typeof position === 'bigint' ? position : null;
}

/** `writeFile` and `appendFile` loop by themselves: they can be torn, never short. */
function ofContent(kind, [target, data, options]) {
  const open = typeof target === 'number' ? target : target?.fd;
  const operation = open === undefined ? ofPaths(kind, [target], true) : ofDescriptor(kind, open, true);
  if (operation === undefined || (typeof data !== 'string' && !ArrayBuffer.isView(data))) return operation;
  const writeHalf = () => {
    const fd = open ?? openSync(target, options?.flag ?? (kind === 'writeFile' ? 'w' : 'a'), options?.mode);
    const bytes = typeof data === 'string' ? Buffer.from(data) : asBuffer(data);
    writeSync(fd, bytes, 0, bytes.length >> 1);
    if (open === undefined) closeSync(fd);
  };
  return { ...operation, writeHalf };
}

function byName(names, describe) {
  return Object.fromEntries(names.map((name) => [name, describe(name)]));
}

module.exports = { describers, describeHandle };
