import { type RenderOptions, renderPlan } from '../render/render-plan.js';
import type { ExecutionResult } from '../run/execution-result.js';
import type { AskedCall } from './run-call.js';

/** What a run amounted to, and a picture of it. */
export interface VisualizedResult extends ExecutionResult {
  /** How each node stands at the end, in the `format` that was asked for. */
  readonly visualization: string;
}

/** Runs a call and draws its plan as it is in the end, with what handlers added to it. */
export async function runVisualized(
  asked: AskedCall,
  picture: Pick<RenderOptions, 'format' | 'foldAbove'>,
  run: (asked: AskedCall) => Promise<ExecutionResult>,
): Promise<VisualizedResult> {
  let visualization = '';
  const onEnd: AskedCall['onEnd'] = (state) => {
    visualization = renderPlan(state.workflowPlan, { ...picture, state });
  };
  const result = await run({ ...asked, onEnd });
  return { ...result, visualization };
}
