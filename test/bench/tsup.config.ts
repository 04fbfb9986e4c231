import { defineConfig } from 'tsup';

/** Bundled as the library is, since tsx wraps every function to keep its name, and that is what would be measured. */
export default defineConfig({
  entry: ['test/bench/bench.ts', 'test/bench/resume-child.ts'],
  outDir: 'node_modules/.cache/vibe-aigc-bench',
  format: 'esm',
  target: 'node20',
  platform: 'node',
  removeNodeProtocol: false,
  silent: true,
});
