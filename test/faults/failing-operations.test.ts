import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from './child/protocol.js';
import { calmRun } from './helpers/calm-run.js';
import { failuresOf, oneFailureEach } from './helpers/failures.js';
import { unfinished, untypedEnds } from './helpers/laws.js';
import { isFull, oneOf } from './helpers/level.js';
import { type Fault, Scratch, type Task } from './helpers/scratch.js';
import { tellCount } from './helpers/tell-count.js';
import { verdictOn } from './helpers/verdict.js';
import { operationsOf } from './helpers/victim-process.js';

/** In processes of their own; `failing-calls` has more of the same, in one process. */
const task: Task = { plan: 'short', planner: { checkpointInterval: 4, concurrency: 3 } };

/** A run that is gone on with: it finds what another process left when it was killed in the middle. */
const kill: Fault = { action: 'kill', at: 50, when: 'after' };

const calm = await calmRun(task);
const changes = operationsOf(calm);
const looks = operationsOf(
  await Scratch.during(async (scratch) => {
    await scratch.run(task, kill);
    return scratch.run(task, { counts: 'looks' });
  }),
);
const oneEach = oneFailureEach(changes);
const failures = isFull ? failuresOf(changes) : oneEach;
const blindnesses = isFull ? failuresOf(looks) : oneFailureEach(looks);

async function expectNothingLost(scratch: Scratch, fault: Fault, way: 'the same process' | 'a fresh process') {
  const failed = await scratch.run(
    { ...task, calls: way === 'the same process' ? 2 : 1 },
    { ...fault, action: 'fail' },
  );
  const processes = [failed, ...(way === 'a fresh process' ? await scratch.finish(task) : [await scratch.run(task)])];
  expect(await verdictOn(scratch, processes, calm, untypedEnds(failed.entries))).toEqual([]);
}

const inFreshProcess = oneOf(20, failures);
const inSameProcess = oneOf(20, oneEach.toReversed());
const forGood = oneOf(40, oneEach);
const blind = oneOf(20, blindnesses);

describe.concurrent('an operation that fails once', () => {
  for (const failure of inFreshProcess) {
    it(`costs nothing that was acknowledged, called again in a fresh process: ${failure.name}`, () =>
      Scratch.during((scratch) => expectNothingLost(scratch, failure, 'a fresh process')));
  }

  for (const failure of inSameProcess) {
    it(`costs nothing that was acknowledged, called again in the same process: ${failure.name}`, () =>
      Scratch.during((scratch) => expectNothingLost(scratch, failure, 'the same process')));
  }
});

/** Writes of checkpoint files: their writer takes a short write for a whole one. */
const documentWrites = failuresOf(changes.filter(({ file }) => /\.tmp-[0-9a-f]+\.\d+$/.test(file))).filter(
  ({ code }) => code === 'SHORT',
);

const triedHere = [inFreshProcess, inSameProcess, documentWrites, forGood, blind];
tellCount('failing operations of a process', triedHere.flat().length);

describe.concurrent('a checkpoint file that is cut short by a full disk', () => {
  it('is tried at all', () => expect(documentWrites.length).toBeGreaterThan(2));

  for (const failure of documentWrites) {
    it(`is never announced: ${failure.name}`, () =>
      Scratch.during((scratch) => expectNothingLost(scratch, failure, 'a fresh process')));
  }
});

describe.concurrent('a disk on which nothing can be written any more', () => {
  for (const failure of forGood) {
    it(`costs nothing that was acknowledged, once it is repaired: ${failure.name} and after it`, () =>
      Scratch.during((scratch) => expectNothingLost(scratch, { ...failure, isLasting: true }, 'the same process')));
  }
});

describe.concurrent('a file that cannot be looked at once', () => {
  for (const failure of blind) {
    it(`is no reason to begin again: ${failure.name}`, () =>
      Scratch.during(async (scratch) => {
        const killed = await scratch.run(task, kill);
        const blind = await scratch.run(task, { ...failure, action: 'fail', counts: 'looks' });
        const processes = [killed, blind, ...(await scratch.finish(task))];
        expect(await verdictOn(scratch, processes, calm, untypedEnds(blind.entries))).toEqual([]);
      }));
  }
});

describe.concurrent('a lock that could not be given back', () => {
  it('is given back later, while the process that had it lives on', () =>
    Scratch.during(async (scratch) => {
      const patient: Task = { ...task, store: { lockTakeoverMs: 600 } };
      const released = { file: '.released' };
      const fault: Fault = { action: 'fail', at: 1, code: 'EIO', only: released };
      const first = scratch.start({ ...patient, livesOn: true }, fault);
      const tries = new Set<LedgerEntry>();
      const isTry = (entry: LedgerEntry) => entry.type === 'operation' && entry.file.endsWith(released.file);
      await first.until((entry) => isTry(entry) && tries.add(entry).size === 2);
      const second = await scratch.run(patient);
      expect(unfinished(second, calm)).toEqual([]);
      first.send('release');
      expect(await verdictOn(scratch, [await first.ended, second], calm)).toEqual([]);
    }));
});
