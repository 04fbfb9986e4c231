import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { CommandError } from './command-error.js';
import { exit } from './exit-codes.js';

/**
 * What a JSON file holds, or stdin for `-`.
 * @param option names it in errors
 * @throws CommandError when there is none, or it holds something else
 */
export async function readJson(path: string, option: string): Promise<unknown> {
  const content = path === '-' ? await text(process.stdin) : await readText(path, option);
  return parseJson(content, `${option} ${path === '-' ? 'on stdin' : path}`);
}

/** @throws CommandError that says where it stops being JSON */
export function parseJson(content: string, what: string): unknown {
  try {
    return JSON.parse(content.replace(/^\ufeff/, ''));
  } catch (error) {
    const why = content.trim() === '' ? 'it is empty' : (error as Error).message;
    throw new CommandError(exit.usage, { what: `${what} is not JSON.`, why }, { cause: error });
  }
}

async function readText(path: string, option: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    const what = isMissing ? `There is no file ${path} for ${option}.` : `${option} ${path} cannot be read.`;
    throw new CommandError(
      isMissing ? exit.notFound : exit.usage,
      isMissing ? { what, next: [pathStart()] } : { what, why: message },
      { cause: error },
    );
  }
}

/** What to do about a file that is not there. */
export function pathStart(): string {
  return `look at the path: it starts in ${process.cwd()}`;
}
