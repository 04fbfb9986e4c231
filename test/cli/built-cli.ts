import { copyFile, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import type { TestProject } from 'vitest/node';
import configs from '../../tsup.config.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The command line as it is published: built, in a package of its own. */
    builtCli: string;
  }
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Once per test run: the package as `npm run build` makes it, without types and CommonJS, which the command line does not use. */
export default async function buildCli(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'vibe-aigc-built-'));
  await copyFile(join(root, 'package.json'), join(home, 'package.json'));
  await symlink(join(root, 'node_modules'), join(home, 'node_modules'));
  const modules = (Array.isArray(configs) ? configs : []).filter(({ format }) => format === 'esm');
  for (const config of modules) {
    await build({ ...config, config: false, dts: false, silent: true, outDir: join(home, 'dist') });
  }
  project.provide('builtCli', join(home, 'dist/cli.js'));
  return () => rm(home, { recursive: true, force: true });
}
