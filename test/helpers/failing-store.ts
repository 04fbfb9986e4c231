import { MemoryPersistenceManager, type PersistenceManager } from 'vibe-aigc';

class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

/** A store that works until its n-th save, and fails that one and all later ones. */
export function dyingAt(
  deadAt: number,
  store: PersistenceManager = new MemoryPersistenceManager(),
): PersistenceManager & { saves: number } {
  return {
    saves: 0,
    async saveCheckpoint(checkpoint) {
      this.saves++;
      if (this.saves >= deadAt) throw new PowerCut('power cut');
      await store.saveCheckpoint(checkpoint);
    },
    loadCheckpoint: (id) => store.loadCheckpoint(id),
    listCheckpoints: (query) => store.listCheckpoints(query),
    deleteCheckpoint: (id) => store.deleteCheckpoint(id),
  };
}
