import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryPersistenceManager, type PersistenceManager, WorkflowPersistenceManager } from 'vibe-aigc';
import { afterEach } from 'vitest';
import { MapStore } from '../../examples/custom-store.js';

const directories: string[] = [];

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true });
});

/** A directory of the test's own, removed after it. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vibe-aigc-test-'));
  directories.push(directory);
  return directory;
}

export async function fileStore(): Promise<WorkflowPersistenceManager> {
  return new WorkflowPersistenceManager({ checkpointDir: join(await temporaryDirectory(), 'checkpoints') });
}

/** Leaves only the checkpoint files, as a version without a journal would have. */
export async function removeJournals({ checkpointDir }: { readonly checkpointDir: string }): Promise<void> {
  for (const path of await readdir(checkpointDir, { recursive: true })) {
    if (/(^|[\\/])\.journal-\d+$/.test(path)) await rm(join(checkpointDir, path));
  }
}

/** Every store, ours and one that a user would write. */
export const everyStore: Record<string, () => Promise<PersistenceManager>> = {
  'files on disk': fileStore,
  'the memory store': async () => new MemoryPersistenceManager(),
  'a store of twenty lines': async () => new MapStore(),
};
