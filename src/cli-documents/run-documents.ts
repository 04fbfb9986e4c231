import { z } from 'zod';
import { workflowPlanSchema } from '../plan/workflow-plan.js';
import { nodeResultSchema } from '../run/node-result.js';
import { pauseSchema } from '../run/pause.js';
import { versionField } from './version.js';

const [, failedResultSchema] = nodeResultSchema.options;

/** What `execute --json` and `resume --json` print: an `ExecutionResult`, and what to do next. */
export const executionDocumentSchema = z.object({
  ...versionField,
  status: z.enum(['completed', 'failed', 'paused', 'cancelled']),
  planId: z.string(),
  runId: z.string(),
  vibeDescription: z.string(),
  /** By node id. */
  outputs: z.record(z.string(), z.unknown()),
  failures: z.array(failedResultSchema),
  /** By node id. */
  nodeResults: z.record(z.string(), nodeResultSchema),
  executionSummary: z.object({
    totalNodes: z.number(),
    completed: z.number(),
    reused: z.number(),
    failed: z.number(),
    skipped: z.number(),
    startedAt: z.string(),
    completedAt: z.string(),
    totalDurationMs: z.number(),
    /** By currency. */
    spend: z.record(z.string(), z.object({ amount: z.number(), tokens: z.number() })),
  }),
  persistenceInfo: z.object({
    checkpointEnabled: z.boolean(),
    checkpointDir: z.string().optional(),
    lastCheckpointId: z.string().optional(),
    resumedFrom: z.string().optional(),
  }),
  /** What it waits for, when it is paused: of several things the one that needs somebody most. */
  pause: pauseSchema.optional(),
  pauses: z.array(pauseSchema),
  /** What to do next, a line each, as people are told it. Empty when the run is complete. */
  next: z.array(z.string()),
});
export type ExecutionDocument = z.infer<typeof executionDocumentSchema>;

/** What `plan --json` prints, and `execute --plan` takes. */
export const planDocumentSchema = z.object({ ...versionField, plan: workflowPlanSchema });
export type PlanDocument = z.infer<typeof planDocumentSchema>;

/** What `signal --json` prints. */
export const signalDocumentSchema = z.object({
  ...versionField,
  planId: z.string(),
  name: z.string(),
  nodeId: z.string(),
  signalId: z.string(),
  /** A run in this process has it: never from the command line, where it is kept for the run that takes it. */
  isTaken: z.boolean(),
});
export type SignalDocument = z.infer<typeof signalDocumentSchema>;
