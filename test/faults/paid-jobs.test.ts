import type { JobDecision } from 'vibe-aigc';
import { afterAll, describe, expect, it } from 'vitest';
import { calmRun } from './helpers/calm-run.js';
import { crashPointsOf } from './helpers/crash-points.js';
import { type Drop, JobServer, type Purchase } from './helpers/job-server.js';
import { unfinished } from './helpers/laws.js';
import { atLevel, spread } from './helpers/level.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { type EndedProcess, operationsOf } from './helpers/victim-process.js';

const server = await JobServer.start();
afterAll(() => server.stop());

const task: Task = { plan: 'paid', planner: { concurrency: 2, retry: { maxAttempts: 3 } } };
const calm = await calmRun({ ...task, shop: server.newCustomer('none', true).shop });
const points = crashPointsOf(operationsOf(calm));

const drops: readonly Drop[] = ['none', 'before', 'during', 'after'];
/** At the quick level each has one point, and all together go from the first to the last. */
const spreadPoints = spread(points, 2 * drops.length);
const cases = drops.flatMap((drop, index) =>
  [true, false].map((find, offset) => {
    return { drop, find, points: atLevel(spreadPoints.slice(2 * index + offset).slice(0, 1), points) };
  }),
);

for (const { drop, find, points } of cases) {
  const connection = drop === 'none' ? 'that answers' : `that cuts the connection ${drop} it has taken the job`;
  const asked = find ? 'and can be asked' : 'and cannot be asked';

  describe.concurrent(`a process that is killed, with a provider ${connection} ${asked},`, () => {
    for (const { name, at, when } of points) {
      it(`buys nothing twice ${name}`, () =>
        Scratch.during(async (scratch) => {
          const { shop, purchases } = server.newCustomer(drop, find);
          await scratch.run({ ...task, shop }, { action: 'kill', at, when });
          let last = await scratch.run({ ...task, shop });
          const decided: string[] = [];
          // A job that is submitted again for the first time may have its answer cut off once more.
          for (let doubts = 3; doubts > 0 && inDoubt(last) !== undefined; doubts--) {
            expect(find).toBe(false);
            const { decision, nodeId, name: job } = decide(last, purchases());
            decided.push(nodeId);
            last = await scratch.run({ ...task, shop, jobs: { [nodeId]: { [job]: decision } } });
          }
          expect(unfinished(last, calm)).toEqual([]);
          expect(timesBought(purchases(), decided)).toEqual([]);
          if (drop !== 'none' && !find) expect(decided.length).toBeGreaterThan(0);
        }));
    }
  });
}

/** The job of which the run says that nobody knows whether it was submitted. */
function inDoubt({ entries }: EndedProcess) {
  const finished = entries.findLast((entry) => entry.type === 'finished');
  return finished?.pauses?.find((pause) => pause.reason === 'ambiguous_job');
}

/** What an operator does who looks into the books of the provider; a second job in doubt is made by hand instead. */
function decide(paused: EndedProcess, purchases: readonly Purchase[]) {
  const { nodeId, name, idempotencyKey } = inDoubt(paused) as NonNullable<ReturnType<typeof inDoubt>>;
  const bought = purchases.find(({ key }) => key === idempotencyKey);
  const otherwise: JobDecision = nodeId === 'cut' ? { skip: { made: nodeId } } : 'submit again';
  const decision: JobDecision = bought === undefined ? otherwise : { adopt: bought.id };
  return { decision, nodeId, name };
}

/** Jobs that were bought more often than once, or never although nobody made them by hand. */
function timesBought(purchases: readonly Purchase[], decided: readonly string[]): string[] {
  const wrong: string[] = [];
  for (const nodeId of ['clip', 'cut']) {
    const times = purchases.filter(({ key }) => key.endsWith(`:${nodeId}:make`)).length;
    const isMadeByHand = nodeId === 'cut' && decided.includes('cut') && times === 0;
    if (times !== 1 && !isMadeByHand) wrong.push(`${nodeId} was bought ${times} times`);
  }
  return wrong;
}
