import { copyFile, cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as transpile } from 'esbuild';
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

/** Programs that import the library by its name. */
const programs = ['examples/**/*.ts', 'test/helpers/killed-while-*.ts', 'test/helpers/scripted-run.ts'];

/**
 * Once per test run: the package as `npm run build` makes it, without types and CommonJS, which the command line does
 * not use. With the examples and other programs that import it, as JavaScript too: these start four times as fast.
 */
export default async function buildCli(project: TestProject): Promise<() => Promise<void>> {
  const home = await mkdtemp(join(tmpdir(), 'vibe-aigc-built-'));
  await copyFile(join(root, 'package.json'), join(home, 'package.json'));
  await symlink(join(root, 'node_modules'), join(home, 'node_modules'));
  const isSource = (path: string) => path !== join(root, 'examples/output'); // what an example writes, it is to write itself
  await cp(join(root, 'examples'), join(home, 'examples'), { recursive: true, filter: isSource });
  const modules = (Array.isArray(configs) ? configs : []).filter(({ format }) => format === 'esm');
  for (const config of modules) {
    await build({ ...config, config: false, dts: false, silent: true, outDir: join(home, 'dist') });
  }
  await transpile({ absWorkingDir: root, entryPoints: programs, outbase: root, outdir: home, target: 'node20' });
  project.provide('builtCli', join(home, 'dist/cli.js'));
  return () => rm(home, { recursive: true, force: true });
}
