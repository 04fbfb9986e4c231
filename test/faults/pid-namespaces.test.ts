import { describe, expect, it } from 'vitest';
import type { LedgerEntry } from './child/protocol.js';
import { calmRun } from './helpers/calm-run.js';
import { crashPointsOf } from './helpers/crash-points.js';
import { brokenPromises, callsOf, unfinished } from './helpers/laws.js';
import { atLevel, spread } from './helpers/level.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { tellCount } from './helpers/tell-count.js';
import { inPidNamespace, whyNot } from './helpers/unshare.js';
import { verdictOn } from './helpers/verdict.js';
import { operationsOf } from './helpers/victim-process.js';

const reason = whyNot(inPidNamespace);
const suffix = reason === undefined ? '' : ` (skipped: ${reason})`;
const task: Task = { plan: 'short', planner: { checkpointInterval: 4, concurrency: 3 } };
const calm = await calmRun(task);
const [rounds, deaths] = [atLevel(2, 12), atLevel(2, 16)];
if (reason === undefined) tellCount('processes in PID namespaces', rounds + deaths + 1);

const points = crashPointsOf(operationsOf(calm)).slice(20, -20);

const isReady = (entry: LedgerEntry) => entry.type === 'ready';
const isWaiting = (entry: LedgerEntry) => entry.type === 'waiting';
const isCall = (entry: LedgerEntry) => entry.type === 'called';

function patient(lockTakeoverMs: number): Task {
  return { ...task, store: { lockTakeoverMs } };
}

/** As in two containers that share a directory: each process is the first of its own namespace. */
(reason === undefined ? describe.concurrent : describe.skip)(
  `processes in PID namespaces of their own${suffix}`,
  () => {
    it.each(Array.from({ length: rounds }, (_, index) => index + 1))('pay for each node once, round %i', () =>
      Scratch.during(async (scratch) => {
        const waiting: Task = { ...patient(4_000), waitsForStart: true };
        const processes = Array.from({ length: 6 }, () => scratch.start(waiting, {}, inPidNamespace));
        await Promise.all(processes.map((process) => process.until(isReady)));
        for (const process of processes) process.send('start');
        const ended = await Promise.all(processes.map((process) => process.ended));
        expect(ended.filter((process) => callsOf(process).length > 0)).toHaveLength(1);
        for (const process of ended)
          expect([...brokenPromises(process.entries), ...unfinished(process, calm)]).toEqual([]);
      }),
    );

    for (const point of spread(points, deaths)) {
      it(`are taken over when they were killed, where nobody can judge after a wait: ${point.name}`, () =>
        Scratch.during(async (scratch) => {
          const killed = await scratch.run(patient(600), { ...point, action: 'kill' }, inPidNamespace);
          const successor = await scratch.run(patient(600), {}, inPidNamespace);
          // A namespace may have the number of one that is gone: then its processes are known to be gone, too.
          expect(successor.entries.filter(isWaiting).length).toBeLessThanOrEqual(1);
          expect(await verdictOn(scratch, [killed, successor, await scratch.run(task)], calm)).toEqual([]);
        }));
    }

    it('are waited for while their hearts beat, though a process of the same number is not to be seen', () =>
      Scratch.during(async (scratch) => {
        const holder = scratch.start({ ...patient(1_000), hold: 'brief' }, {}, inPidNamespace);
        await holder.until(isCall);
        const waiting = scratch.start(patient(1_000), {}, inPidNamespace);
        await waiting.until(isWaiting);
        const beats = new Set<LedgerEntry>();
        const isBeat = (entry: LedgerEntry) => entry.type === 'operation' && entry.file.includes('.beat');
        await holder.until((entry) => isBeat(entry) && beats.add(entry).size > 12); // for twice as long as it is patient
        expect(waiting.entries.filter(isCall)).toEqual([]);
        holder.send('release');
        expect(await verdictOn(scratch, [await holder.ended, await waiting.ended], calm)).toEqual([]);
      }));
  },
);
