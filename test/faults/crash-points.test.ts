import { describe, expect, it } from 'vitest';
import { calmRun } from './helpers/calm-run.js';
import { type CrashPoint, crashPointsOf } from './helpers/crash-points.js';
import { lostCheckpoints } from './helpers/laws.js';
import { oneOf, spread } from './helpers/level.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { tellCount } from './helpers/tell-count.js';
import { verdictOn } from './helpers/verdict.js';
import { operationsOf } from './helpers/victim-process.js';

const tasks: ReadonlyArray<{ level: string; task: Task; every: number; everyDouble: number }> = [
  {
    level: 'strict',
    task: { plan: 'short', planner: { checkpointInterval: 4, concurrency: 3 } },
    every: 8,
    everyDouble: 120,
  },
  {
    level: 'relaxed',
    task: { plan: 'short', planner: { durability: 'relaxed', concurrency: 3 } },
    every: 8,
    everyDouble: 290,
  },
];

for (const { level, task, every, everyDouble } of tasks) {
  const calm = await calmRun(task);
  const points = crashPointsOf(operationsOf(calm));

  const tried = oneOf(every, points);
  tellCount(`kill points at ${level}, of ${points.length}`, tried.length);

  describe.concurrent(`a process that is killed, at ${level},`, () => {
    for (const point of tried) {
      it(`loses nothing ${point.name}`, () =>
        Scratch.during(async (scratch) => {
          const killed = await scratch.run(task, killAt(point));
          expect(await lostCheckpoints(scratch, killed.entries)).toEqual([]); // before anything is recovered
          expect(await verdictOn(scratch, [killed, ...(await scratch.finish(task))], calm)).toEqual([]);
        }));
    }
  });

  const firsts = await Promise.all(spread(points, 3).map((first) => withRecovery(task, first)));
  const doubles = firsts.flatMap(({ first, recovery }) => recovery.map((second) => ({ first, second })));

  const triedDoubles = oneOf(everyDouble, doubles, 6);
  tellCount(`double crashes at ${level}`, triedDoubles.length);

  describe.concurrent(`a process that is killed, and another while it recovers, at ${level},`, () => {
    for (const { first, second } of triedDoubles) {
      it(`lose nothing ${first.name}, then ${second.name}`, () =>
        Scratch.during(async (scratch) => {
          const killed = await scratch.run(task, killAt(first));
          const killedToo = await scratch.run(task, killAt(second));
          expect(await verdictOn(scratch, [killed, killedToo, ...(await scratch.finish(task))], calm)).toEqual([]);
        }));
    }
  });
}

/** The points at which the process can die that follows one which died. */
function withRecovery(task: Task, first: CrashPoint): Promise<{ first: CrashPoint; recovery: CrashPoint[] }> {
  return Scratch.during(async (scratch) => {
    await scratch.run(task, killAt(first));
    return { first, recovery: crashPointsOf(operationsOf(await scratch.run(task))) };
  });
}

function killAt({ at, when }: CrashPoint) {
  return { action: 'kill', at, when } as const;
}
