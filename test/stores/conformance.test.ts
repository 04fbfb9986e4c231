import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryPersistenceManager, WorkflowPersistenceManager } from 'vibe-aigc';
import {
  blobLaws,
  type CreateStore,
  inboxLaws,
  journalLaws,
  lockLaws,
  persistenceLaws,
  repairLaws,
} from 'vibe-aigc/testing';
import { afterEach, describe, expect, it } from 'vitest';
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

const ofCapabilities = { inbox: inboxLaws, blobs: blobLaws, locks: lockLaws, journal: journalLaws, repair: repairLaws };
type Capability = keyof typeof ofCapabilities;

const stores: Record<string, { readonly create: CreateStore; readonly has: readonly Capability[] }> = {
  WorkflowPersistenceManager: { create: fileStore, has: ['inbox', 'blobs', 'locks', 'journal', 'repair'] },
  MemoryPersistenceManager: { create: () => new MemoryPersistenceManager(), has: ['inbox', 'blobs'] },
  'the store of examples/custom-store.ts': { create: () => new MapStore(), has: [] },
};

for (const [name, { create, has }] of Object.entries(stores)) {
  describe(name, () => {
    for (const law of persistenceLaws) it(law.name, () => law.check(create));

    for (const capability of Object.keys(ofCapabilities) as Capability[]) {
      const laws = ofCapabilities[capability];
      if (has.includes(capability)) for (const law of laws) it(`${law.name} (${capability})`, () => law.check(create));
      else
        it(`fails the laws of ${capability}, which it has not`, async () => {
          for (const law of laws) await expect(law.check(create)).rejects.toThrow(/^The store has no "/);
        });
    }
  });
}
