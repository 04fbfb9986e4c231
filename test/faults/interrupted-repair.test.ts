import { describe, expect, it } from 'vitest';
import { rotted } from '../helpers/damaged-run.js';
import type { LedgerEntry } from './child/protocol.js';
import { calmRun } from './helpers/calm-run.js';
import { crashPointsOf } from './helpers/crash-points.js';
import { buildState, type DiskState, readState } from './helpers/disk-state.js';
import { oneFailureEach } from './helpers/failures.js';
import { brokenPromises, callsOf, leftOvers, unfinished } from './helpers/laws.js';
import { oneOf } from './helpers/level.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { type EndedProcess, operationsOf } from './helpers/victim-process.js';

const task: Task = { plan: 'short', planner: { checkpointInterval: 4, concurrency: 3 } };
const repairing: Task = { ...task, repairs: true };
const calm = await calmRun(task);

/** A run that was killed in its last third, with a damaged record and a damaged newest checkpoint. */
const damaged = await Scratch.during(async (scratch): Promise<DiskState> => {
  const operations = operationsOf(calm).length;
  await scratch.run(task, { action: 'kill', at: Math.floor(0.8 * operations), when: 'before' });
  const files = new Map(readState(scratch.checkpointDir));
  const journal = [...files.keys()].find((path) => path.endsWith('.journal-1')) as string;
  const lines = Buffer.from(files.get(journal) as Uint8Array)
    .toString()
    .split('\n');
  files.set(journal, Buffer.from(rotted(lines, '"node_id":"mood","status":"completed"').join('\n')));
  const newest = [...files.keys()]
    .filter((path) => path.endsWith('.json'))
    .sort()
    .at(-1) as string;
  files.set(newest, (files.get(newest) as Uint8Array).subarray(0, 1_000));
  return files;
});

const { repaired, operations, points } = await onDamaged(async (scratch) => {
  const repair = await scratch.run(repairing);
  const done = operationsOf(repair);
  return { repaired: reportIn(repair), operations: done, points: crashPointsOf(done) };
});

describe('a repair', () => {
  it('has something to keep, and something to pay again', () => {
    expect(repaired?.kept).toContain('cast');
    expect(repaired?.toRun).toContain('mood');
    expect(points.length).toBeGreaterThan(40);
  });
});

describe.concurrent('a repair that is killed', () => {
  for (const point of oneOf(7, points)) {
    it(`leaves what was, or what is repaired, and is finished by calling it again: ${point.name}`, () =>
      onDamaged(async (scratch) => {
        await scratch.run(repairing, { action: 'kill', at: point.at, when: point.when });
        const left = readState(scratch.checkpointDir);
        expect(await resumed(left)).toBeOneOf(['CHECKPOINT_CORRUPT', called(repaired?.toRun)]);

        expect(reportIn(await scratch.run(repairing))).toEqual(repaired);
        const finishing = await scratch.run(task);
        expect(called(callsIn(finishing))).toBe(called(repaired?.toRun));
        expect([...unfinished(finishing, calm), ...(await leftOvers(scratch))]).toEqual([]);
        expect(brokenPromises(finishing.entries)).toEqual([]);
      }));
  }
});

describe.concurrent('a repair on a failing disk', () => {
  for (const { at, code, name } of oneOf(6, oneFailureEach(operations))) {
    it(`loses nothing, and works when it is called again: ${name}`, () =>
      onDamaged(async (scratch) => {
        const { entries } = await scratch.run(repairing, { action: 'fail', at, code });
        const rejected = entries.find((entry) => entry.type === 'rejected');
        expect(rejected?.code).toBeOneOf([undefined, 'PERSISTENCE_FAILED']);
        expect(reportIn(await scratch.run(repairing))).toEqual(repaired);
        expect(called(callsIn(await scratch.run(task)))).toBe(called(repaired?.toRun));
      }));
  }
});

function onDamaged<T>(use: (scratch: Scratch) => Promise<T>, files = damaged): Promise<T> {
  return Scratch.during((scratch) => {
    buildState(scratch.checkpointDir, files);
    return use(scratch);
  });
}

/** What a call does with what was left: the code of its error, or the nodes that it called. */
function resumed(files: DiskState): Promise<string | undefined> {
  return onDamaged(async (scratch) => {
    const ended = await scratch.run(task);
    const rejected = ended.entries.find((entry) => entry.type === 'rejected');
    return rejected === undefined ? called(callsIn(ended)) : rejected.code;
  }, files);
}

function callsIn(ended: EndedProcess): string[] {
  return callsOf(ended).map(({ nodeId }) => nodeId);
}

function called(nodeIds: readonly string[] = []): string {
  return `called ${[...nodeIds].sort().join(', ')}`;
}

function reportIn({ entries }: EndedProcess) {
  const entry = entries.find((one): one is Extract<LedgerEntry, { type: 'repaired' }> => one.type === 'repaired');
  return entry && { kept: entry.kept, toRun: entry.toRun };
}
