import { execFile } from 'node:child_process';
import { cp, mkdtemp, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);

/** A program whose library is gone from the disk as soon as its first run says that it has begun. */
const program = (makeStore: string) => `
import { rmSync } from 'node:fs';
import { MemoryPersistenceManager, MetaPlanner, WorkflowPersistenceManager } from './dist/index.js';

const store = ${makeStore};
const deploy = ({ type }) => type === 'run_started' && rmSync('dist', { recursive: true, force: true });
const planner = new MetaPlanner({ persistenceManager: store, checkpointInterval: 1, onProgress: deploy });
const vibe = { description: 'A haiku about tides' };

const first = await planner.executeWithResume(vibe);
const [latest] = await planner.listCheckpoints();
const again = await new MetaPlanner({ persistenceManager: store }).executeWithResume(vibe, { checkpointId: latest.checkpointId });
const drawn = await planner.executeWithVisualization(vibe);
const state = await planner.getCheckpoint(latest.checkpointId);
const saved = await planner.createCheckpoint({ planId: state.planId, executionState: state });
const repaired = await planner.repairCheckpoints({ planId: state.planId });
const pruned = await planner.pruneCheckpoints({ keepLast: 1 });
console.log(first.status, again.status, drawn.status, typeof saved, repaired.damage.length, pruned.deleted.length > 1);
`;

describe('a program whose library is replaced while it runs', () => {
  it.each([
    ["new WorkflowPersistenceManager({ checkpointDir: 'kept', retention: { keepLast: 9 } })"],
    ['new MemoryPersistenceManager()'],
  ])('ends its runs, and everything else goes on as well: %s', async (makeStore) => {
    const home = await mkdtemp(join(tmpdir(), 'vibe-aigc-test-'));
    try {
      const built = dirname(dirname(inject('builtCli')));
      await cp(join(built, 'dist'), join(home, 'dist'), { recursive: true });
      await cp(join(built, 'package.json'), join(home, 'package.json'));
      await symlink(await readlink(join(built, 'node_modules')), join(home, 'node_modules'));
      await writeFile(join(home, 'program.mjs'), program(makeStore));
      const { stdout } = await run(process.execPath, ['program.mjs'], { cwd: home });
      expect(stdout.trim()).toBe('completed completed completed string 0 true');
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
