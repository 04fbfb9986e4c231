import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { posterPlanner } from '../../faults/helpers/poster-planner.js';
import { posterOutputs, posterVibe } from '../../faults/helpers/poster-run.js';
import { temporaryDirectory } from '../../helpers/stores.js';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** Every format that a release has written; that of the Python original has tests of its own. */
const releases = ['0.1'];

it('has a store of every release', async () => {
  expect((await readdir(fixtures)).sort()).toEqual([...releases, 'python-1.0']);
});

/**
 * Stores as processes left them that were killed, and one that was not; `acknowledged.json` has what they had told to be
 * complete. The format of a release never changes: a later one gets a directory of its own.
 */
for (const release of releases) {
  for (const name of await readdir(join(fixtures, release))) {
    describe(`a store of version ${release}, ${name.replaceAll('-', ' ')},`, () => {
      const left = join(fixtures, release, name);

      it('is resumed, and nothing that it has is paid again', async () => {
        const checkpointDir = join(await temporaryDirectory(), 'checkpoints');
        await cp(join(left, 'checkpoints'), checkpointDir, { recursive: true });
        const acknowledged: string[] = JSON.parse(await readFile(join(left, 'acknowledged.json'), 'utf8'));
        const calls: string[] = [];
        const planner = posterPlanner({ checkpointDir, onCall: (nodeId) => calls.push(nodeId) });
        const listed = await planner.listCheckpoints();
        for (const { checkpointId, damaged, runId } of listed) {
          expect(damaged).toBeUndefined();
          expect((await planner.getCheckpoint(checkpointId)).runId).toBe(runId);
        }
        expect(listed.length).toBeGreaterThan(0);
        const { status, outputs, runId } = await planner.executeWithResume(posterVibe);
        expect({ status, runId, outputs }).toEqual({
          status: 'completed',
          runId: listed[0]?.runId,
          outputs: await posterOutputs(),
        });
        expect(calls.filter((nodeId) => acknowledged.includes(nodeId))).toEqual([]);
        await planner.close();
      });
    });
  }
}
