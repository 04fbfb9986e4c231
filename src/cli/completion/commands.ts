import type { Command } from 'commander';
import { Argument } from 'commander';
import { opensWithExamples } from '../examples.js';

/** @param build makes the program that is to be completed */
export function addCompletion(program: Command, build: () => Command): void {
  const completion = program
    .command('completion')
    .description('print a script that lets a shell complete commands, options and ids')
    .addArgument(new Argument('<shell>', 'which one').choices(['bash', 'zsh', 'fish']))
    .action(async (shell) => (await import('./scripts.js')).printScript(shell));
  opensWithExamples(completion, [
    ['source <(vibe-aigc completion bash)', 'in ~/.bashrc; for zsh in ~/.zshrc, with zsh in place of bash'],
    ['vibe-aigc completion fish > ~/.config/fish/completions/vibe-aigc.fish', 'once'],
  ]);
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words) => (await import('./complete.js')).complete(words, build()));
}
