import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryPersistenceManager, WorkflowPersistenceManager } from 'vibe-aigc';
import { persistenceLaws } from 'vibe-aigc/testing';
import { afterEach, describe, it } from 'vitest';
import { MapStore } from '../../examples/custom-store.js';

const directories: string[] = [];

afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true });
});

async function fileStore(): Promise<WorkflowPersistenceManager> {
  const directory = await mkdtemp(join(tmpdir(), 'vibe-aigc-'));
  directories.push(directory);
  return new WorkflowPersistenceManager({ checkpointDir: join(directory, 'checkpoints') });
}

const stores = {
  WorkflowPersistenceManager: fileStore,
  MemoryPersistenceManager: () => new MemoryPersistenceManager(),
  'the store of examples/custom-store.ts': () => new MapStore(),
};

for (const [name, create] of Object.entries(stores)) {
  describe(name, () => {
    for (const law of persistenceLaws) it(law.name, () => law.check(create));
  });
}
