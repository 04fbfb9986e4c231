/**
 * A store of one's own: four methods are enough. This one keeps JSON text in a Map; put any database behind it.
 *
 * Run:    npx tsx examples/custom-store.ts
 * Prints: the checkpoints of a run that was kept in it, newest first.
 */
import { pathToFileURL } from 'node:url';
import {
  type Checkpoint,
  type CheckpointQuery,
  MetaPlanner,
  type PersistenceManager,
  selectCheckpoints,
  summarize,
} from 'vibe-aigc';

export class MapStore implements PersistenceManager {
  private readonly texts = new Map<string, string>();

  async saveCheckpoint(checkpoint: Checkpoint) {
    this.texts.set(checkpoint.checkpointId, JSON.stringify(checkpoint));
  }

  async loadCheckpoint(checkpointId: string): Promise<Checkpoint | undefined> {
    const text = this.texts.get(checkpointId);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async listCheckpoints(query?: CheckpointQuery) {
    const all = [...this.texts.values()].map((text) => summarize(JSON.parse(text)));
    return selectCheckpoints(all, query);
  }

  async deleteCheckpoint(checkpointId: string) {
    return this.texts.delete(checkpointId);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const planner = new MetaPlanner({ persistenceManager: new MapStore(), checkpointInterval: 3 });
  await planner.executeWithResume({ description: 'A postcard from the sea' });
  for (const { checkpointId, completedNodes, totalNodes } of await planner.listCheckpoints()) {
    console.log(checkpointId, `${completedNodes}/${totalNodes}`);
  }
}
