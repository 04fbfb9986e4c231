import { z } from 'zod';
import { retentionPolicySchema } from '../checkpoint/retention.js';
import type { ProgressListener } from '../execution/execution-event.js';
import { maxTimerMs } from '../host.js';
import { isPlainObject } from '../plan/json-value.js';
import type { WorkflowPlanInput } from '../plan/workflow-plan.js';
import { pictureFormats } from '../render/render-plan.js';
import type { ExecutionState } from '../run/execution-state.js';
import { budgetSchema } from './budget-options.js';
import { isJobDecision, type JobDecision } from './job-decision.js';
import { fn, hasMethods, isAtLeastOne, whole } from './option-kinds.js';

/** Options of one call. */
export const executeOptionsSchema = z.strictObject({
  /** Go on from exactly this checkpoint, as a new run; what completed after it runs again. */
  checkpointId: z.custom<string>((id) => typeof id === 'string', 'the id of a checkpoint').optional(),
  /** A name of one's own for the run: any text of 1 to 200 characters. Default: derived from the vibe. */
  planId: z.custom<string>((id) => typeof id === 'string', 'text of 1 to 200 characters').optional(),
  /** Execute this plan, do not decompose. Its `sourceVibe` is taken to be the vibe of the call. */
  plan: z.custom<WorkflowPlanInput>(isPlainObject, 'a workflow plan').optional(),
  /** Start over even when there is a run to resume. Default `false`. */
  fresh: z.custom<boolean>((fresh) => typeof fresh === 'boolean', 'true or false').default(false),
  /**
   * What to do about paid jobs of which nobody knows whether they were submitted, by node id and the job's name. For the
   * call that goes on with a run which paused for them.
   */
  jobs: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.custom<JobDecision>(isJobDecision, "{ adopt: handle }, 'submit again' or { skip: result }"),
      ),
    )
    .optional(),
  /** Ends the run early. Already aborted, or before there is a plan: the call rejects with its reason. */
  signal: z.custom<AbortSignal>(isSignal, 'an AbortSignal').optional(),
  /** Told of everything that happens in this run, after the planner's own listener. */
  onProgress: fn<ProgressListener>().optional(),
  /** What this run may spend, in place of the planner's `budget`. */
  budget: budgetSchema.optional(),
  /** What to do when the latest state is damaged. Default `'throw'`; `'fallback'`: the newest intact state. */
  onCorrupt: z
    .custom<'throw' | 'fallback'>((way) => way === 'throw' || way === 'fallback', "'throw' or 'fallback'")
    .default('throw'),
});
export type ExecuteOptions = z.input<typeof executeOptionsSchema>;
export type CheckedExecuteOptions = z.output<typeof executeOptionsSchema>;

/** Options of `executeWithVisualization`: those of a run, and how to draw it. */
export const visualizationOptionsSchema = executeOptionsSchema.extend({
  /** Default `'ascii'`. */
  format: z.enum(pictureFormats, { error: "'ascii', 'mermaid' or 'svg'" }).optional(),
  /** A plan of more nodes than this folds. Default 50; `Infinity` shows all. */
  foldAbove: z.custom<number>(isAtLeastOne, 'a number of at least 1').optional(),
});
export type VisualizationOptions = z.input<typeof visualizationOptionsSchema>;

/** Options of `plan`. */
export const planOptionsSchema = executeOptionsSchema.pick({ planId: true, signal: true });
export type PlanOptions = z.input<typeof planOptionsSchema>;

/** Options of `drain`. */
export const drainOptionsSchema = z.strictObject({
  /** Milliseconds that nodes under way may finish in, before they are aborted. Default 30,000. */
  graceMs: whole(0, maxTimerMs).default(30_000),
});
export type DrainOptions = z.input<typeof drainOptionsSchema>;

/** Options of `listCheckpoints`. */
export const listOptionsSchema = z.strictObject({
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan').optional(),
  /** At most so many, the newest. */
  limit: whole(0).optional(),
});
export type ListOptions = z.input<typeof listOptionsSchema>;

/** Options of `pruneCheckpoints`: a policy, and where to apply it. */
export const pruneOptionsSchema = z.strictObject({
  ...retentionPolicySchema.shape,
  /** Only this plan. Default: all. */
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan').optional(),
  /** Only say what would go. Default `false`. */
  dryRun: z.custom<boolean>((dryRun) => typeof dryRun === 'boolean', 'true or false').default(false),
  /** Ends the pruning between two plans; the call rejects with its reason. */
  signal: z.custom<AbortSignal>(isSignal, 'an AbortSignal').optional(),
});
export type PruneOptions = z.input<typeof pruneOptionsSchema>;

/** What `createCheckpoint` takes; the state itself is checked when it is saved. */
export const createCheckpointSchema = z.strictObject({
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan'),
  executionState: z.custom<ExecutionState>(isPlainObject, 'an execution state').optional(),
});

/** What `repairCheckpoints` takes. */
export const repairOptionsSchema = z.strictObject({
  /** The plan whose latest run is to be repaired. */
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan'),
  /** Only say what would be done, and change nothing. Default `false`. */
  dryRun: z.custom<boolean>((dryRun) => typeof dryRun === 'boolean', 'true or false').default(false),
  /**
   * What becomes of a result that is intact while an input of it is lost. Default `'keep'`: it is paid for, and
   * `staleInputs` tells of it. `'rerun'`: it is dropped, so that it is made again from the new input.
   */
  onLostInput: z
    .custom<'keep' | 'rerun'>((way) => way === 'keep' || way === 'rerun', "'keep' or 'rerun'")
    .default('keep'),
  /** Ends the repair before it has changed anything; the call rejects with its reason. */
  signal: z.custom<AbortSignal>(isSignal, 'an AbortSignal').optional(),
});
export type RepairOptions = z.input<typeof repairOptionsSchema>;

/** What `signal` takes. */
export const signalSchema = z.strictObject({
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan'),
  name: z.custom<string>((name) => typeof name === 'string' && name !== '', 'the name of a wait'),
  payload: z.unknown().optional(),
  nodeId: z.custom<string>((id) => typeof id === 'string', 'the id of a node').optional(),
});

/** A signal of any realm. */
function isSignal(value: unknown): boolean {
  return hasMethods(value, ['addEventListener']) && typeof (value as AbortSignal).aborted === 'boolean';
}
