import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { NodeHandler } from '../../src/execution/node-handler.js';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import type { RunRecord } from '../../src/run/run-record.js';
import { contentOf, DrivenRun, replay, servedBy } from '../helpers/execution-driven-run.js';
import { DyingLog, MemoryLog } from '../helpers/execution-logs.js';
import { randomPlan } from '../helpers/execution-random-plan.js';

const maxAttempts = 3;

/** Each node fails `flaws` times, whoever runs it; answers what attempts were made. */
function runFlaky(rootNodes: WorkflowNode[], flaws: readonly number[], log: MemoryLog, records: readonly RunRecord[]) {
  const made: Array<[nodeId: string, attempt: number]> = [];
  const work: NodeHandler = async ({ id }, { attempt }) => {
    made.push([id, attempt]);
    if (attempt <= (flaws[id.length % flaws.length] ?? 0)) throw new Error(`${id} failed at ${attempt}`);
    return id;
  };
  return { made, run: new DrivenRun(rootNodes, { handlers: servedBy(work), log, records, retry: { maxAttempts } }) };
}

function failuresIn(records: readonly RunRecord[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const record of records) if (record.kind === 'attempt_failed') counts.set(record.nodeId, record.attempt);
  for (const record of records) {
    if (record.kind === 'node_settled') counts.delete(record.result.nodeId);
  }
  return counts;
}

it('goes on with the attempts that are left, wherever a run stopped', async () => {
  const flaws = fc.array(fc.nat(maxAttempts), { minLength: 1, maxLength: 5 });
  const property = fc.asyncProperty(randomPlan, flaws, fc.boolean(), async ({ rootNodes }, flawsOf, isAsync) => {
    const whole = runFlaky(rootNodes, flawsOf, new DyingLog(Number.POSITIVE_INFINITY, isAsync), []);
    const expected = await whole.run.ended;
    for (let deadAt = 2; deadAt <= whole.run.log.groups.length; deadAt++) {
      const died = runFlaky(rootNodes, flawsOf, new DyingLog(deadAt, isAsync), []);
      await expect(died.run.ended).rejects.toThrow('power cut');
      const kept = died.run.log.records;
      const { made, run } = runFlaky(rootNodes, flawsOf, new MemoryLog(), kept);
      expect(await run.ended).toBe(expected);
      const counted = failuresIn(kept);
      const first = new Map(made.toReversed());
      for (const [nodeId, attempt] of first) expect(attempt).toBe((counted.get(nodeId) ?? 0) + 1);
      expect(Math.max(0, ...made.map(([, attempt]) => attempt))).toBeLessThanOrEqual(maxAttempts);
      expect(contentOf(run.state)).toEqual(contentOf(replay(rootNodes, [...kept, ...run.log.records])));
    }
  });
  await fc.assert(property, { numRuns: 30 });
});
