import type { Dirent } from 'node:fs';
import { readdir, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode, flushDirectory, ignoreMissing } from './documents.js';
import { epochOfLock, epochOfLockFamily, highestEpoch, idOfMessage, lockName } from './names.js';

/**
 * Removes the directory of a plan in which nothing but locks is left, the highest of them ours, and messages that nobody
 * will take: nothing was stored, or all of it was removed. Epochs begin with 1 again then, so what lies beside locks goes first, for good: a `.released`
 * that is left over would speak of a new lock of that number.
 * @returns whether our lock is gone, and the plan free with it
 */
export async function removeEmptyPlan(
  directory: string,
  epoch: number,
  isStillOurs: () => Promise<boolean>,
): Promise<boolean> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.map(({ name }) => name);
  if (!entries.every(isOfNoUse) || highestEpoch(names, epochOfLock) !== epoch) return false;
  const own = lockName(epoch);
  for (const name of names) if (name !== own) await unlink(join(directory, name)).catch(ignoreMissing);
  await flushDirectory(directory);
  if (!(await isStillOurs())) return true;
  await unlink(join(directory, own));
  const isGone = await rmdir(directory).then(() => true, whenInUse);
  if (isGone) await flushDirectory(dirname(directory));
  return true;
}

function isOfNoUse(entry: Dirent): boolean {
  return epochOfLockFamily(entry.name) !== undefined || (entry.isFile() && idOfMessage(entry.name) !== undefined);
}

/** Somebody has begun something there, or has removed it already. */
function whenInUse(error: unknown): boolean {
  if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(errorCode(error) ?? '')) return false;
  throw error;
}
