import type { Command } from 'commander';

/** Help is read for its examples: they come first. */
export function opensWithExamples(command: Command, examples: readonly (readonly [string, string])[]): void {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  ${line.padEnd(width)}   ${meaning}`);
  command.addHelpText('before', `Examples:\n${lines.join('\n')}\n`);
}
