import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentOf, DrivenRun, digestOf, quiet, replay } from '../helpers/execution-driven-run.js';
import { HeldLog, MemoryLog } from '../helpers/execution-logs.js';
import { type RandomPlan, randomPlan } from '../helpers/execution-random-plan.js';
import { type HandlerEnd, type Outcome, Reference } from '../helpers/execution-reference.js';
import { isServedInTests } from '../helpers/plan-builders.js';

const randomRun = fc.record({
  plan: randomPlan,
  concurrency: fc.integer({ min: 1, max: 10 }),
  picks: fc.array(fc.nat(1_000), { minLength: 50, maxLength: 50 }),
});

class AsyncLog extends MemoryLog {
  override async append(records: Parameters<MemoryLog['append']>[0]) {
    await undefined;
    super.append(records);
  }
}

/** What handlers did, as far as it is recorded. */
function endsOf({ records }: MemoryLog): Map<string, HandlerEnd> {
  const ends = new Map<string, HandlerEnd>();
  for (const record of records) {
    if (record.kind !== 'node_settled' || record.result.attempts === 0) continue;
    const { result } = record;
    ends.set(result.nodeId, result.status === 'completed' ? { output: result.output } : 'failed');
  }
  return ends;
}

function referenceOf({ rootNodes }: RandomPlan, log: MemoryLog): Reference {
  return new Reference(rootNodes, isServedInTests, endsOf(log));
}

function settleOne(run: DrivenRun, { failing }: RandomPlan, pick: number): void {
  const nodeId = run.running[pick % run.running.length] as string;
  const { resolve, reject, context } = run.attempt(nodeId);
  run.held.delete(nodeId);
  if (failing.has(nodeId)) reject(new Error(`${nodeId} failed`));
  else resolve(digestOf(nodeId, context.inputs));
}

/** Each node that began since the last look was allowed to, and was handed what it should be. */
function checkStarts(run: DrivenRun, reference: Reference, seen: number): void {
  const mayRun = reference.mayRun();
  for (const nodeId of run.started.slice(seen)) {
    expect(mayRun).toContain(nodeId);
    expect(run.attempt(nodeId).context.inputs).toEqual(reference.inputsOf(nodeId));
  }
}

async function checkEnd(run: DrivenRun, plan: RandomPlan, concurrency: number): Promise<void> {
  const outcomes = referenceOf(plan, run.log).outcomes();
  const isAllCompleted = [...outcomes.values()].every(({ status }) => status === 'completed');
  expect(await run.ended).toBe(isAllCompleted ? 'completed' : 'failed');
  expect(outcomes.size).toBe(run.state.graph.nodes.length);
  expect(outcomesOf(run)).toEqual(outcomes);
  expect(run.state.completed.toArray().sort()).toEqual(referenceOf(plan, run.log).complete().sort());
  expect(new Set(run.started).size).toBe(run.started.length);
  expect([...run.started].sort()).toEqual([...endsOf(run.log).keys()].sort());
  expect(run.peak).toBeLessThanOrEqual(concurrency);
  expect(contentOf(run.state)).toEqual(contentOf(replay(plan.rootNodes, run.log.records)));
}

function outcomesOf({ state }: DrivenRun): Map<string, Outcome> {
  return new Map(
    [...state.results].map(([nodeId, result]): [string, Outcome] => {
      if (result.status === 'completed') return [nodeId, { status: 'completed', output: result.output }];
      if (result.status === 'failed') return [nodeId, { status: 'failed' }];
      return [nodeId, { status: 'skipped', blockedBy: result.blockedBy }];
    }),
  );
}

describe('a random plan', () => {
  it('runs whatever may run, at every moment, as far as concurrency allows', async () => {
    const property = fc.asyncProperty(randomRun, fc.boolean(), async ({ plan, concurrency, picks }, isAsync) => {
      const run = new DrivenRun(plan.rootNodes, { concurrency, log: isAsync ? new AsyncLog() : new MemoryLog() });
      for (let seen = 0, step = 0; ; step++) {
        await quiet();
        const reference = referenceOf(plan, run.log);
        checkStarts(run, reference, seen);
        const mayRun = reference.mayRun();
        expect(run.running).toHaveLength(Math.min(concurrency, mayRun.length));
        expect(mayRun).toEqual(expect.arrayContaining(run.running));
        if (mayRun.length === 0) break;
        seen = run.started.length;
        const pick = picks[step] as number;
        for (let left = 1 + (pick % 3); left > 0 && run.running.length > 0; left--) settleOne(run, plan, pick);
      }
      await checkEnd(run, plan, concurrency);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('starts nothing that is not committed, however late a log answers', async () => {
    const property = fc.asyncProperty(randomRun, async ({ plan, concurrency, picks }) => {
      const log = new HeldLog();
      const run = new DrivenRun(plan.rootNodes, { concurrency, log });
      for (let seen = 0, step = 0; ; step++) {
        await quiet();
        checkStarts(run, referenceOf(plan, log), seen);
        seen = run.started.length;
        const choices = run.running.length + (log.waiting.length > 0 ? 1 : 0);
        if (choices === 0) break;
        const pick = (picks[step % picks.length] as number) % choices;
        if (pick < run.running.length) settleOne(run, plan, pick);
        else log.release();
      }
      await checkEnd(run, plan, concurrency);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});
