import { describe, expect, it } from 'vitest';
import type { LedgerEntry, Rejected } from './child/protocol.js';
import { calmRun } from './helpers/calm-run.js';
import { brokenPromises, callsOf, unfinished } from './helpers/laws.js';
import { atLevel } from './helpers/level.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { tellCount } from './helpers/tell-count.js';
import { verdictOn } from './helpers/verdict.js';
import type { VictimProcess } from './helpers/victim-process.js';

const task: Task = { plan: 'short', planner: { checkpointInterval: 4, concurrency: 3 }, waitsForStart: true };
const calm = await calmRun({ ...task, waitsForStart: false });
const rounds = atLevel(3, 40);
tellCount('six processes at once', rounds + 1);

/** Processes that all stand before their call, and then all make it. */
async function startTogether(scratch: Scratch, count: number, more: Partial<Task> = {}): Promise<VictimProcess[]> {
  const processes = Array.from({ length: count }, () => scratch.start({ ...task, ...more }));
  await Promise.all(processes.map((process) => process.until(isReady)));
  for (const process of processes) process.send('start');
  return processes;
}

const isReady = (entry: LedgerEntry) => entry.type === 'ready';
const isCall = (entry: LedgerEntry) => entry.type === 'called';
const isEnd = (entry: LedgerEntry) => entry.type === 'rejected' || entry.type === 'finished';

/** True of the last of so many such entries. */
function theLastOf(count: number, isSuch: (entry: LedgerEntry) => boolean): (entry: LedgerEntry) => boolean {
  const seen = new Set<LedgerEntry>();
  return (entry) => isSuch(entry) && seen.add(entry).size === count;
}

function rejectionIn(entries: readonly LedgerEntry[]): Rejected | undefined {
  return entries.find((entry) => entry.type === 'rejected');
}

describe('six processes that start the same vibe at once', () => {
  it('are one that works and five that are told who does', () =>
    Scratch.during(async (scratch) => {
      const processes = await startTogether(scratch, 6, { hold: 'brief' });
      const firstSteps = await Promise.all(processes.map((process) => process.until((e) => isCall(e) || isEnd(e))));
      const working = processes.filter((_, index) => firstSteps[index]?.type === 'called');
      expect(working).toHaveLength(1);
      const winner = working[0] as VictimProcess;
      for (const loser of processes.filter((process) => process !== winner)) {
        const locked = { name: 'PlanLockedError', code: 'PLAN_LOCKED', holderPid: winner.pid };
        expect(rejectionIn((await loser.ended).entries)).toMatchObject(locked);
      }
      winner.send('release');
      const won = await winner.ended;
      const again = await scratch.run({ ...task, waitsForStart: false });
      expect(await verdictOn(scratch, [won, again], calm)).toEqual([]);
    }));

  it.each(Array.from({ length: rounds }, (_, index) => index + 1))('pay for each node once, round %i', () =>
    Scratch.during(async (scratch) => {
      const processes = await startTogether(scratch, 6);
      const ended = await Promise.all(processes.map((process) => process.ended));
      const working = ended.filter((process) => callsOf(process).length > 0);
      expect(working).toHaveLength(1);
      expect(working.flatMap((process) => [...brokenPromises(process.entries), ...unfinished(process, calm)])).toEqual(
        [],
      );
      for (const process of ended.filter((other) => !working.includes(other))) {
        const rejection = rejectionIn(process.entries);
        if (rejection === undefined) expect(unfinished(process, calm)).toEqual([]);
        else expect(rejection).toMatchObject({ code: 'PLAN_LOCKED' });
        // Whoever looks at the finished run holds the plan for that moment.
        if (rejection !== undefined) expect(ended.map(({ pid }) => pid)).toContain(rejection.holderPid);
      }
    }),
  );
});

describe('two threads of one process', () => {
  it('are one that works and one that is told so', () =>
    Scratch.during(async (scratch) => {
      const process = scratch.start({ ...task, waitsForStart: true, hold: 'brief', threads: 2 });
      await process.until(theLastOf(2, isReady));
      process.send('start');
      await process.until(theLastOf(2, (entry) => isCall(entry) || isEnd(entry)));
      expect(process.entries.filter(isCall)).toHaveLength(1);
      expect(rejectionIn(process.entries)).toMatchObject({ code: 'PLAN_LOCKED', holderPid: process.pid });
      process.send('release');
      const { entries } = await process.ended;
      const working = entries.find(isCall)?.thread;
      expect(brokenPromises(entries.filter(({ thread }) => thread === working))).toEqual([]);
      expect(entries.filter(isEnd).map(({ type }) => type)).toEqual(['rejected', 'finished']);
    }));
});
