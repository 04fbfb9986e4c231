import type { CommanderError } from 'commander';
import { commandLine } from './command-line.js';

/** What to do about words that the parser could not place, when they are likely those of a vibe. */
export function aboutUnquotedVibe({ code, message }: CommanderError, [first]: readonly string[]): string | undefined {
  if (code === 'commander.excessArguments' && (first === 'execute' || first === 'plan')) {
    return `put the vibe in quotes: ${commandLine([first])} "a film about tides"`;
  }
  // Without a command that is spelled alike.
  if (code === 'commander.unknownCommand' && first !== 'checkpoints' && !message.includes('Did you mean')) {
    return `if it is what you want made: ${commandLine(['execute'])} "a film about tides"`;
  }
  return undefined;
}
