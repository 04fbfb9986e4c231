import type { ProgressListener } from '../execution/execution-event.js';
import type { Vibe } from '../plan/vibe.js';
import type { WorkflowPlan } from '../plan/workflow-plan.js';

/** A call of `execute`, `executePlan` or `executeWithResume`, checked. */
export interface RunCall {
  /** `new`: always a new run. `resume`: go on with a run of this vibe, or start one. */
  readonly mode: 'new' | 'resume';
  readonly vibe: Vibe;
  /** Execute this one, do not decompose. */
  readonly plan?: WorkflowPlan;
  readonly planId?: string;
  readonly checkpointId?: string;
  readonly fresh: boolean;
  readonly onCorrupt: 'throw' | 'fallback';
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
}
