import type { Command } from 'commander';
import { opensWithExamples } from '../examples.js';

export function addDemo(program: Command): void {
  const demo = program
    .command('demo')
    .description('kill a run halfway with SIGKILL, resume it, and show what was done by whom; needs no key')
    .option('--keep', 'keep the checkpoints and the ledger of the demo, not only the brief')
    .action(async (options) => (await import('./demo.js')).demo(options));
  opensWithExamples(demo, [
    ['vibe-aigc demo', 'see a crash and a resume'],
    ['vibe-aigc demo --keep', 'and look at the checkpoints afterwards'],
  ]);
  program
    .command('demo-worker', { hidden: true })
    .argument('<directory>')
    .argument('<name>')
    .action(async (directory, name) => (await import('./worker.js')).work(directory, name));
}
