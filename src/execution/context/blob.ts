import { VibeError } from '../../errors.js';
import { type BlobRef, refOf } from '../../run/blob-ref.js';
import type { AttemptControl } from '../attempt-control.js';
import { type BlobInput, openContent } from './blob-content.js';

/** What content is. */
export interface BlobLabel {
  /** Such as `video/mp4`; 1 to 255 characters. Default: the `type` of a `Blob`, or `application/octet-stream`. */
  readonly mime?: string;
  /** What to call it; 1 to 255 characters. A label: it is never used as a path. */
  readonly name?: string;
}

/** Stores content beside the plan, and returns what stands for it. */
export type StoreBlob = (content: BlobInput, label?: BlobLabel) => Promise<BlobRef>;

export async function storeBlob(
  control: AttemptControl,
  signal: AbortSignal,
  content: BlobInput,
  { mime = mimeOf(content), name }: BlobLabel = {},
): Promise<BlobRef> {
  checkText(mime, 'mime');
  if (name !== undefined) checkText(name, 'name');
  const { blobs, state, placed } = control;
  if (blobs === undefined) throw new VibeError('NO_BLOBS', noBlobs(placed.node.id));
  const { chunks, close } = openContent(content, signal); // from here on it is ours to end
  try {
    return await control.whileBusy(async () => {
      signal.throwIfAborted();
      const { sha256, bytes } = await blobs.store(chunks);
      return refOf(sha256, { planId: state.planId, bytes, mime, ...(name !== undefined && { name }) });
    });
  } finally {
    close();
  }
}

function mimeOf(content: BlobInput): string {
  const type = typeof content === 'object' && content !== null && 'type' in content ? content.type : undefined;
  if (typeof type === 'string' && type !== '') return type;
  return typeof content === 'string' ? 'text/plain;charset=utf-8' : 'application/octet-stream';
}

function checkText(text: unknown, option: string): void {
  if (typeof text === 'string' && text.length >= 1 && text.length <= 255) return;
  throw new TypeError(`"${option}" of ctx.blob must be text of 1 to 255 characters, got ${String(text).slice(0, 80)}.`);
}

function noBlobs(nodeId: string): string {
  const what = `Node ${JSON.stringify(nodeId)} stores a blob, and this run has nowhere to keep it`;
  return `${what}. Use a store that keeps blobs, and executeWithResume or checkpointInterval.`;
}
