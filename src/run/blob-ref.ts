import { z } from 'zod';

const hash = /^sha256:([0-9a-f]{64})$/;

/**
 * Stands for content that `ctx.blob` stored beside a plan: small and plain, so that it can be anywhere in an output, and
 * fields of the host's own may stand beside these. It names content by what it is, never a place.
 */
export const blobRefSchema = z.object({
  /** `sha256:` and 64 hex digits: the content. */
  $blob: z.string().regex(hash, 'expected sha256: and 64 hex digits'),
  /** The plan beside which it is kept. */
  planId: z.string().min(1).max(1_000),
  /** How long it is. */
  bytes: z.number().int().nonnegative(),
  /** What it is, such as `video/mp4`. */
  mime: z.string().min(1).max(255),
  /** What its maker calls it. A label, never a path. */
  name: z.string().min(1).max(255).optional(),
});
export type BlobRef = z.infer<typeof blobRefSchema>;

/** A SHA-256 as it stands in records: 64 hex digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** The hash that a reference names. */
export function sha256OfRef({ $blob }: Pick<BlobRef, '$blob'>): string {
  return $blob.slice('sha256:'.length);
}

export function refOf(sha256: string, about: Omit<BlobRef, '$blob'>): BlobRef {
  return Object.freeze({ $blob: `sha256:${sha256}`, ...about });
}

/**
 * Hashes of the blobs of a plan that a JSON value names, each once, wherever they stand in it. Only those that are known
 * to have been stored count: what merely looks like a reference, as a model may write one, names nothing.
 */
export function blobsNamedIn(value: unknown, planId: string, known: ReadonlySet<string>): string[] {
  const named = new Set<string>();
  const open: unknown[] = [value];
  while (open.length > 0) {
    const found = open.pop();
    if (typeof found !== 'object' || found === null) continue;
    if (Array.isArray(found)) {
      for (const item of found) if (typeof item === 'object') open.push(item);
      continue;
    }
    const fields = found as Record<string, unknown>;
    for (const key of Object.keys(fields)) {
      const field = fields[key];
      if (typeof field === 'object') open.push(field);
      else if (key === '$blob' && typeof field === 'string') {
        const sha256 = hash.exec(field)?.[1];
        if (sha256 !== undefined && known.has(sha256) && fields.planId === planId) named.add(sha256);
      }
    }
  }
  return [...named];
}
