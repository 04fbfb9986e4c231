import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isFull } from '../helpers/level.js';
import { type Mutant, mutants } from './mutants.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('every protection', () => {
  for (const { name, file, find } of mutants) {
    it(`can be switched off in one place: ${name}`, async () => {
      const text = await readFile(join(root, 'src', file), 'utf8');
      expect(text.split(find)).toHaveLength(2);
    });
  }
});

/** Each takes a run of the tests that must fail: only `npm run test:faults:full` has the time. */
const tried = isFull ? mutants : [];

describe('a library', () => {
  it('as it is passes where a mutant fails', { timeout: 600_000 }, async () => {
    for (const tests of tried.length === 0 ? [] : new Set(mutants.map(({ caughtBy }) => caughtBy))) {
      expect(await failuresOf(undefined, tests), tests).toEqual({ failed: 0, passed: expect.any(Number) });
    }
  });

  for (const mutant of tried) {
    it(`with ${mutant.name} is found out by ${mutant.caughtBy}`, { timeout: 600_000 }, async () => {
      const { failed, passed } = await failuresOf(mutant, mutant.caughtBy);
      expect(failed).toBeGreaterThan(0);
      expect(failed + passed).toBeGreaterThan(failed); // it still works where the protection is not needed
    });
  }
});

/** Runs some tests on a copy of the project that lacks one protection. */
async function failuresOf(mutant: Mutant | undefined, tests: string): Promise<{ failed: number; passed: number }> {
  const copy = await mkdtemp(join(tmpdir(), 'vibe-aigc-mutant-'));
  try {
    for (const name of ['src', 'test', 'examples', 'package.json', 'tsconfig.json', 'tsup.config.ts']) {
      await cp(join(root, name), join(copy, name), { recursive: true });
    }
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    if (mutant !== undefined) {
      const path = join(copy, 'src', mutant.file);
      await writeFile(
        path,
        (await readFile(path, 'utf8')).replace(mutant.find, () => mutant.replace),
      );
    }
    return await runTests(copy, tests);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function runTests(directory: string, tests: string): Promise<{ failed: number; passed: number }> {
  const report = join(directory, 'report.json');
  const vitest = join(directory, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [
    'run',
    '--config',
    'test/vitest.config.ts',
    '--reporter=json',
    `--outputFile=${report}`,
    `test/${tests}`,
  ];
  await new Promise<void>((resolve) => {
    execFile(process.execPath, [vitest, ...args], { cwd: directory, maxBuffer: 1e9 }, () => resolve());
  });
  const { numFailedTests, numPassedTests } = JSON.parse(await readFile(report, 'utf8'));
  return { failed: numFailedTests, passed: numPassedTests };
}
