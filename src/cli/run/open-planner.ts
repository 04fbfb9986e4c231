import { type Handlers, MetaPlanner, type MetaPlannerOptions, type ProgressListener } from 'vibe-aigc';
import { CommandError } from '../command-error.js';
import { exit } from '../exit-codes.js';
import { type PlanRetry, planRetryLine } from '../progress/event-line.js';
import { endpointOf } from './endpoint.js';
import { loadHandlers } from './load-handlers.js';
import type { ModelOptions, RunOptions } from './options.js';

/** Whether nobody but the offline composer does the work. */
export function isOffline({ model, handlers }: ModelOptions): boolean {
  return model === undefined && handlers === undefined;
}

export const offlineNote =
  'No model is used: the offline composer plans and writes a brief. --model uses one, --handlers your own functions.';

export interface PlannerListeners {
  readonly onProgress?: ProgressListener;
  /** Told in a line that the model was asked for a plan in vain, and is asked again. */
  readonly onPlanRetry: (line: string) => void;
}

/**
 * A planner as the options want it. Failures that may well pass are tried again, unless a module says otherwise.
 * @throws CommandError when a module or a model cannot be used
 */
export async function openPlanner(
  options: ModelOptions & Partial<RunOptions>,
  { onProgress, onPlanRetry }: PlannerListeners,
): Promise<MetaPlanner> {
  const { model, handlers, dir, interval, concurrency, budget, grace } = options;
  const exported = handlers === undefined ? {} : await loadHandlers(handlers);
  const work = model === undefined ? exported : await withModelNamed(model, exported, onPlanRetry);
  const ours = {
    ...(dir !== undefined && { checkpointDir: dir }),
    ...(interval !== undefined && { checkpointInterval: interval }),
    ...(concurrency !== undefined && { concurrency }),
    ...(grace !== undefined && { graceMs: grace }),
    ...(budget !== undefined && { budget: { ...exported.budget, run: budget } }),
    ...(onProgress !== undefined && { onProgress }),
  };
  try {
    return new MetaPlanner({ retry: 'standard', ...work, ...ours });
  } catch (error) {
    if (!(error instanceof TypeError) || handlers === undefined) throw error;
    const what = `What ${handlers} exports cannot be used.`;
    throw new CommandError(exit.setup, { what, why: error.message }, { cause: error });
  }
}

/** The model does what the module leaves to it, and knows of the tools of the module when it plans. */
async function withModelNamed(
  name: string,
  exported: Partial<MetaPlannerOptions>,
  onPlanRetry: PlannerListeners['onPlanRetry'],
): Promise<Partial<MetaPlannerOptions>> {
  const { openaiCompatible, withModel } = await import('vibe-aigc/models');
  const own = exported.handlers as Handlers | undefined;
  const { retry } = exported;
  try {
    const model = openaiCompatible(endpointOf(name, process.env));
    const parts = withModel(model, {
      ...(own?.tools !== undefined && { tools: own.tools }),
      ...(retry !== undefined && { retry }),
      host: { log: (_level, _message, details) => onPlanRetry(planRetryLine(details as unknown as PlanRetry)) },
    });
    return { decomposer: parts.decomposer, ...exported, handlers: { ...parts.handlers, ...own } };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const next = ['look at --model, OPENAI_BASE_URL and OPENAI_API_KEY'];
    const what = `The model ${JSON.stringify(name)} cannot be used.`;
    throw new CommandError(exit.setup, { what, why: error.message, next }, { cause: error });
  }
}
