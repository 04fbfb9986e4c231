import { afterAll, describe, expect, it } from 'vitest';
import { type FeatureName, features } from './child/features.js';
import { crashPointsOf } from './helpers/crash-points.js';
import { JobServer, type Purchase } from './helpers/job-server.js';
import { unfinished } from './helpers/laws.js';
import { atLevel, spread } from './helpers/level.js';
import { operate } from './helpers/operator.js';
import { brokenRecords } from './helpers/record-laws.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { tellCount } from './helpers/tell-count.js';
import { verdictOn } from './helpers/verdict.js';
import { type EndedProcess, operationsOf } from './helpers/victim-process.js';

const server = await JobServer.start();
afterAll(() => server.stop());

/** Everybody buys with a bank of their own. */
function startOf(name: FeatureName): { readonly task: Task; readonly purchases: () => Purchase[] } {
  const { shop, purchases } = server.newCustomer('none', true);
  const task = { plan: name, planner: { concurrency: 3 }, ...(name === 'drains' && { drainAt: 'node_completed' }) };
  return name === 'jobs'
    ? { task: { ...task, shop: { ...shop, pollEveryMs: 3_600_000 } }, purchases }
    : { task, purchases };
}

function boughtTwice(purchases: readonly Purchase[]): string[] {
  const keys = purchases.map(({ key }) => key);
  return keys.filter((key, index) => keys.indexOf(key) !== index).map((key) => `${key} was bought again`);
}

/** How many processes it takes at least, with a pause between each two. */
const lengths: Record<FeatureName, number> = {
  retries: 3,
  steps: 1,
  jobs: 3,
  budgets: 2,
  growing: 1,
  waits: 3,
  answers: 1,
  sleeps: 2,
  drains: 2,
  limits: 2,
};

const names = Object.keys(features) as FeatureName[];
const stories = await Promise.all(
  names.map((name) => Scratch.during((scratch) => operate(scratch, startOf(name).task))),
);

for (const [index, name] of names.entries()) {
  const story = stories[index] as EndedProcess[];
  const calm = story.at(-1) as EndedProcess;
  const points = story.flatMap((told, process) =>
    crashPointsOf(operationsOf(told)).map(({ at, when, name: what }) => ({
      blow: { process, fault: { action: 'kill', at, when } as const },
      what: `process ${process + 1}, ${what}`,
    })),
  );
  const tried = atLevel(spread(points, 2), points);
  tellCount(`kill points of ${name}, of ${points.length}`, tried.length);

  describe.concurrent(`a run with ${name}, of which a process is killed,`, () => {
    it('comes to its end over its pauses when none is', () => {
      expect(story.length).toBeGreaterThanOrEqual(lengths[name]);
      expect(unfinished(calm, calm)).toEqual([]);
      expect(brokenRecords(story)).toEqual([]);
    });

    for (const { blow, what } of tried) {
      it(`comes to the same end, and does nothing again that is kept: ${what}`, () =>
        Scratch.during(async (scratch) => {
          const { task, purchases } = startOf(name);
          const processes = await operate(scratch, task, blow);
          const wrong = [...brokenRecords(processes), ...boughtTwice(purchases())];
          expect(await verdictOn(scratch, processes, calm, wrong)).toEqual([]);
        }));
    }
  });
}
