import { readdir, readFile, writeFile } from 'node:fs/promises';
import { transform } from 'esbuild';
import { defineConfig } from 'tsup';

const common = {
  entry: {
    index: 'src/index.ts',
    models: 'src/models.ts',
    testing: 'src/testing.ts',
    'cli-documents': 'src/cli-documents.ts',
  },
  target: 'node20',
  platform: 'node',
  removeNodeProtocol: false,
  sourcemap: false,
  splitting: true,
} as const;

const dts = { compilerOptions: { ignoreDeprecations: '6.0' } };

// nanoid is ESM-only, which Jest cannot require: it is bundled.
export default defineConfig([
  // Names stay for stack traces; comments are in the sources and in the types.
  { ...common, noExternal: ['nanoid'], format: 'esm', minifyWhitespace: true, minifySyntax: true },
  // Minified afterwards: the transform that splits CommonJS cannot read minified classes.
  { ...common, noExternal: ['nanoid'], format: 'cjs', dts, onSuccess: finish },
  // A user of the library like any other: it imports `vibe-aigc` by name. In parts, so that a command loads what it needs.
  {
    ...common,
    entry: { cli: 'src/cli/main.ts' },
    format: 'esm',
    external: ['vibe-aigc', 'vibe-aigc/models'],
    minifyWhitespace: true,
    minifySyntax: true,
    esbuildOptions: (options) => {
      options.chunkNames = 'cli/[name]-[hash]';
    },
  },
]);

async function finish(): Promise<void> {
  for (const name of (await readdir('dist')).filter((one) => one.endsWith('.cjs'))) {
    const { code } = await transform(await readFile(`dist/${name}`, 'utf8'), { minifyWhitespace: true });
    await writeFile(`dist/${name}`, code);
  }
  // The types are the same for both: said once, so that an app that uses both has each class once, and half to install.
  for (const name of Object.keys(common.entry))
    await writeFile(`dist/${name}.d.ts`, `export * from './${name}.cjs';\n`);
}
