import { z } from 'zod';
import { nodeRecordSchemas } from './node-record.js';
import { nodeResultSchema } from './node-result.js';
import { pauseSchema } from './pause.js';

/** How a run stands, and how it can end. */
export const runStatuses = ['running', 'completed', 'failed', 'paused', 'cancelled'] as const;
export type RunStatus = (typeof runStatuses)[number];
export type EndStatus = Exclude<RunStatus, 'running'>;

/**
 * Everything that can happen to a run. A run is the sum of its records: `applyRecord` adds one up, in a live run and in
 * recovery alike. `at` is ISO 8601, UTC.
 */
export const runRecordSchema = z.discriminatedUnion('kind', [
  /** A process began to work on the run, for the first time or again. What had failed or was skipped is open again. */
  z.object({ kind: z.literal('run_started'), at: z.string() }),
  /** A handler's node has its result, or a node cannot run. */
  z.object({ kind: z.literal('node_settled'), result: nodeResultSchema }),
  /** A composite without a handler is complete; its output is its children's and is not written again. */
  z.object({ kind: z.literal('composite_completed'), nodeId: z.string(), at: z.string() }),
  /** What a snapshot knew besides the results, which came before this as records of their own. */
  z.object({
    kind: z.literal('run_restored'),
    status: z.enum(runStatuses),
    startedAt: z.string().optional(),
    endedAt: z.string().optional(),
    activeMs: z.number().nonnegative(),
    pauses: z.array(pauseSchema).optional(),
    /** Nodes that were complete once and were opened again. */
    reopened: z.number().int().nonnegative().optional(),
  }),
  /** The process stopped working on the run, in order. */
  z.object({
    kind: z.literal('run_ended'),
    status: z.enum(['completed', 'failed', 'paused', 'cancelled']),
    at: z.string(),
    /** What it waits for, when it paused. */
    pauses: z.array(pauseSchema).optional(),
  }),
  ...nodeRecordSchemas,
]);
export type RunRecord = z.infer<typeof runRecordSchema>;
