import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import type { RunRecord } from '../../src/run/run-record.js';
import type { RunState } from '../../src/run/run-state.js';
import { contentOf, DrivenRun, digestOf, replay, servedBy } from '../helpers/execution-driven-run.js';
import { type GrowingPlan, growingPlan } from '../helpers/execution-growing-plan.js';
import { DyingLog, MemoryLog } from '../helpers/execution-logs.js';
import { type HandlerEnd, Reference } from '../helpers/execution-reference.js';
import { isServedInTests } from '../helpers/plan-builders.js';

interface Session {
  readonly plan: GrowingPlan;
  readonly concurrency: number;
  /** How many turns a node's handler takes. */
  readonly turns: readonly number[];
}

const session: fc.Arbitrary<Session> = fc.record({
  plan: growingPlan,
  concurrency: fc.integer({ min: 1, max: 10 }),
  turns: fc.array(fc.nat(5), { minLength: 1, maxLength: 7 }),
});

function runSession({ plan, concurrency, turns }: Session, log: MemoryLog, records: readonly RunRecord[] = []) {
  const calls: string[] = [];
  const ends = new Map<string, HandlerEnd>();
  const work: NodeHandler = async ({ id }, { inputs, spawn }) => {
    for (let left = turns[calls.push(id) % turns.length] ?? 0; left > 0; left--) await undefined;
    for (const nodes of plan.spawns.get(id) ?? []) await spawn(nodes);
    if (plan.failing.has(id)) {
      ends.set(id, 'failed');
      throw new Error(`${id} failed`);
    }
    ends.set(id, { output: digestOf(id, inputs) });
    return digestOf(id, inputs);
  };
  return { calls, ends, run: new DrivenRun(plan.rootNodes, { handlers: servedBy(work), log, concurrency, records }) };
}

/** What a run came to, without times, attempts and the order of things. */
function essenceOf({ status, results, completed }: RunState) {
  const plain = [...results.values()].map(({ attempts, ...result }) => result);
  return {
    status,
    completed: completed.toArray().sort(),
    results: plain.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)),
  };
}

describe('a plan that grows at random', () => {
  it('comes to what it would have come to, had everything been known at the beginning', async () => {
    let grown = 0;
    const property = fc.asyncProperty(session, fc.boolean(), async (drawn, isAsync) => {
      const { ends, run } = runSession(drawn, new DyingLog(Number.POSITIVE_INFINITY, isAsync));
      await run.ended;
      grown += run.state.spawned.length;
      const outcomes = new Reference(drawn.plan.whole, isServedInTests, ends).outcomes();
      const present = [...outcomes].filter(([id]) => run.state.graph.has(id));
      expect(run.state.graph.nodes).toHaveLength(present.length);
      for (const [id, outcome] of present) expect(run.result(id)).toMatchObject(outcome);
      expect(contentOf(run.state)).toEqual(contentOf(replay(drawn.plan.rootNodes, run.log.records)));
    });
    await fc.assert(property, { numRuns: 200 });
    expect(grown).toBeGreaterThan(100);
  });

  it('reaches the same results from wherever it was stopped', async () => {
    const property = fc.asyncProperty(session, fc.boolean(), async (drawn, isAsync) => {
      const whole = runSession(drawn, new DyingLog(Number.POSITIVE_INFINITY, isAsync));
      await whole.run.ended;
      for (let deadAt = 1; deadAt <= whole.run.log.groups.length; deadAt++) {
        const died = runSession(drawn, new DyingLog(deadAt, isAsync));
        await expect(died.run.ended).rejects.toThrow('power cut');
        const kept = died.run.log.records;
        const { calls, run } = runSession(drawn, new MemoryLog(), kept);
        await run.ended;
        expect(essenceOf(run.state)).toEqual(essenceOf(whole.run.state));
        const settled = kept.flatMap((record) => (record.kind === 'node_settled' ? [record.result] : []));
        const completed = settled.filter(({ status }) => status === 'completed').map(({ nodeId }) => nodeId);
        expect(calls.filter((id) => completed.includes(id))).toEqual([]);
        expect(contentOf(run.state)).toEqual(contentOf(replay(drawn.plan.rootNodes, [...kept, ...run.log.records])));
      }
    });
    await fc.assert(property, { numRuns: 40 });
  });
});
