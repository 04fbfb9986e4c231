import type { BudgetOptions } from '../execution/budget.js';
import type { ProgressListener } from '../execution/execution-event.js';
import { parseVibe, type Vibe, type VibeInput } from '../plan/vibe.js';
import { parsePlan, type WorkflowPlan } from '../plan/workflow-plan.js';
import type { ExecutionState } from '../run/execution-state.js';
import type { CheckedExecuteOptions } from './call-options.js';
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
  readonly onEnd?: (state: ExecutionState) => void;
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

/** @throws TypeError for options that make no sense for a run that always starts over */
export function askedCall(
  mode: RunCall['mode'],
  name: string,
  vibe: VibeInput,
  checked: CheckedExecuteOptions,
  ownPlan?: WorkflowPlan,
): AskedCall {
  if (checked.checkpointId !== undefined && (mode === 'new' || checked.fresh)) {
    const instead = mode === 'new' ? 'use executeWithResume' : 'leave one of them out';
    throw new TypeError(`${name} always starts over with these options, so checkpointId makes no sense: ${instead}.`);
  }
  if (checked.jobs !== undefined && (mode === 'new' || checked.fresh)) {
    throw new TypeError(`${name} always starts over with these options, so there are no jobs to decide about.`);
  }
  const plan = checked.plan === undefined ? ownPlan : parsePlan(checked.plan);
  return { ...checked, mode, vibe: parseVibe(vibe), plan };
}
