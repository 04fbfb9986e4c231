import type { Command } from 'commander';
import { opensWithExamples } from '../examples.js';
import { addRunOptions } from '../run/options.js';
import { addVibeOptions } from '../vibe/options.js';

export function addExecute(program: Command): void {
  const execute = addVibeOptions(program.command('execute'))
    .description('plan a vibe and run it; called again, it goes on with the run, and a finished one gives its result')
    .option('--plan <file>', 'run this plan, as "plan --json" prints it; "-" reads stdin')
    .option('--plan-id <id>', 'a name of your own for the run, to find it by')
    .option('--fresh', 'start over even when there is a run to go on with; pays for everything again');
  addRunOptions(execute).action(async (words, options) => (await import('./execute.js')).execute(words, options));
  opensWithExamples(execute, [
    ['vibe-aigc execute "a noir short film about tides" --style rainy', 'with no model and no key'],
    ['vibe-aigc execute --vibe film.json --handlers ./my-handlers.mjs', 'with functions of your own'],
  ]);
}
