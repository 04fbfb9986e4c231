import type { BudgetOptions } from '../execution/budget.js';
import type { ProgressListener } from '../execution/execution-event.js';
import type { Vibe } from '../plan/vibe.js';
import type { WorkflowPlan } from '../plan/workflow-plan.js';
import type { RunState } from '../run/run-state.js';
import type { JobDecisions } from './job-decision.js';

/** A call of `execute`, `executePlan` or `executeWithResume`, checked. */
export interface AskedCall {
  /** `new`: always a new run. `resume`: go on with a run of this vibe, or start one. */
  readonly mode: 'new' | 'resume';
  readonly vibe: Vibe;
  /** Execute this one, do not decompose. */
  readonly plan?: WorkflowPlan;
  readonly planId?: string;
  readonly checkpointId?: string;
  readonly jobs?: JobDecisions;
  readonly fresh: boolean;
  readonly onCorrupt: 'throw' | 'fallback';
  readonly signal?: AbortSignal;
  readonly onProgress?: ProgressListener;
  /** In place of the planner's. */
  readonly budget?: BudgetOptions;
  /** Told of what a run came to that has worked: not of one that was complete when it was found. */
  readonly onEnd?: (state: RunState) => void;
}

/** The same, with what must not be stored taken out of its plan. */
export interface RunCall extends AskedCall {
  /** As it was asked for: what the decomposer sees, and what says whether two vibes are the same. Never stored. */
  readonly vibe: Vibe;
  /** As it is stored, and as handlers see it. */
  readonly storedVibe: Vibe;
  /** Set when the two differ. */
  readonly isVibeRedacted?: true;
}
