import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('..', import.meta.url));

export default defineConfig({
  root,
  resolve: {
    alias: {
      'vibe-aigc/models': `${root}src/models.ts`,
      'vibe-aigc/testing': `${root}src/testing.ts`,
      'vibe-aigc/cli-documents': `${root}src/cli-documents.ts`,
      'vibe-aigc': `${root}src/index.ts`,
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/faults/helpers/library.ts', 'test/cli/built-cli.ts'],
    env: { npm_command: '' }, // however the tests were started, commands are shown without npx
    testTimeout: 60_000,
    maxWorkers: Math.max(2, availableParallelism() - 1), // many tests wait for child processes
    coverage: { include: ['src/**'], reporter: ['text-summary'] },
  },
});
