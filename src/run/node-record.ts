import { z } from 'zod';
import { jsonObjectSchema } from '../plan/vibe.js';
import { nodesSchema } from '../plan/workflow-node.js';
import { sha256Schema } from './blob-ref.js';
import { serializedErrorSchema } from './node-result.js';

const ofNode = { nodeId: z.string(), at: z.string() };
const named = { ...ofNode, name: z.string() };

/** A handler added children to its node. */
export const nodesSpawnedSchema = z.object({ kind: z.literal('nodes_spawned'), ...ofNode, nodes: nodesSchema });

/**
 * What can happen to a node before it has its result, so that another process goes on in the middle of it. Names are
 * the handler's own. `at` is ISO 8601, UTC.
 */
export const nodeRecordSchemas = [
  /** An attempt failed and another one follows, not before `retryAt`. */
  z.object({
    kind: z.literal('attempt_failed'),
    ...ofNode,
    attempt: z.number().int().positive(),
    error: serializedErrorSchema,
    retryAt: z.string(),
    /** Milliseconds that the attempt worked. */
    durationMs: z.number().nonnegative().optional(),
  }),
  /** A step of a handler returned; also the result of a job. It is not run again. */
  z.object({
    kind: z.literal('step_completed'),
    ...named,
    output: z.unknown(),
    /** SHA-256 of each blob of the run that the output names. */
    blobs: z.array(sha256Schema).optional(),
  }),
  /** A paid job is about to be submitted under this key. */
  z.object({ kind: z.literal('job_intended'), ...named, idempotencyKey: z.string() }),
  /** The provider took the job, and this is how it calls it. */
  z.object({ kind: z.literal('job_started'), ...named, handle: z.unknown() }),
  /** The job is not with the provider, or was given up there: it may be submitted, once more. */
  z.object({ kind: z.literal('job_withdrawn'), ...named }),
  /** A handler waits for a signal; `schema` is the JSON Schema of its payload. */
  z.object({ kind: z.literal('wait_started'), ...named, schema: jsonObjectSchema.optional() }),
  /** The signal came. `signalId` names the message, so that it is taken once. */
  z.object({ kind: z.literal('signal_received'), ...named, signalId: z.string(), payload: z.unknown() }),
  /** A handler sleeps. */
  z.object({ kind: z.literal('sleep_started'), ...named, until: z.string() }),
  /** Money or tokens were spent. */
  z.object({
    kind: z.literal('spend_recorded'),
    ...ofNode,
    currency: z.string(),
    amount: z.number().nonnegative(),
    tokens: z.number().nonnegative(),
  }),
  nodesSpawnedSchema,
  /** What a completed result names is gone: the node is to be done again; with a `name`, only that step or job's result. */
  z.object({ kind: z.literal('node_reopened'), ...ofNode, reason: z.string(), name: z.string().optional() }),
] as const;

export const nodeRecordSchema = z.discriminatedUnion('kind', nodeRecordSchemas);
export type NodeRecord = z.infer<typeof nodeRecordSchema>;
export type NodeRecordOf<Kind extends NodeRecord['kind']> = Extract<NodeRecord, { kind: Kind }>;
