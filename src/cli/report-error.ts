import { CommanderError } from 'commander';
import { CommandError, type Explanation } from './command-error.js';
import { type ExitCode, exit } from './exit-codes.js';
import { paint, say } from './terminal/output.js';
import { oneLine, printable } from './terminal/printable.js';
import { aboutUnquotedVibe } from './unquoted-vibe.js';

/** How the command line was called. */
export interface Called {
  readonly args: readonly string[];
  readonly dir?: string;
  readonly model?: string;
}

/** Tells the user on stderr what went wrong, and answers the code to end with. */
export async function reportError(error: unknown, { args, dir, model }: Called): Promise<ExitCode> {
  // The parser has said it already; help and a version that were asked for are no errors.
  if (error instanceof CommanderError) {
    const next = aboutUnquotedVibe(error, args);
    if (next !== undefined) for (const line of nextLines([next])) say(line);
    return error.exitCode === 0 ? exit.done : exit.usage;
  }

  const { exitCode, explanation } =
    error instanceof CommandError ? error : (await import('./explain-error.js')).explainError(error, { dir, model });
  for (const line of linesOf(explanation)) say(line);
  if (args.includes('--verbose')) say(stackOf(error));
  return exitCode;
}

function linesOf({ label = 'error', what, why, next = [] }: Explanation): string[] {
  return [
    `${paint(label === 'error' ? 'red' : 'yellow', `${label}:`, process.stderr)} ${oneLine(what)}`,
    ...(why === undefined ? [] : [`  why: ${oneLine(why)}`]),
    ...nextLines(next),
  ];
}

function nextLines(next: readonly string[]): string[] {
  return next.map((step, index) => `${index === 0 ? '  do:  ' : '       '}${printable(step)}`);
}

/** With its causes; control characters in a message cannot reach the terminal. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const stack = (error.stack ?? error.message).split('\n').map(printable).join('\n');
  return error.cause === undefined ? stack : `${stack}\ncaused by: ${stackOf(error.cause)}`;
}
