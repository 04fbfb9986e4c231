import { describe, expect, it } from 'vitest';
import { VibeError } from '../../src/errors.js';
import { assertCompleted } from '../../src/run/assert-completed.js';
import { makingExecutionResult } from '../../src/run/execution-result.js';
import { atOnce } from '../../src/turns.js';
import { DrivenRun, replay, servedBy } from '../helpers/execution-driven-run.js';
import { composite, node, nodeAfter } from '../helpers/plan-builders.js';

const info = { checkpointEnabled: false };

async function resultOf(nodes: Parameters<typeof replay>[0], failing: readonly string[] = []) {
  const handlers = servedBy(({ id }) => {
    if (failing.includes(id)) throw new Error(`${id} is out of paint`);
    return `${id} done`;
  });
  const run = new DrivenRun(nodes, { handlers });
  await run.ended;
  return atOnce(makingExecutionResult(run.state, 1, info));
}

describe('the result of a run', () => {
  it('sums a run up', async () => {
    const nodes = [node('a', { children: [node('b'), node('x')] }), composite('all', [node('c')]), nodeAfter('z', 'a')];
    const result = await resultOf(nodes, ['x']);
    expect(result).toMatchObject({
      status: 'failed',
      planId: 'plan-1',
      runId: 'run-1',
      vibeDescription: 'a test',
      outputs: { a: 'a done', b: 'b done', c: 'c done', all: { c: 'c done' } },
      failures: [{ nodeId: 'x', error: { message: 'x is out of paint' } }],
      executionSummary: { totalNodes: 6, completed: 3, reused: 1, failed: 1, skipped: 1 },
      persistenceInfo: info,
    });
    expect(Object.keys(result.nodeResults).sort()).toEqual(['a', 'all', 'b', 'c', 'x', 'z']);
    expect(result.nodeResults.z).toMatchObject({ status: 'skipped', blockedBy: 'x' });
  });

  it('takes ids that objects have of their own', async () => {
    const { outputs, nodeResults } = await resultOf([node('__proto__'), node('constructor')]);
    for (const byId of [outputs, nodeResults]) expect(Object.keys(byId)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(outputs)).toBe(Object.prototype);
  });

  it('is made in steps where there are many nodes', async () => {
    const run = new DrivenRun(
      Array.from({ length: 600 }, (_, index) => node(`n${index}`)),
      {
        handlers: servedBy(() => 'done'),
      },
    );
    await run.ended;
    const steps = makingExecutionResult(run.state, 0, info);
    expect([steps.next(), steps.next(), steps.next()]).toMatchObject([
      { done: false },
      { done: false },
      { done: true, value: { nodeResults: { n599: { output: 'done' } } } },
    ]);
  });

  it('has nothing to say of a run that has not ended', () => {
    expect(() => atOnce(makingExecutionResult(replay([node('a')], []), 0, info))).toThrow('has not ended');
  });
});

describe('assertCompleted', () => {
  it('lets a completed run pass', async () => {
    const result = await resultOf([node('a')]);
    expect(() => assertCompleted(result)).not.toThrow();
  });

  it('names what failed, five nodes at most, and what to do', async () => {
    const ids = Array.from({ length: 7 }, (_, index) => `n${index}`);
    const result = await resultOf(
      ids.map((id) => node(id)),
      ids,
    );
    const error = (() => {
      try {
        assertCompleted(result);
      } catch (reason) {
        return reason;
      }
    })();
    expect(VibeError.is(error) && error.code).toBe('RUN_NOT_COMPLETED');
    expect(String(error)).toMatch(/"n4" \(n4 is out of paint\) and 2 more\. Call executeWithResume/);
    expect(String(error)).not.toContain('"n5"');
  });
});
