import type { Command } from 'commander';
import { opensWithExamples } from '../examples.js';
import { addRunOptions } from '../run/options.js';

export function addResume(program: Command): void {
  const resume = program
    .command('resume')
    .description('go on with a run: what is finished is not done again, what failed is tried again')
    .argument('[id]', 'a plan, or a checkpoint to return to in a new run: an id, the beginning of one, or "latest"')
    .option('--jobs <json>', 'what to do about paid jobs in doubt: {"node": {"job": "submit again"}}');
  addRunOptions(resume).action(async (id, options) => (await import('./resume.js')).resume(id, options));
  opensWithExamples(resume, [
    ['vibe-aigc resume latest', 'the run that was worked on last'],
    ['vibe-aigc resume plan-001 --budget 20', 'one that has reached its budget'],
  ]);
}
