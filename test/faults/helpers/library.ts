import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program of `../child/victim.ts` with the whole library in one file. */
    victimProgram: string;
    /** The program of `../failing-calls/program.ts`, likewise. */
    failingCallsProgram: string;
    /** The program of `../full-disk/program.ts`, likewise. */
    smallDiskProgram: string;
    /** The program of `../damage/leave-stores.ts`, likewise. */
    leaveStoresProgram: string;
  }
}

/** Once per test run: one file without imports starts in a fraction of the time that many sources take. */
export default async function buildVictim(project: TestProject): Promise<() => Promise<void>> {
  const outDir = await mkdtemp(join(tmpdir(), 'vibe-aigc-faults-'));
  const victim = fileURLToPath(new URL('../child/victim.ts', import.meta.url));
  const failingCalls = fileURLToPath(new URL('../failing-calls/program.ts', import.meta.url));
  const smallDisk = fileURLToPath(new URL('../full-disk/program.ts', import.meta.url));
  const leaveStores = fileURLToPath(new URL('../damage/leave-stores.ts', import.meta.url));
  await build({
    config: false,
    silent: true,
    entry: { victim, failingCalls, smallDisk, leaveStores },
    outDir,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    removeNodeProtocol: false,
    noExternal: [/^[^.]/],
    splitting: false,
    minify: true,
    keepNames: true,
    shims: true, // write-file-atomic is CommonJS: it asks for its __filename and requires modules of Node
    outExtension: () => ({ js: '.mjs' }),
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  project.provide('victimProgram', join(outDir, 'victim.mjs'));
  project.provide('failingCallsProgram', join(outDir, 'failingCalls.mjs'));
  project.provide('smallDiskProgram', join(outDir, 'smallDisk.mjs'));
  project.provide('leaveStoresProgram', join(outDir, 'leaveStores.mjs'));
  return () => rm(outDir, { recursive: true, force: true });
}
