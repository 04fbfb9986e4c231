import type { NodeHandler } from 'vibe-aigc';
import { note } from './ledger.js';

/** Stores what a node makes, as it comes; what depends on others hands on theirs. */
export const mediaHandler: NodeHandler = async ({ id }, { runId, idempotencyKey, inputs, step, blob }) => {
  note({ type: 'called', runId, nodeId: id, key: idempotencyKey });
  if (Object.keys(inputs).length > 0) return { made: id, of: inputs };
  const thumbnail = await step('thumbnail', () => blob(`the thumbnail of ${id}`, { mime: 'image/png' }));
  return { made: id, media: await blob(contentOf(id), { mime: 'video/mp4', name: `${id}.mp4` }), thumbnail };
};

async function* contentOf(nodeId: string): AsyncGenerator<Uint8Array> {
  for (let part = 0; part < 3; part++) yield new TextEncoder().encode(`part ${part} of ${nodeId} `.repeat(500));
}
