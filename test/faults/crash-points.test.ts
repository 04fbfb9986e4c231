import { describe, expect, it } from 'vitest';
import { type CrashPoint, crashPointsOf } from './helpers/crash-points.js';
import { oneOf } from './helpers/level.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { verdictOn } from './helpers/verdict.js';
import { operationsOf } from './helpers/victim-process.js';

const strict: Task = { plan: 'short', planner: { checkpointInterval: 4, concurrency: 3 } };
const calm = await Scratch.during((scratch) => scratch.run(strict));

function killedAt({ at, when }: CrashPoint) {
  return { action: 'kill', at, when } as const;
}

describe.concurrent('a process that is killed', () => {
  for (const point of oneOf(3, crashPointsOf(operationsOf(calm)))) {
    it(`loses nothing ${point.name}`, () =>
      Scratch.during(async (scratch) => {
        const killed = await scratch.run(strict, killedAt(point));
        const resumed = await scratch.run(strict);
        const again = await scratch.run(strict);
        expect(await verdictOn(scratch, [killed, resumed, again], calm)).toEqual([]);
      }));
  }
});
