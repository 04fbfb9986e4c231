import type { FaultCode, Operation } from '../child/protocol.js';
import { shapeOf } from './crash-points.js';

/** One operation of a run, and the error that it is to fail with. */
export interface Failure {
  readonly at: number;
  readonly code: FaultCode;
  readonly name: string;
}

/** What systems answer to which operation. */
const codesOf: Record<string, readonly FaultCode[]> = {
  open: ['EMFILE', 'ENOSPC', 'EACCES', 'EROFS', 'EIO'],
  write: ['ENOSPC', 'SHORT', 'EIO'],
  writev: ['ENOSPC', 'SHORT', 'EIO'],
  writeFile: ['SHORT', 'ENOSPC', 'EIO'],
  appendFile: ['SHORT', 'ENOSPC', 'EIO'],
  sync: ['EIO', 'ENOSPC'],
  fsync: ['EIO', 'ENOSPC'],
  datasync: ['EIO', 'ENOSPC'],
  fdatasync: ['EIO', 'ENOSPC'],
  close: ['EIO'],
  unlink: ['EACCES', 'EROFS', 'EIO'],
  rm: ['EACCES', 'EROFS', 'EIO'],
  read: ['EIO'],
  readFile: ['EIO', 'EMFILE', 'EACCES'],
  readdir: ['EMFILE', 'EIO', 'EACCES'],
  stat: ['EIO'],
};
const codesOfOthers: readonly FaultCode[] = ['ENOSPC', 'EACCES', 'EROFS', 'EIO'];
const codesOfLooks: readonly FaultCode[] = ['EIO', 'EACCES'];

const allKinds = [
  ...Object.keys(codesOf),
  ...['mkdir', 'rename', 'link', 'symlink', 'truncate', 'chmod', 'fchmod', 'utimes'],
  ...['lstat', 'fstat', 'access', 'exists', 'realpath'],
];

/** Every operation with every error that it can end with. */
export function failuresOf(operations: readonly Operation[]): Failure[] {
  return operations.flatMap((operation) => codesFor(operation).map((code) => failureOf(operation, code)));
}

/** Every operation with one error, so that all errors have their turn. */
export function oneFailureEach(operations: readonly Operation[]): Failure[] {
  return operations.map((operation, index) => {
    const codes = codesFor(operation);
    return failureOf(operation, codes[index % codes.length] as FaultCode);
  });
}

/** The kinds that such an error ends, when a disk is in that state for good. */
export function kindsFailingWith(code: FaultCode): string[] {
  return allKinds.filter((kind) => codesFor({ kind }).includes(code));
}

export function codesFor({ kind }: Pick<Operation, 'kind'>): readonly FaultCode[] {
  return codesOf[kind] ?? (/stat|access|exists|realpath|opendir/.test(kind) ? codesOfLooks : codesOfOthers);
}

function failureOf({ n, kind, file }: Operation, code: FaultCode): Failure {
  return { at: n, code, name: `${code} at operation ${n}, ${kind} ${shapeOf(file)}` };
}
