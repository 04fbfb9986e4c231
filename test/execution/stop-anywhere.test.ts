import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import type { RunRecord } from '../../src/run/run-record.js';
import type { RunState } from '../../src/run/run-state.js';
import { contentOf, DrivenRun, digestOf, replay, servedBy } from '../helpers/execution-driven-run.js';
import { DyingLog, MemoryLog } from '../helpers/execution-logs.js';
import { randomPlan } from '../helpers/execution-random-plan.js';

interface Session {
  readonly rootNodes: WorkflowNode[];
  readonly failing: ReadonlySet<string>;
  readonly concurrency: number;
  /** How many turns a node's handler takes. */
  readonly turns: readonly number[];
}

/** Runs on its own; answers which handlers were called. */
function runSession(
  { rootNodes, failing, concurrency, turns }: Session,
  log: MemoryLog,
  records: readonly RunRecord[],
) {
  const calls: string[] = [];
  const work: NodeHandler = async ({ id }, { inputs }) => {
    for (let left = turns[calls.push(id) % turns.length] ?? 0; left > 0; left--) await undefined;
    if (failing.has(id)) throw new Error(`${id} failed`);
    return digestOf(id, inputs);
  };
  return { calls, run: new DrivenRun(rootNodes, { handlers: servedBy(work), log, concurrency, records }) };
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

function completedIn(records: readonly RunRecord[]): Set<string> {
  const settled = records.flatMap((record) => (record.kind === 'node_settled' ? [record.result] : []));
  return new Set(settled.filter(({ status }) => status === 'completed').map(({ nodeId }) => nodeId));
}

describe('a run that stops at a record', () => {
  it('reaches the same results when it is resumed, and runs no completed node again', async () => {
    const session = fc.record({
      plan: randomPlan,
      concurrency: fc.integer({ min: 1, max: 10 }),
      turns: fc.array(fc.nat(5), { minLength: 1, maxLength: 7 }),
    });
    const property = fc.asyncProperty(session, fc.boolean(), async ({ plan, concurrency, turns }, isAsync) => {
      const { rootNodes, failing } = plan;
      const whole = runSession({ ...plan, concurrency, turns }, new DyingLog(Number.POSITIVE_INFINITY, isAsync), []);
      await whole.run.ended;
      const expected = essenceOf(whole.run.state);
      for (let deadAt = 1; deadAt <= whole.run.log.groups.length; deadAt++) {
        const died = runSession({ rootNodes, failing, concurrency, turns }, new DyingLog(deadAt, isAsync), []);
        await expect(died.run.ended).rejects.toThrow('power cut');
        expect(died.calls.every((id) => died.run.state.results.has(id))).toBe(true);

        const kept = died.run.log.records;
        const { calls, run } = runSession({ rootNodes, failing, concurrency, turns }, new MemoryLog(), kept);
        await run.ended;
        expect(essenceOf(run.state)).toEqual(expected);
        expect(calls.filter((id) => completedIn(kept).has(id))).toEqual([]);
        expect(new Set(calls).size).toBe(calls.length);
        expect(contentOf(run.state)).toEqual(contentOf(replay(rootNodes, [...kept, ...run.log.records])));
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
