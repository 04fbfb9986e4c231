import { z } from 'zod';
import { checkpointSchema } from '../checkpoint/checkpoint-schema.js';
import { runStatuses } from '../run/run-record.js';
import { versionField } from './version.js';

const ofCheckpoint = { checkpointId: z.string(), planId: z.string() };
const summaryFields = { ...ofCheckpoint, createdAt: z.string() };
const headFields = { runId: z.string(), vibeKey: z.string(), epoch: z.number(), seq: z.number() };

/** What `checkpoints list --json` prints; newest first. */
export const checkpointListDocumentSchema = z.object({
  ...versionField,
  /** Absolute. */
  checkpointDir: z.string(),
  checkpoints: z.array(
    z.union([
      z.object({
        ...summaryFields,
        damaged: z.object({ reason: z.string(), head: z.object(headFields).optional() }),
      }),
      z.object({
        ...summaryFields,
        ...headFields,
        state: z.enum(runStatuses),
        completedNodes: z.number(),
        totalNodes: z.number(),
        vibeDescription: z.string(),
      }),
    ]),
  ),
});
export type CheckpointListDocument = z.infer<typeof checkpointListDocumentSchema>;

/** What `checkpoints show --json` prints: a whole `Checkpoint`. */
export const checkpointDocumentSchema = z.object({ ...versionField, ...checkpointSchema.shape });
export type CheckpointDocument = z.infer<typeof checkpointDocumentSchema>;

/** What `checkpoints delete --json` prints. */
export const deletionDocumentSchema = z.object({
  ...versionField,
  dryRun: z.boolean(),
  checkpoints: z.array(z.object({ ...ofCheckpoint, deleted: z.boolean() })),
});
export type DeletionDocument = z.infer<typeof deletionDocumentSchema>;

/** What `checkpoints prune --json` prints. */
export const pruneDocumentSchema = z.object({
  ...versionField,
  dryRun: z.boolean(),
  deleted: z.array(z.object(ofCheckpoint)),
  freedPlans: z.array(z.string()),
  /** Those that nothing names any more. */
  blobs: z.object({ count: z.number(), bytes: z.number() }),
  /** Plans that were left alone, and why. */
  skipped: z.array(z.object({ planId: z.string(), code: z.string(), message: z.string() })),
});
export type PruneDocument = z.infer<typeof pruneDocumentSchema>;

/** What `checkpoints repair --json` prints: a `RepairReport`. */
export const repairDocumentSchema = z.object({
  ...versionField,
  dryRun: z.boolean(),
  planId: z.string(),
  runId: z.string(),
  checkpointId: z.string().optional(),
  kept: z.array(z.string()),
  paidAgain: z.array(z.object({ nodeId: z.string(), reason: z.string() })),
  toRun: z.array(z.string()),
  staleInputs: z.array(z.object({ nodeId: z.string(), dependencies: z.array(z.string()) })),
  damage: z.array(
    z.object({
      location: z.string(),
      reason: z.string(),
      movedTo: z.string().optional(),
      checkpointIds: z.array(z.string()),
    }),
  ),
});
export type RepairDocument = z.infer<typeof repairDocumentSchema>;
