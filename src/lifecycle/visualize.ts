import { type RenderOptions, renderPlan } from '../render/render-plan.js';
import type { ExecutionResult } from '../run/execution-result.js';
import { executionStateOf } from '../run/execution-state.js';
import type { PlannerServices } from './planner-services.js';
import type { AskedCall } from './run-call.js';
import { runVibe } from './run-vibe.js';

/** What a run amounted to, and a picture of it. */
export interface VisualizedResult extends ExecutionResult {
  /** How each node stands at the end, in the `format` that was asked for. */
  readonly visualization: string;
}

/** Runs a vibe and draws its plan as it is in the end, with what handlers added to it. */
export async function runVisualized(
  asked: AskedCall,
  picture: Pick<RenderOptions, 'format' | 'foldAbove'>,
  planner: PlannerServices,
): Promise<VisualizedResult> {
  let visualization = '';
  const onEnd: AskedCall['onEnd'] = (state) => {
    visualization = renderPlan(state.plan, { ...picture, state: executionStateOf(state) });
  };
  const result = await runVibe({ ...asked, onEnd }, planner);
  return { ...result, visualization };
}
