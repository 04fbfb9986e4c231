import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { flushDirectory, ignoreMissing, whenMissing } from './documents.js';
import { flat, mayLieIn } from './listing.js';
import { canBeStored, documentName } from './names.js';

/**
 * Removes the files of some checkpoints from some directories, each of which is listed and flushed once.
 * @param isOfPlan asked of files that lie flat, beside those of other plans
 * @returns the ids of which a file is gone
 */
export async function deleteDocuments(
  root: string,
  directories: readonly string[],
  checkpointIds: readonly string[],
  isOfPlan: (checkpointId: string) => Promise<boolean>,
): Promise<string[]> {
  const removed = new Set<string>();
  for (const directory of directories) {
    const path = join(root, directory);
    const names = new Set(await readdir(path).catch(whenMissing<string[]>([])));
    const isThere = (id: string) => canBeStored(id) && mayLieIn(directory, id) && names.has(documentName(id));
    let isChanged = false;
    for (const id of checkpointIds.filter(isThere)) {
      if (directory === flat && !(await isOfPlan(id))) continue;
      await unlink(join(path, documentName(id))).catch(ignoreMissing);
      removed.add(id);
      isChanged = true;
    }
    if (isChanged) await flushDirectory(path);
  }
  return [...removed];
}
