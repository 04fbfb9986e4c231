import type { Pause } from 'vibe-aigc';
import { commandLine, dirWords } from '../command-line.js';
import { budgetWords } from './budget.js';
import type { RunOptions } from './options.js';

/** The command that goes on with a run as it was called, to paste into a shell. */
export function resumeCommand(
  planId: string,
  options: RunOptions,
  changed: { readonly budget?: Readonly<Record<string, number>>; readonly jobs?: unknown } = {},
): string {
  const { dir, model, handlers, interval, concurrency, budget, grace, onCorrupt } = options;
  const caps = { ...budget, ...changed.budget };
  return commandLine([
    'resume',
    planId,
    ...dirWords(dir),
    ...(model === undefined ? [] : ['--model', model]),
    ...(handlers === undefined ? [] : ['--handlers', handlers]),
    ...(interval === undefined ? [] : ['--interval', `${interval}`]),
    ...(concurrency === undefined ? [] : ['--concurrency', `${concurrency}`]),
    ...budgetWords(caps).flatMap((amount) => ['--budget', amount]),
    ...(grace === undefined ? [] : ['--grace', `${grace / 1_000}s`]),
    ...(onCorrupt === undefined ? [] : ['--on-corrupt', onCorrupt]),
    ...(changed.jobs === undefined ? [] : ['--jobs', JSON.stringify(changed.jobs)]),
  ]);
}

/** What to do about what a run waits for: a command a line, the one that goes on last. */
export function afterPause(pause: Pause, planId: string, options: RunOptions): string[] {
  const resume = resumeCommand(planId, options);
  switch (pause.reason) {
    case 'signal': {
      const where = dirWords(options.dir);
      const answer = commandLine(['signal', planId, pause.name, '--node', pause.nodeId, '--payload', '...', ...where]);
      return [`${answer}   answers it`, `${resume}   goes on`];
    }
    case 'budget': {
      const { cap, currency, limit, spent, needed = 0 } = pause;
      if (cap !== 'run') return [`${resume}   once its budget is raised where it is set`];
      const enough = { [currency]: Math.max(limit * 2, Math.ceil(spent + needed)) };
      return [`${resumeCommand(planId, options, { budget: enough })}   with more to spend`];
    }
    case 'ambiguous_job': {
      const decide = (decision: unknown) =>
        resumeCommand(planId, options, { jobs: { [pause.nodeId]: { [pause.name]: decision } } });
      return [
        `look at the provider for the key ${pause.idempotencyKey}, then one of`,
        `${decide('submit again')}   when it is not there`,
        `${decide({ adopt: '...' })}   with its handle, when it is`,
        `${decide({ skip: '...' })}   with its result, when nothing is needed`,
      ];
    }
    case 'rate_limit':
    case 'retry':
    case 'sleep':
    case 'drain':
      return [resume];
    default:
      return pause satisfies never;
  }
}
