import type { Random } from '../helpers/random.js';
import type { Operation, Timed } from './operations.js';

export interface FileContent {
  readonly bytes: Uint8Array;
  readonly label: string;
}

type DataOperation = Extract<Operation, { kind: 'write' | 'resize' }>;

/** Disks lose more than this at once; so much finer does it get interesting. */
const blockBytes = 64;

/** What a file holds when all of these operations on it happened. */
export function contentsOf(operations: readonly Operation[], file: number): Uint8Array {
  return applied(dataOf(operations, file));
}

/**
 * What a file may hold: everything first, then nothing that is not sure, then parts. A part is any prefix of the bytes, a
 * write lost before one that was kept, the size without the bytes, or blocks lost here and there.
 */
export function contentVariants<O extends Timed>(
  operations: readonly O[],
  file: number,
  isSure: (operation: O) => boolean,
  random: Random,
): FileContent[] {
  const data = dataOf(operations, file);
  const pending = data.filter((operation) => !isSure(operation));
  const all = { bytes: applied(data), label: 'kept' };
  if (pending.length === 0) return [all];
  const without = (lost: ReadonlySet<DataOperation>) => applied(data.filter((operation) => !lost.has(operation)));
  const none = without(new Set<DataOperation>(pending));
  const variants: FileContent[] = [all, { bytes: none, label: 'lost' }];
  pending.forEach((operation, index) => {
    const after = pending.slice(index + 1);
    if (operation.kind === 'write' && operation.bytes.length > 0) {
      const length = random.below(operation.bytes.length);
      const part = { ...operation, bytes: operation.bytes.subarray(0, length) };
      const kept = data.filter((each) => !after.includes(each)).map((each) => (each === operation ? part : each));
      variants.push({
        bytes: applied(kept),
        label: `write ${index + 1} of ${pending.length} cut after ${length} bytes`,
      });
    }
    if (after.length === 0) return;
    variants.push({
      bytes: without(new Set<DataOperation>(after)),
      label: `lost after write ${index + 1} of ${pending.length}`,
    });
    variants.push({ bytes: without(new Set([operation])), label: `write ${index + 1} of ${pending.length} lost` });
  });
  const empty = data.map((each) => (pending.includes(each) && each.kind === 'write' ? zeroed(each) : each));
  variants.push({ bytes: applied(empty), label: 'of its new size, with zeros' });
  variants.push({ bytes: withoutBlocks(all.bytes, none, random), label: `without blocks of ${blockBytes} bytes` });
  return variants;
}

function dataOf<O extends Operation>(operations: readonly O[], file: number): Array<O & DataOperation> {
  const isOfFile = (operation: O): operation is O & DataOperation =>
    (operation.kind === 'write' || operation.kind === 'resize') && operation.file === file;
  return operations.filter(isOfFile);
}

function zeroed<O extends Extract<Operation, { kind: 'write' }>>(write: O): O {
  return { ...write, bytes: new Uint8Array(write.bytes.length) };
}

/** A hole is zeros. */
function applied(operations: readonly DataOperation[]): Uint8Array {
  let bytes = new Uint8Array();
  const resize = (size: number) => {
    const resized = new Uint8Array(size);
    resized.set(bytes.subarray(0, size));
    bytes = resized;
  };
  for (const operation of operations) {
    if (operation.kind === 'resize') resize(operation.size);
    else {
      resize(Math.max(bytes.length, operation.offset + operation.bytes.length));
      bytes.set(operation.bytes, operation.offset);
    }
  }
  return bytes;
}

/** Each block is the new one or the old one, or zeros where there was none. */
function withoutBlocks(all: Uint8Array, none: Uint8Array, random: Random): Uint8Array {
  const bytes = all.slice();
  for (let start = 0; start < bytes.length; start += blockBytes) {
    if (random.chance(0.5)) continue;
    const end = Math.min(start + blockBytes, bytes.length);
    bytes.fill(0, start, end);
    bytes.set(none.subarray(Math.min(start, none.length), Math.min(end, none.length)), start);
  }
  return bytes;
}
