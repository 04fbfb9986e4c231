import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';

/**
 * Runs TypeScript as a file of a reader of the built package; answers what it printed.
 *
 * @param directory somewhere under the built package, so that it has `vibe-aigc` and `zod`
 */
export async function runSnippet(directory: string, file: string, code: string): Promise<string> {
  await writeFile(join(directory, file), (await transform(code, { loader: 'ts', target: 'node20' })).code);
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: directory, env });
  return stdout;
}
