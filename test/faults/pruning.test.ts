import { cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MetaPlanner, type RetentionPolicy } from 'vibe-aigc';
import { afterAll, describe, expect, it } from 'vitest';
import { plans, vibe } from './child/plans.js';
import type { LedgerEntry, Operation } from './child/protocol.js';
import { crashPointsOf } from './helpers/crash-points.js';
import { fastDirectory } from './helpers/fast-directory.js';
import { leftOvers, lostCheckpoints } from './helpers/laws.js';
import { atLevel, oneOf } from './helpers/level.js';
import { Scratch, type Task } from './helpers/scratch.js';
import { type EndedProcess, operationsOf } from './helpers/victim-process.js';

const planId = 'film';
const task: Task = { plan: 'short', planner: { checkpointInterval: 1, concurrency: 3 } };
const last = 'review';

/** So large that most checkpoints are positions in the journal. */
const large = 'x'.repeat(40_000);

interface Left {
  /** The run has everything but its last node. */
  readonly isUnfinished: boolean;
  /** Nodes beside those of the plan, each with a checkpoint. */
  readonly extra?: number;
}

/** Leaves a plan with many checkpoints, in files and in journals of two runs. */
async function leave(checkpointDir: string, { isUnfinished, extra = 0 }: Left): Promise<void> {
  const more = Array.from({ length: extra }, (_, index) => ({
    id: `extra-${index}`,
    type: 'generate' as const,
    description: 'More',
  }));
  const make = (failAt: string | undefined) =>
    new MetaPlanner({
      checkpointDir,
      checkpointInterval: 1,
      concurrency: 3,
      handlers: Object.fromEntries(
        ['analyze', 'generate', 'transform', 'validate'].map((type) => [
          type,
          (node: { id: string }) => {
            if (node.id === failAt) throw new Error('rate limit');
            return { made: node.id, large: node.id.startsWith('extra') ? '' : large };
          },
        ]),
      ),
    });
  const plan = { id: planId, sourceVibe: vibe, rootNodes: [...plans.short, ...more] };
  await make('cut').executeWithResume(vibe, { plan });
  await make(isUnfinished ? last : undefined).executeWithResume(vibe, { plan, fresh: true });
}

const calledIn = ({ entries }: EndedProcess) =>
  entries.flatMap((entry) => (entry.type === 'called' ? [entry.nodeId] : []));

const endOf = ({ entries }: EndedProcess): LedgerEntry | undefined =>
  entries.findLast(({ type }) => type === 'pruned' || type === 'rejected' || type === 'finished');

/** The same to begin with for many tests. */
async function leftPlan(left: Left) {
  const directory = await mkdtemp(join(fastDirectory, 'vibe-aigc-left-'));
  const checkpointDir = join(directory, 'checkpoints');
  await leave(checkpointDir, left);
  return { checkpointDir, remove: () => rm(directory, { recursive: true, force: true }) };
}

const policies = {
  'an unfinished plan': { left: { isUnfinished: true }, prune: { keepLast: 2, maxAgeMs: 1, deleteOnSuccess: true } },
  'a complete plan': { left: { isUnfinished: false }, prune: { keepLast: 2 } },
  'a complete plan as a whole': { left: { isUnfinished: false }, prune: { deleteOnSuccess: true } },
} as const;

for (const [name, { left, prune }] of Object.entries(policies)) {
  const pruning: Task = { ...task, prune };
  const isWhole = 'deleteOnSuccess' in prune && !left.isUnfinished;
  const rest = left.isUnfinished ? [last] : [];

  describe.concurrent(`a process that prunes ${name}`, async () => {
    const template = await leftPlan(left);
    afterAll(template.remove);
    const during = (use: (scratch: Scratch) => Promise<void>) =>
      Scratch.during(async (scratch) => {
        await cp(template.checkpointDir, scratch.checkpointDir, { recursive: true });
        await use(scratch);
      });
    let calm: readonly Operation[] = [];
    await during(async (scratch) => {
      calm = operationsOf(await scratch.run(pruning));
    });

    for (const { at, when, name: point } of oneOf(atLevel(60, 1), crashPointsOf(calm))) {
      it(`leaves it as it was, smaller, or nothing of it, when it is killed ${point}`, () =>
        during(async (scratch) => {
          expect((await scratch.run(pruning, { action: 'kill', at, when })).signal).toBe('SIGKILL');
          const called = calledIn(await scratch.run(task));
          if (isWhole)
            expect([0, 11]).toContain(called.length); // and one node is made of its children
          else expect(called).toEqual(rest);
        }));
      it(`leaves nothing that another one cannot finish, when it is killed ${point}`, () =>
        during(async (scratch) => {
          await scratch.run(pruning, { action: 'kill', at, when });
          expect(endOf(await scratch.run(pruning))).toMatchObject({ type: 'pruned', skipped: [] });
          const listed = await new MetaPlanner({ checkpointDir: scratch.checkpointDir }).listCheckpoints();
          expect(listed.filter(({ damaged }) => damaged !== undefined)).toEqual([]);
          expect(listed.length).toBe(isWhole ? 0 : left.isUnfinished ? 1 : 2);
          expect(await leftOvers(scratch)).toEqual([]);
          // Killed at the very end, it leaves its lock, of which the next run of the plan makes nothing.
          if (isWhole) expect((await scratch.files()).filter((file) => !/\.lock-\d+$/.test(file))).toEqual([]);
          expect(calledIn(await scratch.run(task))).toHaveLength(isWhole ? 11 : rest.length);
        }));
    }

    for (const { n, kind } of oneOf(atLevel(50, 2), calm)) {
      it(`harms nobody who has taken its plan over when it wakes up before operation ${n}, ${kind}`, () =>
        during(async (scratch) => {
          const sleeper = scratch.start(pruning, { action: 'stop', at: n, when: 'before' });
          expect(await sleeper.freeze()).toBe(true);
          const elsewhere = { hostname: 'elsewhere' };
          const { entries } = await scratch.run({ ...task, store: { lockTakeoverMs: 60 } }, elsewhere);
          expect(entries.at(-1)).toMatchObject({ type: 'finished', status: 'completed' });
          const called = calledIn({ entries } as EndedProcess);
          if (isWhole) expect([0, 11]).toContain(called.length);
          else expect(called).toEqual(rest);
          sleeper.thaw();
          expect(endOf(await sleeper.ended)).toMatchObject({ type: 'pruned' });
          const after = await scratch.run({ ...task, store: { lockTakeoverMs: 60 } }, elsewhere);
          // Until it removes the first checkpoint, it takes the plan anew and looks at it; and what it saw complete may go.
          const hasLooked = n >= (calm.find(({ file }) => /\/cp-[^/]+$/.test(file))?.n ?? 0);
          if (hasLooked && (!isWhole || called.length > 0)) expect(calledIn(after)).toEqual([]);
          expect(endOf(after)).toMatchObject({ type: 'finished', status: 'completed' });
        }));
    }
  });
}

const isReady = (entry: LedgerEntry) => entry.type === 'ready';

/** Two that prune and two that run the plan, all at once. */
async function together(scratch: Scratch, prune: RetentionPolicy): Promise<EndedProcess[]> {
  const tasks = [{ ...task, prune }, task, { ...task, prune }, task];
  const processes = tasks.map((one) => scratch.start({ ...one, waitsForStart: true }));
  await Promise.all(processes.map((process) => process.until(isReady)));
  for (const process of processes) process.send('start');
  return Promise.all(processes.map((process) => process.ended));
}

const rounds = Array.from({ length: atLevel(2, 30) }, (_, index) => index + 1);

describe('processes that prune and run a plan at once', () => {
  for (const [name, { left, prune }] of Object.entries(policies)) {
    it.each(rounds)(`do each other no harm, with ${name}, round %i`, () =>
      Scratch.during(async (scratch) => {
        await leave(scratch.checkpointDir, left);
        const ended = await together(scratch, prune);
        for (const process of ended) {
          expect(process).toMatchObject({ exitCode: 0, printed: '' });
          const end = endOf(process);
          if (end?.type === 'pruned') expect(['', 'PLAN_LOCKED']).toContain(end.skipped.join());
          else if (end?.type === 'rejected') expect(end.code).toBe('PLAN_LOCKED');
          else expect(end).toMatchObject({ type: 'finished', status: 'completed' });
        }
        const ran = ended.filter((process) => endOf(process)?.type === 'finished');
        const freed = ended.some((process) => (endOf(process) as { freed?: string[] }).freed?.length);
        const called = ran.map((process) => calledIn(process).length);
        if (!left.isUnfinished || freed) for (const count of called) expect([0, 1, 11]).toContain(count);
        else expect(ran.flatMap(calledIn)).toEqual(ran.length > 0 ? [last] : []);
        const after = await scratch.run(task);
        expect(endOf(after)).toMatchObject({ type: 'finished', status: 'completed' });
        if (!freed) expect(calledIn(after)).toEqual(left.isUnfinished && ran.length === 0 ? [last] : []);
        expect(await leftOvers(scratch)).toEqual([]);
      }),
    );
  }

  it('leave a plan alone that another one runs, and say who does', () =>
    Scratch.during(async (scratch) => {
      const running = scratch.start({ ...task, hold: last });
      await running.until((entry) => entry.type === 'called' && entry.nodeId === last);
      const pruning = await scratch.run({ ...task, prune: { keepLast: 1, maxAgeMs: 1, deleteOnSuccess: true } });
      expect(endOf(pruning)).toMatchObject({ type: 'pruned', deleted: 0, freed: [], skipped: ['PLAN_LOCKED'] });
      running.send('release');
      const ended = await running.ended;
      expect(endOf(ended)).toMatchObject({ type: 'finished', status: 'completed' });
      expect(await lostCheckpoints(scratch, ended.entries)).toEqual([]);
    }));
});

describe('pruning a plan', () => {
  it('does the same for many checkpoints as for few, but for the removal of each file', () =>
    Scratch.during(async (few) =>
      Scratch.during(async (many) => {
        await leave(few.checkpointDir, { isUnfinished: true, extra: 40 });
        await cp(few.checkpointDir, many.checkpointDir, { recursive: true });
        const [some, all] = [await prunedTo(45, few), await prunedTo(1, many)];
        expect(all.deleted - some.deleted).toBe(44);
        expect(all.positions - some.positions).toBeGreaterThan(30);
        expect(all.others).toBe(some.others);
        expect(some.others).toBeLessThan(60);
      }),
    ));
});

/** How many operations it takes to keep so many checkpoints; of those that are files, each is removed by one. */
async function prunedTo(keepLast: number, scratch: Scratch) {
  const pruned = await scratch.run({ ...task, prune: { keepLast } });
  const operations = operationsOf(pruned);
  const removals = operations.filter(({ kind, file }) => kind === 'unlink' && file.endsWith('.json')).length;
  const { deleted } = endOf(pruned) as Extract<LedgerEntry, { type: 'pruned' }>;
  return { deleted, positions: deleted - removals, others: operations.length - removals };
}
