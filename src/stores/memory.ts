import { createHash } from 'node:crypto';
import { type Checkpoint, type CheckpointSummary, summarize } from '../checkpoint/checkpoint.js';
import { checkCheckpointId, checkPlanId } from '../checkpoint/checkpoint-id.js';
import { type CheckpointQuery, selectCheckpoints } from '../checkpoint/checkpoint-query.js';
import type { BlobCapability, InboxCapability, PersistenceManager } from '../checkpoint/persistence-manager.js';
import { Lazy } from '../lazy.js';

/** What says whether a text is a checkpoint: loaded by the first that is read. */
export const memoryStorePart = new Lazy(() => import('../checkpoint/checkpoint-schema.js'));

/**
 * Keeps checkpoints in this process, for tests and for trying things out: they are gone when it ends. It holds the JSON
 * text, so what comes back is what any store would bring back.
 *
 * @example
 * const planner = new MetaPlanner({ persistenceManager: new MemoryPersistenceManager(), checkpointInterval: 1 });
 */
export class MemoryPersistenceManager implements PersistenceManager {
  private readonly texts = new Map<string, { readonly text: string; readonly summary: CheckpointSummary }>();

  private readonly messages = new Map<string, Map<string, string>>();

  readonly inbox: InboxCapability = {
    post: async (planId, { id, text }) => {
      const ofPlan = this.messages.get(planId) ?? new Map<string, string>();
      this.messages.set(planId, ofPlan.set(id, text));
    },
    read: async (planId) => [...(this.messages.get(planId) ?? [])].map(([id, text]) => ({ id, text })),
    remove: async (planId, ids) => {
      for (const id of ids) this.messages.get(planId)?.delete(id);
    },
  };

  private readonly contents = new Map<string, Map<string, Uint8Array>>();

  readonly blobs: BlobCapability = {
    put: async (planId, content) => {
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(part.slice());
      const whole = new Uint8Array(Buffer.concat(parts));
      const sha256 = createHash('sha256').update(whole).digest('hex');
      const ofPlan = this.contents.get(planId) ?? new Map<string, Uint8Array>();
      this.contents.set(planId, ofPlan.set(sha256, whole));
      return { sha256, bytes: whole.length };
    },
    read: async (planId, sha256) => {
      const content = this.contents.get(planId)?.get(sha256);
      return content && { bytes: content.length, chunks: () => copiesOf(content) };
    },
    list: async (planId) =>
      [...(this.contents.get(planId) ?? [])].map(([sha256, { length }]) => ({ sha256, bytes: length })),
    remove: async (planId, sha256s) => {
      for (const sha256 of sha256s) this.contents.get(planId)?.delete(sha256);
    },
  };

  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    checkCheckpointId(checkpoint.checkpointId);
    checkPlanId(checkpoint.planId);
    const kept = { text: JSON.stringify(checkpoint), summary: summarize(checkpoint) };
    this.texts.set(checkpoint.checkpointId, kept);
  }

  async loadCheckpoint(checkpointId: string): Promise<Checkpoint | undefined> {
    const kept = this.texts.get(checkpointId);
    if (kept === undefined) return undefined;
    const { checkpointSchema } = memoryStorePart.loaded ?? (await memoryStorePart.load());
    return checkpointSchema.parse(JSON.parse(kept.text));
  }

  async listCheckpoints(query: CheckpointQuery = {}): Promise<CheckpointSummary[]> {
    return selectCheckpoints(
      [...this.texts.values()].map(({ summary }) => summary),
      query,
    );
  }

  async deleteCheckpoint(checkpointId: string): Promise<boolean> {
    return this.texts.delete(checkpointId);
  }
}

async function* copiesOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  if (content.length > 0) yield content.slice();
}
