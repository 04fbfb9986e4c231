import { MetaPlanner, type ProgressListener } from 'vibe-aigc';
import { CommandError } from '../command-error.js';
import { exit } from '../exit-codes.js';
import { loadHandlers } from './load-handlers.js';
import type { ModelOptions, RunOptions } from './options.js';

/** Whether nobody but the offline composer does the work. */
export function isOffline({ handlers }: ModelOptions): boolean {
  return handlers === undefined;
}

export const offlineNote =
  'No model is used: the offline composer plans and writes a brief. --handlers runs functions of your own.';

/**
 * A planner as the options want it. Failures that may well pass are tried again, unless a module says otherwise.
 * @throws CommandError when a module cannot be used
 */
export async function openPlanner(
  options: ModelOptions & Partial<RunOptions>,
  onProgress?: ProgressListener,
): Promise<MetaPlanner> {
  const { handlers, dir, interval, concurrency, budget, grace } = options;
  const exported = handlers === undefined ? {} : await loadHandlers(handlers);
  const ours = {
    ...(dir !== undefined && { checkpointDir: dir }),
    ...(interval !== undefined && { checkpointInterval: interval }),
    ...(concurrency !== undefined && { concurrency }),
    ...(grace !== undefined && { graceMs: grace }),
    ...(budget !== undefined && { budget: { ...exported.budget, run: budget } }),
    ...(onProgress !== undefined && { onProgress }),
  };
  try {
    return new MetaPlanner({ retry: 'standard', ...exported, ...ours });
  } catch (error) {
    if (!(error instanceof TypeError) || handlers === undefined) throw error;
    const what = `What ${handlers} exports cannot be used.`;
    throw new CommandError(exit.setup, { what, why: error.message }, { cause: error });
  }
}
