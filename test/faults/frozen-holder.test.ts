import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from './child/protocol.js';
import { calmRun } from './helpers/calm-run.js';
import { type CrashPoint, crashPointsOf } from './helpers/crash-points.js';
import { brokenPromises, callsOf, lostCheckpoints, unfinished } from './helpers/laws.js';
import { atLevel, isFull, spread } from './helpers/level.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { tellCount } from './helpers/tell-count.js';
import { verdictOn } from './helpers/verdict.js';
import { type EndedProcess, operationsOf } from './helpers/victim-process.js';

const task: Task = { plan: 'short', planner: { checkpointInterval: 4, concurrency: 3 } };
const stranger = { hostname: 'elsewhere' };
const calm = await calmRun(task);

/** One node after the other, so that each record is acknowledged at once. */
const atOnce: Task = { plan: 'short', planner: { durability: 'relaxed', concurrency: 1 } };
const levels = [
  { level: 'strict', task, calm },
  { level: 'relaxed', task: atOnce, calm: await calmRun(atOnce) },
].map((one) => ({ ...one, tried: momentsOf(one.calm) }));

/** A holder that stands still in the middle of a run, after it has acknowledged some nodes. */
const middle = { action: 'stop', at: Math.floor(operationsOf(calm).length / 2), when: 'before' } as const;

const isWaiting = (entry: LedgerEntry) => entry.type === 'waiting';

function endOf({ entries }: EndedProcess): LedgerEntry | undefined {
  return entries.findLast((entry) => entry.type === 'finished' || entry.type === 'rejected');
}

function patient(lockTakeoverMs: number | false): Task {
  return { ...task, store: { lockTakeoverMs } };
}

/** What is called before the loss is noticed is at the holder's own risk; what it acknowledges would be a lie. */
function lies(afterwards: readonly LedgerEntry[]): string[] {
  const told = afterwards.filter((entry) => entry.type === 'acknowledged');
  return told.map(({ nodeId }) => `${nodeId} was acknowledged by a holder that was taken over`);
}

/** A holder that was taken over says so, and by whom; unless it had lost nothing, since all was done. */
function otherEnds(holder: EndedProcess, successor: EndedProcess, calm: EndedProcess): string[] {
  const end = endOf(holder);
  if (end?.type !== 'rejected') return unfinished(holder, calm);
  if (end.code !== 'PLAN_LOCKED') return [`a holder that was taken over was rejected with ${end.name}: ${end.message}`];
  return end.holderPid === successor.pid ? [] : [`process ${end.holderPid} was named as the successor`];
}

/** Every moment of a run at which its process can be frozen, or some of them. */
function momentsOf(run: EndedProcess): CrashPoint[] {
  const points = crashPointsOf(operationsOf(run)).filter(({ when }) => when !== 'in');
  return isFull ? points : spread(points, 6);
}

const count = levels.reduce((sum, { tried }) => sum + tried.length, 0);
tellCount('frozen and dead holders', count + 8);

for (const { level, task, calm, tried } of levels) {
  describe.concurrent(`a holder that is frozen in a ${level} run`, () => {
    for (const point of tried) {
      it(`acknowledges nothing after it was taken over, frozen ${point.name}`, () =>
        Scratch.during(async (scratch) => {
          const holder = scratch.start(task, { ...point, action: 'stop' });
          if (!(await holder.freeze())) return; // this time there were fewer operations
          const untilFrozen = [...holder.entries];
          const successor = await scratch.run({ ...task, store: { lockTakeoverMs: 300 } }, stranger);
          holder.thaw();
          const ended = await holder.ended;
          const afterwards = ended.entries.slice(untilFrozen.length);
          const again = await scratch.run(task);

          const wrong = [
            ...brokenPromises([...untilFrozen, ...successor.entries]),
            ...lies(afterwards),
            ...(await lostCheckpoints(scratch, ended.entries)),
            ...otherEnds(ended, successor, calm),
          ];
          expect(await verdictOn(scratch, [successor, again], calm, wrong)).toEqual([]);
        }));
    }
  });
}

describe.concurrent('a holder that is frozen', () => {
  it('is waited for by a stranger, which says whom it waits for', () =>
    Scratch.during(async (scratch) => {
      const holder = scratch.start(task, middle);
      expect(await holder.freeze()).toBe(true);
      const successor = await scratch.run(patient(300), stranger);
      expect(successor.entries.filter(isWaiting)).toMatchObject([{ holderPid: holder.pid }]);
      expect(unfinished(successor, calm)).toEqual([]);
    }));

  it('is alive to a neighbour on the same machine', () =>
    Scratch.during(async (scratch) => {
      const holder = scratch.start(task, middle);
      expect(await holder.freeze()).toBe(true);
      const refused = await scratch.run(patient(300));
      expect(endOf(refused)).toMatchObject({ type: 'rejected', code: 'PLAN_LOCKED', holderPid: holder.pid });
      expect(callsOf(refused)).toEqual([]);
      holder.thaw();
      expect(await verdictOn(scratch, [await holder.ended, await scratch.run(task)], calm)).toEqual([]);
    }));

  it('is never taken over when that is turned off', () =>
    Scratch.during(async (scratch) => {
      const holder = scratch.start(task, middle);
      expect(await holder.freeze()).toBe(true);
      const refused = await scratch.run(patient(false), stranger);
      expect(endOf(refused)).toMatchObject({ type: 'rejected', code: 'PLAN_LOCKED', holderPid: holder.pid });
      holder.thaw();
      expect(await verdictOn(scratch, [await holder.ended, await scratch.run(task)], calm)).toEqual([]);
    }));
});

describe.concurrent('a stranger that waits', () => {
  it('gives up when its call is aborted, and has changed nothing', () =>
    Scratch.during(async (scratch) => {
      const holder = scratch.start(task, middle);
      expect(await holder.freeze()).toBe(true);
      const aborted = await scratch.run({ ...patient(30_000), abortAt: 'lock_waiting' }, stranger);
      expect(endOf(aborted)).toMatchObject({ type: 'rejected', message: 'aborted by the test' });
      holder.thaw();
      expect(await verdictOn(scratch, [await holder.ended, await scratch.run(task)], calm)).toEqual([]);
    }));

  it('goes on as soon as the holder gives the plan back', () =>
    Scratch.during(async (scratch) => {
      const holder = scratch.start({ ...task, hold: 'brief' });
      await holder.until(({ type }) => type === 'called');
      const waiting = scratch.start(patient(600_000), stranger);
      await waiting.until(isWaiting);
      holder.send('release');
      expect(await verdictOn(scratch, [await holder.ended, await waiting.ended], calm)).toEqual([]);
    }));

  it('does not take over while the heartbeat moves', () =>
    Scratch.during(async (scratch) => {
      const patienceMs = atLevel(1_000, 3_000);
      const holder = scratch.start({ ...patient(patienceMs), hold: 'brief' });
      await holder.until(({ type }) => type === 'called');
      const waiting = scratch.start(patient(patienceMs), stranger);
      await waiting.until(isWaiting);
      const beats = new Set<LedgerEntry>();
      const isBeat = (entry: LedgerEntry) => entry.type === 'operation' && entry.file.includes('.beat');
      await holder.until((entry) => isBeat(entry) && beats.add(entry).size > 12); // for twice as long as it is patient
      expect(waiting.entries.filter(({ type }) => type === 'called')).toEqual([]);
      holder.send('release');
      expect(await verdictOn(scratch, [await holder.ended, await waiting.ended], calm)).toEqual([]);
    }));
});

describe.concurrent('a holder that is dead', () => {
  it('is taken over at once on the same machine', () =>
    Scratch.during(async (scratch) => {
      const dead = await scratch.run(task, { ...middle, action: 'kill' });
      const successor = await scratch.run(patient(600_000));
      expect(successor.entries.filter(isWaiting)).toEqual([]);
      expect(await verdictOn(scratch, [dead, successor, await scratch.run(task)], calm)).toEqual([]);
    }));

  it('is waited for by a stranger, who cannot know', () =>
    Scratch.during(async (scratch) => {
      const dead = await scratch.run(task, { ...middle, action: 'kill' });
      const successor = await scratch.run(patient(300), stranger);
      expect(successor.entries.filter(isWaiting)).toMatchObject([{ holderPid: dead.pid }]);
      expect(await verdictOn(scratch, [dead, successor, await scratch.run(task)], calm)).toEqual([]);
    }));
});
