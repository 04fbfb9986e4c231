import type { VibeInput } from 'vibe-aigc';
import { CommandError } from '../command-error.js';
import { commandLine } from '../command-line.js';
import { exit } from '../exit-codes.js';
import { readJson } from '../read-json.js';
import type { VibeOptions } from './options.js';

/**
 * The vibe of a call: in words or from a file, with what the other options say of it. The library checks it.
 * @throws CommandError when there is none, or two
 */
export async function readVibe(
  words: string | undefined,
  { vibe: file, style, constraint = [], domain }: VibeOptions,
  command: 'execute' | 'plan',
): Promise<VibeInput> {
  if (words !== undefined && file !== undefined) {
    throw usage('The vibe is given twice, in words and as --vibe.', 'leave one of them out');
  }
  if (words === undefined && file === undefined) {
    throw usage(
      'There is no vibe.',
      `say what you want made, in quotes: ${commandLine([command])} "a film about tides"`,
    );
  }
  const given = file === undefined ? { description: words } : await readJson(file, '--vibe');
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw usage('--vibe is not a vibe.', 'give a JSON object: {"description": "...", "constraints": ["..."]}');
  }
  const { constraints } = given as { constraints?: unknown };
  return {
    ...(given as VibeInput),
    ...(style !== undefined && { style }),
    ...(domain !== undefined && { domain }),
    ...(constraint.length > 0 && { constraints: [...(Array.isArray(constraints) ? constraints : []), ...constraint] }),
  };
}

function usage(what: string, next: string): CommandError {
  return new CommandError(exit.usage, { what, next: [next] });
}
