import { z } from 'zod';
import { serializedErrorSchema } from '../run/node-result.js';
import { pauseSchema } from '../run/pause.js';
import { executionDocumentSchema } from './run-documents.js';
import { versionField } from './version.js';

const ofEvent = {
  ...versionField,
  planId: z.string(),
  runId: z.string(),
  /** ISO 8601, UTC. */
  timestamp: z.string(),
  progress: z.object({ completed: z.number(), total: z.number(), percent: z.number() }),
};
const ofNode = { ...ofEvent, nodeId: z.string() };
const event = <Type extends string, Fields extends z.core.$ZodShape>(type: Type, fields: Fields) =>
  z.object({ type: z.literal(type), ...fields });

/** A line of `execute --stream` and `resume --stream`: an `ExecutionEvent`, or the result, which is the last. */
export const streamLineSchema = z.discriminatedUnion('type', [
  event('lock_waiting', {
    ...ofEvent,
    holder: z.object({ pid: z.number(), runId: z.string(), since: z.string(), host: z.string().optional() }),
  }),
  event('run_started', { ...ofEvent, resumed: z.boolean(), completedNodes: z.number() }),
  event('plan_created', { ...ofEvent, totalNodes: z.number() }),
  event('plan_grown', { ...ofNode, addedNodes: z.number() }),
  event('node_waiting', { ...ofNode, name: z.string() }),
  event('node_started', { ...ofNode, attempt: z.number() }),
  event('node_retry', {
    ...ofNode,
    attempt: z.number(),
    error: serializedErrorSchema,
    delayMs: z.number(),
    nextAttemptAt: z.string(),
  }),
  event('node_completed', { ...ofNode, output: z.unknown(), durationMs: z.number() }),
  event('node_failed', { ...ofNode, error: serializedErrorSchema, attempts: z.number() }),
  event('node_skipped', { ...ofNode, blockedBy: z.string() }),
  event('node_reopened', { ...ofNode, reason: z.string(), name: z.string().optional() }),
  event('node_progress', { ...ofNode, fraction: z.number(), message: z.string().optional() }),
  event('checkpoint_saved', {
    ...ofEvent,
    checkpointId: z.string(),
    completedNodes: z.number(),
    listed: z.boolean(),
  }),
  event('checkpoint_corrupt', {
    ...ofEvent,
    checkpointId: z.string(),
    damagedPlanId: z.string(),
    reason: z.string(),
  }),
  event('run_paused', { ...ofEvent, pause: pauseSchema }),
  event('run_completed', { ...ofEvent, status: z.enum(['completed', 'failed', 'cancelled']) }),
  event('result', executionDocumentSchema.shape),
]);
export type StreamLine = z.infer<typeof streamLineSchema>;
