import { describe, expect, it } from 'vitest';
import { calmRun } from './helpers/calm-run.js';
import { lostCheckpoints } from './helpers/laws.js';
import { atLevel } from './helpers/level.js';
import { type Random, randomFrom } from './helpers/random.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { tellCount } from './helpers/tell-count.js';
import { verdictOn } from './helpers/verdict.js';
import type { EndedProcess } from './helpers/victim-process.js';

/** To see one round again: FAULT_SEED=<seed of the failure> npx vitest run --config test/vitest.config.ts test/faults/kill-rounds */
const given = process.env.FAULT_SEED;
const firstSeed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
const rounds = given === undefined ? atLevel(10, 100) : 1;
const mostKills = 30;
tellCount('kill -9 rounds', rounds);

const calm = await calmRun({ plan: 'long', planner: {} });

function taskFrom(random: Random): Task {
  const checkpointInterval = random.pick([1, 3, 10, undefined]);
  const isRelaxed = random.chance(0.3);
  return {
    plan: 'long',
    planner: {
      concurrency: 1 + random.below(6),
      ...(checkpointInterval !== undefined && { checkpointInterval }),
      ...(isRelaxed && { durability: 'relaxed' }),
    },
  };
}

/** Kills it when the ledger has so many lines: wherever the process is by then. */
async function runUntil(scratch: Scratch, task: Task, lines: number): Promise<EndedProcess> {
  const process = scratch.start(task);
  await process.until((_, index) => index >= lines).catch(() => undefined); // it may be done before
  process.kill();
  return process.ended;
}

describe.concurrent('a process that is killed again and again', () => {
  it.each(Array.from({ length: rounds }, (_, index) => firstSeed + index))('comes to its end, seed %i', (seed) =>
    Scratch.during(async (scratch) => {
      const random = randomFrom(seed);
      const task = taskFrom(random);
      const processes: EndedProcess[] = [];
      do {
        processes.push(await runUntil(scratch, task, random.below(220)));
        expect(
          await lostCheckpoints(
            scratch,
            processes.flatMap(({ entries }) => entries),
          ),
          `seed ${seed}`,
        ).toEqual([]);
      } while (processes.at(-1)?.signal === 'SIGKILL' && processes.length < mostKills);
      processes.push(...(await scratch.finish(task)));
      expect(await verdictOn(scratch, processes, calm), `seed ${seed}`).toEqual([]);
    }),
  );
});
