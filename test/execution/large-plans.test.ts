import { describe, expect, it } from 'vitest';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import { DrivenRun, servedBy } from '../helpers/execution-driven-run.js';
import { chainOf, composite, nestOf, node, nodeAfter } from '../helpers/plan-builders.js';

const size = 20_000;
const many = (of: number, make: (index: number) => WorkflowNode) =>
  Array.from({ length: of }, (_, index) => make(index));

function runOf(nodes: WorkflowNode[], concurrency = 8) {
  let running = 0;
  let peak = 0;
  const handlers = servedBy(async () => {
    peak = Math.max(peak, ++running);
    await undefined;
    running--;
    return 1;
  });
  const run = new DrivenRun(nodes, { handlers, concurrency });
  return run.ended.then((status) => ({ run, status, peak }));
}

describe('a large plan', () => {
  describe.each([1, 8, 1_000])('at concurrency %i', (concurrency) => {
    it('finishes when it is wide', async () => {
      const wide = many(size, (index) => node(`n${index}`));
      const { run, status, peak } = await runOf(wide, concurrency);
      expect(status).toBe('completed');
      expect(run.state.completed).toHaveLength(size);
      expect(peak).toBe(concurrency);
    });

    it('finishes when it is a chain', async () => {
      const { run, status, peak } = await runOf(chainOf(size), concurrency);
      expect(status).toBe('completed');
      expect(run.state.completed.toArray()).toEqual(many(size, (index) => node(`n${index}`)).map(({ id }) => id));
      expect(peak).toBe(1);
    });
  });

  it('finishes when all of it ends in one node', async () => {
    const wide = many(size, (index) => node(`n${index}`));
    const { run, status } = await runOf([...wide, nodeAfter('z', ...wide.map(({ id }) => id))]);
    expect(status).toBe('completed');
    expect(run.state.completed.toArray().at(-1)).toBe('z');
  });

  it('finishes when a composite has all of it as children', async () => {
    const { run, status } = await runOf([
      composite(
        'all',
        many(size, (index) => node(`n${index}`)),
      ),
    ]);
    expect(status).toBe('completed');
    expect(run.result('all')).toMatchObject({ output: { n0: 1, [`n${size - 1}`]: 1 } });
  });

  it('finishes when it nests as deep as a plan may', async () => {
    const { run, status } = await runOf([nestOf(200)]);
    expect(status).toBe('completed');
    expect(run.state.completed.toArray().at(0)).toBe('level-200');
    expect(run.state.completed.toArray().at(-1)).toBe('level-1');
  });

  it('skips a chain of 10,000 nodes in a few appends', async () => {
    const run = new DrivenRun(chainOf(10_001), { handlers: servedBy(() => Promise.reject(new Error('no'))) });
    await expect(run.ended).resolves.toBe('failed');
    expect(run.state).toMatchObject({ failed: 1, skipped: 10_000, completed: { length: 0 } });
    expect(run.result('n10000')).toMatchObject({ blockedBy: 'n9999' });
    expect(run.log.groups.map(({ length }) => length)).toEqual([1, 1, 10_000, 1]);
  });

  it('skips it again in a few appends when it is resumed and fails again', async () => {
    const handlers = servedBy(() => Promise.reject(new Error('no')));
    const first = new DrivenRun(chainOf(10_001), { handlers });
    await first.ended;
    const second = new DrivenRun(chainOf(10_001), { handlers, records: first.log.records });
    await expect(second.ended).resolves.toBe('failed');
    expect(second.state).toMatchObject({ failed: 1, skipped: 10_000 });
    expect(second.log.groups).toHaveLength(4);
  });
});
