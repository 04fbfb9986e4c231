import { CommandError } from './command-error.js';
import { exit } from './exit-codes.js';

/** @throws CommandError for a path that is none, as an unset variable in a script leaves it */
export function checkDir(dir: string): string {
  if (dir !== '') return dir;
  throw new CommandError(exit.usage, { what: '--dir is empty.', next: ['give the path of a folder, or leave it out'] });
}
