import { defineConfig } from 'tsup';

export default defineConfig({
  entry: { index: 'src/index.ts', testing: 'src/testing/persistence-suite.ts' },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  removeNodeProtocol: false,
  sourcemap: false,
  splitting: true,
  // Names stay for stack traces; comments are in the sources and the types.
  minifyWhitespace: true,
  minifySyntax: true,
  // ESM-only packages that Jest cannot require.
  noExternal: ['nanoid'],
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
});
