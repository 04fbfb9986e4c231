import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The package as it is published, in a directory of its own, and the programs that import it by its name. */
export const builtPackage = dirname(dirname(inject('builtCli')));

/** @param source the program as it was written, in this repository */
export function builtProgram(source: URL): string {
  return join(builtPackage, relative(root, fileURLToPath(source)).replace(/\.ts$/, '.js'));
}
