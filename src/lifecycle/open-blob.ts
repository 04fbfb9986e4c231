import { createHash } from 'node:crypto';
import type { BlobContent } from '../checkpoint/persistence-manager.js';
import { BlobCorruptError, BlobMissingError, VibeError } from '../errors.js';
import { type BlobRef, blobRefSchema, sha256OfRef } from '../run/blob-ref.js';
import type { PlannerServices } from './planner-services.js';

/** Stored content, to be read as often as one likes. All reading checks it against its hash. */
export interface OpenBlob {
  readonly ref: BlobRef;
  /** Part by part, in bounded memory. It errors with BlobCorruptError instead of ending when it was not what was stored. */
  stream(): ReadableStream<Uint8Array>;
  /** As a whole. @throws BlobCorruptError, BlobMissingError when it was removed since, PersistenceError */
  bytes(): Promise<Uint8Array>;
}

/**
 * Opens what a reference names.
 * @throws TypeError for what is no reference; BlobMissingError, BlobCorruptError; VibeError `NO_BLOBS`; PersistenceError
 */
export async function openBlob(given: BlobRef, { store: { blobs } }: PlannerServices): Promise<OpenBlob> {
  const parsed = blobRefSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? 'it' : issue.path.join('.');
    throw new TypeError(`openBlob takes a reference that ctx.blob returned: ${where}: ${issue?.message}.`);
  }
  const ref = parsed.data;
  const { planId } = ref;
  const sha256 = sha256OfRef(ref);
  if (blobs === undefined)
    throw new VibeError('NO_BLOBS', 'This store keeps no blobs. Open it with the one that it is in.');
  const content = await blobs.read(planId, sha256);
  if (content === undefined) throw new BlobMissingError(planId, sha256);
  if (content.bytes !== ref.bytes) throw new BlobCorruptError(planId, sha256, lengthProblem(ref, content.bytes));
  return {
    ref,
    stream: () => streamOf(checkedChunks(ref, content)),
    bytes: async () => {
      const whole = new Uint8Array(ref.bytes);
      let end = 0;
      for await (const chunk of checkedChunks(ref, content)) {
        whole.set(chunk, end);
        end += chunk.length;
      }
      return whole;
    },
  };
}

async function* checkedChunks(ref: BlobRef, content: BlobContent): AsyncGenerator<Uint8Array> {
  const { planId } = ref;
  const sha256 = sha256OfRef(ref);
  const sum = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content.chunks()) {
    sum.update(chunk);
    bytes += chunk.length;
    if (bytes > ref.bytes) throw new BlobCorruptError(planId, sha256, lengthProblem(ref, bytes));
    yield chunk;
  }
  if (sum.digest('hex') !== sha256) throw new BlobCorruptError(planId, sha256, 'its content has changed');
}

function lengthProblem(ref: BlobRef, bytes: number): string {
  return `it has ${bytes} bytes, not ${ref.bytes}`;
}

/** Nothing is read before somebody asks for it. */
function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
