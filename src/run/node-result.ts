import { z } from 'zod';
import { jsonObjectSchema } from '../plan/vibe.js';
import { sha256Schema } from './blob-ref.js';

/** A failure as it is stored: no stack, no cause, nothing but what helps a reader. */
export const serializedErrorSchema = z.looseObject({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
});
export type SerializedError = z.infer<typeof serializedErrorSchema>;

const settled = {
  nodeId: z.string(),
  /** Attempts of this run's last session on the node; 0 when no handler was asked. */
  attempts: z.number().int().nonnegative(),
  /** ISO 8601, UTC: when the last attempt began. */
  startedAt: z.string(),
  /** ISO 8601, UTC. */
  completedAt: z.string(),
  /** Milliseconds from `startedAt` to `completedAt`. */
  durationMs: z.number().nonnegative(),
  /** Which handler made it. */
  handler: z.looseObject({ name: z.string(), version: z.string().optional() }).optional(),
  /** Fields that a newer version of this library stored here: kept as they are. */
  unknownFields: jsonObjectSchema.optional(),
};

/** How a node ended: a union on `status`. */
export const nodeResultSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('completed'),
    ...settled,
    /** What the handler returned, as JSON carries it. */
    output: z.unknown(),
    /** Set when no handler ran and the output is the outputs of the children, by id. */
    fromChildren: z.literal(true).optional(),
    /** SHA-256 of each blob of the run that the output names. Left out when it names none. */
    blobs: z.array(sha256Schema).optional(),
  }),
  z.object({ status: z.literal('failed'), ...settled, error: serializedErrorSchema }),
  z.object({
    status: z.literal('skipped'),
    ...settled,
    /** The node that was not completed: a direct dependency or one below it, the parent, or a composite's own child. */
    blockedBy: z.string(),
  }),
]);
export type NodeResult = z.infer<typeof nodeResultSchema>;
export type CompletedResult = Extract<NodeResult, { status: 'completed' }>;
