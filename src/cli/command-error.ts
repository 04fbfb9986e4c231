import type { ExitCode } from './exit-codes.js';

/** What a person is told when a command cannot do what was asked. */
export interface Explanation {
  /** What it begins with: a run that waits for somebody is no error. Default `error`. */
  readonly label?: 'error' | 'paused' | 'stopped';
  /** One sentence. */
  readonly what: string;
  readonly why?: string;
  /** What to do about it, a line each. */
  readonly next?: readonly string[];
}

/** A command ends here: with a message for a person, and a code for the shell. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    readonly exitCode: ExitCode,
    readonly explanation: Explanation,
    options?: ErrorOptions,
  ) {
    super(explanation.what, options);
  }
}
