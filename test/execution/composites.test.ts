import { describe, expect, it } from 'vitest';
import { DrivenRun, quiet } from '../helpers/execution-driven-run.js';
import { composite, node, nodeAfter } from '../helpers/plan-builders.js';

async function started(...args: ConstructorParameters<typeof DrivenRun>): Promise<DrivenRun> {
  const run = new DrivenRun(...args);
  await quiet();
  return run;
}

describe('a composite without a handler', () => {
  it('completes with the outputs of its children by id', async () => {
    const run = await started([composite('all', [node('b'), node('a')])]);
    await run.settle('a', 1);
    expect(run.result('all')).toBeUndefined();
    await run.settle('b', { x: 2 });
    await expect(run.ended).resolves.toBe('completed');
    expect(run.result('all')).toMatchObject({ status: 'completed', output: { b: { x: 2 }, a: 1 }, attempts: 0 });
    expect(run.state.completed.toArray()).toEqual(['a', 'b', 'all']);
  });

  it('is one short record, which does not write the outputs again', async () => {
    const run = await started([composite('all', [node('a')])]);
    await run.settle('a', 'a long text');
    expect(run.log.records.at(-2)).toEqual({ kind: 'composite_completed', nodeId: 'all', at: expect.any(String) });
  });

  it('completes at once when it has no children', async () => {
    const run = await started([composite('none', []), nodeAfter('a', 'none')]);
    expect(run.attempt('a').context.inputs).toEqual({ none: {} });
    await run.settle('a');
    await expect(run.ended).resolves.toBe('completed');
  });

  it('completes from the inside out', async () => {
    const run = await started([composite('outer', [composite('inner', [node('a')])])]);
    await run.settle('a', 1);
    expect(run.result('outer')).toMatchObject({ output: { inner: { a: 1 } } });
    expect(run.story.slice(-3)).toEqual(['node_completed a', 'node_completed inner', 'node_completed outer']);
  });

  it('lets its children wait for its own dependencies', async () => {
    const run = await started([node('x'), composite('all', [node('a')], { dependencies: ['x'] })]);
    expect(run.running).toEqual(['x']);
    await run.settle('x');
    expect(run.running).toEqual(['a']);
    expect(run.attempt('a').context.inputs).toEqual({});
  });

  it('fails with CHILD_FAILED when a child fails, once the other children are settled', async () => {
    const run = await started([composite('all', [node('a'), node('b')]), nodeAfter('c', 'all')]);
    await run.fail('b');
    expect(run.result('all')).toBeUndefined();
    await run.settle('a', 'paid');
    await expect(run.ended).resolves.toBe('failed');
    const error = { name: 'ChildFailedError', code: 'CHILD_FAILED', message: 'child "b" failed' };
    expect(run.result('all')).toMatchObject({ status: 'failed', error, attempts: 0 });
    expect(run.result('c')).toMatchObject({ status: 'skipped', blockedBy: 'all' });
    expect(run.result('a')).toMatchObject({ status: 'completed', output: 'paid' });
  });

  it('is skipped when a child is skipped, blocked by that child', async () => {
    const nodes = [node('x'), composite('all', [node('a'), nodeAfter('b', 'x')]), nodeAfter('c', 'all')];
    const run = await started(nodes);
    await run.settle('a');
    await run.fail('x');
    await run.ended;
    expect(run.result('b')).toMatchObject({ status: 'skipped', blockedBy: 'x' });
    expect(run.result('all')).toMatchObject({ status: 'skipped', blockedBy: 'b' });
    expect(run.result('c')).toMatchObject({ status: 'skipped', blockedBy: 'all' });
  });

  it('fails rather than being skipped when one child fails and another is skipped', async () => {
    const run = await started([composite('all', [nodeAfter('b', 'a'), node('a')])]);
    await run.fail('a');
    await run.ended;
    expect(run.result('b')).toMatchObject({ status: 'skipped', blockedBy: 'a' });
    expect(run.result('all')).toMatchObject({ status: 'failed', error: { message: 'child "a" failed' } });
  });

  it('fails with the composite inside it', async () => {
    const run = await started([composite('outer', [composite('inner', [node('a')])]), nodeAfter('z', 'outer')]);
    await run.fail('a');
    await run.ended;
    expect(run.result('inner')).toMatchObject({ status: 'failed', error: { message: 'child "a" failed' } });
    expect(run.result('outer')).toMatchObject({ status: 'failed', error: { message: 'child "inner" failed' } });
    expect(run.result('z')).toMatchObject({ blockedBy: 'outer' });
    expect(run.state).toMatchObject({ failed: 3, skipped: 1 });
  });

  it('is skipped with all below it when a dependency fails', async () => {
    const inner = composite('inner', [node('a')]);
    const run = await started([
      node('x'),
      composite('outer', [inner], { dependencies: ['x'] }),
      nodeAfter('z', 'inner'),
    ]);
    await run.fail('x');
    await run.ended;
    const blockers = [...run.state.results.values()].map((result) => [
      result.nodeId,
      result.status === 'skipped' ? result.blockedBy : undefined,
    ]);
    expect(Object.fromEntries(blockers)).toEqual({ x: undefined, outer: 'x', inner: 'outer', a: 'inner', z: 'inner' });
  });

  it('is done again, children excepted that are complete, when the run is resumed', async () => {
    const nodes = [composite('all', [node('a'), node('b')]), nodeAfter('c', 'all')];
    const first = await started(nodes);
    await first.settle('a', 'paid');
    await first.fail('b');
    await first.ended;
    const second = await started(nodes, { records: first.log.records });
    expect(second.running).toEqual(['b']);
    await second.settle('b', 'at last');
    expect(second.attempt('c').context.inputs).toEqual({ all: { a: 'paid', b: 'at last' } });
  });

  it('is not recorded again when it was complete before', async () => {
    const nodes = [composite('outer', [composite('all', [node('a')])]), nodeAfter('b', 'outer')];
    const first = await started(nodes);
    await first.settle('a', 'paid');
    const second = await started(nodes, { records: first.log.records });
    expect(second.attempt('b').context.inputs).toEqual({ outer: { all: { a: 'paid' } } });
    await second.settle('b');
    await expect(second.ended).resolves.toBe('completed');
    expect(second.log.records.map(({ kind }) => kind)).toEqual(['run_started', 'node_settled', 'run_ended']);
  });
});

describe('a parent with a handler', () => {
  const nodes = [node('p', { children: [node('a'), node('b')] }), nodeAfter('z', 'p')];

  it('runs before its children, and outside dependents wait for all of them', async () => {
    const run = await started(nodes);
    expect(run.running).toEqual(['p']);
    await run.settle('p', 'own');
    expect(run.running).toEqual(['a', 'b']);
    await run.settle('a');
    expect(run.running).toEqual(['b']);
    await run.settle('b');
    expect(run.attempt('z').context.inputs).toEqual({ p: 'own' });
  });

  it('keeps its output when a child fails, and outside dependents are blocked by the child', async () => {
    const run = await started(nodes);
    await run.settle('p', 'own');
    await run.fail('b');
    await run.settle('a');
    await expect(run.ended).resolves.toBe('failed');
    expect(run.result('p')).toMatchObject({ status: 'completed', output: 'own' });
    expect(run.result('z')).toMatchObject({ status: 'skipped', blockedBy: 'b' });
    expect(run.state.completed.toArray()).toEqual(['a']);
    expect(run.story).not.toContain('node_completed p');
  });

  it('is not run again when a child failed and the run is resumed', async () => {
    const first = await started(nodes);
    await first.settle('p', 'own');
    await first.settle('a');
    await first.fail('b');
    await first.ended;
    const second = await started(nodes, { records: first.log.records });
    expect(second.running).toEqual(['b']);
    expect(second.attempt('b').context.inputs).toEqual({ p: 'own' });
    await second.settle('b');
    expect(second.running).toEqual(['z']);
  });

  it('takes its children with it when it fails', async () => {
    const run = await started(nodes);
    await run.fail('p');
    await run.ended;
    expect(run.result('a')).toMatchObject({ status: 'skipped', blockedBy: 'p' });
    expect(run.result('b')).toMatchObject({ status: 'skipped', blockedBy: 'p' });
    expect(run.result('z')).toMatchObject({ status: 'skipped', blockedBy: 'p' });
  });

  it('may be a composite, whose output is then its own', async () => {
    const assembled = composite('all', [node('a')], { parameters: { tool: 'assemble' } });
    const run = await started([assembled, nodeAfter('z', 'all')]);
    await run.settle('all', 'assembled');
    await run.settle('a');
    expect(run.attempt('z').context.inputs).toEqual({ all: 'assembled' });
  });
});

describe('a node below another', () => {
  it('may depend on a node beside its parent', async () => {
    const run = await started([node('p', { children: [nodeAfter('a', 'x')] }), node('x')]);
    await run.settle('p');
    expect(run.running).toEqual(['x']);
    await run.settle('x', 1);
    expect(run.running).toEqual(['a']);
  });

  it('that depends on its grandparent waits for the output of that, not for its subtree', async () => {
    const run = await started([node('g', { children: [composite('p', [nodeAfter('a', 'g')])] })]);
    await run.settle('g', 'own');
    expect(run.attempt('a').context.inputs).toEqual({ g: 'own' });
    await run.settle('a');
    await expect(run.ended).resolves.toBe('completed');
    expect(run.state.completed.toArray()).toEqual(['a', 'p', 'g']);
  });
});

describe('a failed node', () => {
  it('leaves independent branches alone', async () => {
    const run = await started([node('a'), nodeAfter('b', 'a'), node('x'), nodeAfter('y', 'x')]);
    await run.fail('a');
    await run.settle('x');
    await run.settle('y');
    await expect(run.ended).resolves.toBe('failed');
    expect(run.state.completed.toArray()).toEqual(['x', 'y']);
    expect(run.state).toMatchObject({ failed: 1, skipped: 1 });
  });

  it('blocks under its own name the first dependency that is not completed, in the order written', async () => {
    const run = await started([
      node('a'),
      node('b'),
      node('c'),
      nodeAfter('z', 'c', 'b', 'a'),
      nodeAfter('y', 'z', 'a'),
    ]);
    await run.fail('a');
    await run.settle('c');
    expect(run.result('z')).toBeUndefined();
    await run.fail('b');
    await run.ended;
    expect(run.result('z')).toMatchObject({ blockedBy: 'b' });
    expect(run.result('y')).toMatchObject({ blockedBy: 'z' });
  });
});
