import { type Command, Option } from 'commander';
import type { PictureFormat } from 'vibe-aigc';
import { opensWithExamples } from '../examples.js';
import { addModelOptions } from '../run/options.js';
import { addVibeOptions } from '../vibe/options.js';

export function addPlan(program: Command): void {
  const plan = addVibeOptions(program.command('plan'))
    .description('make the plan of a vibe and run nothing')
    .option('--plan-id <id>', 'a name of your own for the plan');
  addModelOptions(plan)
    .addOption(
      new Option('--format <format>', 'what to draw it as; default ascii')
        .choices(['ascii', 'mermaid', 'svg'] satisfies PictureFormat[])
        .conflicts('json'),
    )
    .option('--json', 'print one JSON document, which "execute --plan" takes')
    .option('--no-trunc', 'fold nothing, and cut nothing to fit the terminal')
    .action(async (words, options) => (await import('./plan.js')).plan(words, options));
  opensWithExamples(plan, [
    ['vibe-aigc plan "a noir short film about tides"', 'see what would be done'],
    ['vibe-aigc plan "a noir short film about tides" --format svg > plan.svg', 'the same as an image'],
    ['vibe-aigc plan --vibe film.json --json > plan.json', 'change it, then: vibe-aigc execute --plan plan.json'],
  ]);
}
