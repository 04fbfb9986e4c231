import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Issue, PlanInvalidError } from '../../src/errors.js';
import { buildingPlanGraph, buildPlanGraph } from '../../src/plan/plan-graph.js';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import { chainOf, composite, idsOf, isServedInTests, node, nodeAfter, planOf } from '../helpers/plan-builders.js';

function build(rootNodes: WorkflowNode[], isServed = isServedInTests) {
  return buildPlanGraph({ ...planOf(), rootNodes }, isServed);
}

function refusal(rootNodes: WorkflowNode[], isServed = isServedInTests): PlanInvalidError | undefined {
  try {
    build(rootNodes, isServed);
  } catch (error) {
    if (error instanceof PlanInvalidError) return error;
    throw error;
  }
  return undefined;
}

function issuesOf(rootNodes: WorkflowNode[]): readonly Issue[] {
  return refusal(rootNodes)?.issues ?? [];
}

/** The ids round each cycle that was named, sorted: `a -> b -> a` is `['a', 'b']`. */
function cyclesOf(rootNodes: WorkflowNode[]): string[][] {
  const cycles = issuesOf(rootNodes).map(({ path, message }) => {
    const ids = /^a cycle: (.+)$/.exec(message)?.[1]?.split(' -> ') ?? [];
    expect([ids.at(-1), path]).toEqual([ids[0], ids[0]]);
    return ids.slice(1).sort();
  });
  return cycles.sort();
}

describe('buildPlanGraph', () => {
  it('places nodes in plan order, parents before their children', () => {
    const below = [node('b'), node('c', { children: [node('d')] })];
    const graph = build([node('a', { children: below }), nodeAfter('e', 'a', 'd')]);
    expect(idsOf(graph.nodes)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(graph.get('d')?.parent).toBe(graph.get('c'));
    expect(idsOf(graph.get('a')?.children ?? [])).toEqual(['b', 'c']);
    expect(idsOf(graph.get('e')?.dependencies ?? [])).toEqual(['a', 'd']);
    expect([graph.has('e'), graph.has('f')]).toEqual([true, false]);
  });

  it('takes a dependency that is named twice once', () => {
    expect(idsOf(build([node('a'), nodeAfter('b', 'a', 'a')]).get('b')?.dependencies ?? [])).toEqual(['a']);
  });

  it('takes ids that objects have of their own', () => {
    const ids = ['__proto__', 'constructor', 'toString', '1', '0'];
    const graph = build(ids.map((id, index) => nodeAfter(id, ...ids.slice(0, index))));
    expect(idsOf(graph.get('0')?.dependencies ?? [])).toEqual(['__proto__', 'constructor', 'toString', '1']);
  });

  it('refuses an empty plan', () => {
    expect(issuesOf([])).toEqual([{ path: 'rootNodes', message: 'an empty plan: give it at least one node' }]);
  });

  it('refuses duplicate ids, wherever they nest', () => {
    expect(issuesOf([node('a', { children: [node('b')] }), node('b'), node('a')])).toEqual([
      { path: 'b', message: 'another node has this id too' },
      { path: 'a', message: 'another node has this id too' },
    ]);
  });

  it('refuses each unknown dependency', () => {
    expect(issuesOf([nodeAfter('a', 'x', 'y', 'x')])).toEqual([
      { path: 'a', message: 'depends on "x", which no node is called' },
      { path: 'a', message: 'depends on "y", which no node is called' },
    ]);
  });

  it('refuses nodes that no handler serves, composites excepted', () => {
    const nodes = [composite('a', [node('b', { type: 'analyze' })]), node('c', { parameters: { tool: 'x' } })];
    expect(refusal(nodes, () => false)?.issues).toEqual([
      { path: 'b', message: 'no handler serves type "analyze"; add it to handlers, or set handlers.default' },
      {
        path: 'c',
        message: 'no handler serves type "generate" or tool "x"; add it to handlers, or set handlers.default',
      },
    ]);
  });

  it('names all problems in one error', () => {
    const cycle = [nodeAfter('b', 'c', 'nobody'), nodeAfter('c', 'b')];
    const nodes = [node('a'), node('a'), ...cycle, node('d', { type: 'transform' })];
    const error = refusal(nodes, ({ type }) => type === 'generate');
    expect(error).toMatchObject({ name: 'PlanInvalidError', code: 'PLAN_INVALID', planId: 'plan-1' });
    expect(error?.issues.map(({ path }) => path)).toEqual(['a', 'd', 'b', 'b']);
    for (const { path, message } of error?.issues ?? []) expect(error?.message).toContain(`${path}: ${message}`);
  });

  it('names a cycle all the way round', () => {
    expect(issuesOf([nodeAfter('a', 'b'), nodeAfter('b', 'a')])).toEqual([
      { path: 'a', message: 'a cycle: a -> b -> a' },
    ]);
    const nodes = [nodeAfter('a', 'b'), nodeAfter('b', 'c'), nodeAfter('c', 'a'), nodeAfter('d', 'a')];
    expect(cyclesOf(nodes)).toEqual([['a', 'b', 'c']]);
  });

  it('refuses a node that depends on itself', () => {
    expect(issuesOf([nodeAfter('a', 'a')])).toEqual([{ path: 'a', message: 'a cycle: a -> a' }]);
  });

  it('refuses a parent that waits for its own child or grandchild', () => {
    expect(cyclesOf([node('a', { dependencies: ['b'], children: [node('b')] })])).toEqual([['a', 'b']]);
    const grandchild = node('b', { children: [node('c')] });
    expect(cyclesOf([node('a', { dependencies: ['c'], children: [grandchild] })])).toEqual([['a', 'b', 'c']]);
  });

  it('refuses a node below a composite without a handler that depends on it', () => {
    expect(cyclesOf([composite('a', [nodeAfter('b', 'a')])])).toEqual([['a', 'b']]);
    const grandchild = node('b', { children: [nodeAfter('c', 'a')] });
    expect(cyclesOf([composite('a', [grandchild])])).toEqual([['a', 'b', 'c']]);
  });

  it('takes a node that depends on an ancestor with a handler', () => {
    expect(issuesOf([node('a', { children: [node('b', { children: [nodeAfter('c', 'a', 'b')] })] })])).toEqual([]);
    expect(issuesOf([composite('x', [nodeAfter('y', 'x')], { parameters: { tool: 'assemble' } })])).toEqual([]);
  });

  it('refuses a cycle that runs through a subtree', () => {
    const nodes = [node('a', { children: [nodeAfter('b', 'c')] }), nodeAfter('c', 'a')];
    expect(cyclesOf(nodes)).toEqual([['a', 'b', 'c']]);
  });

  it('names two separate cycles', () => {
    const nodes = [nodeAfter('a', 'b'), nodeAfter('b', 'a'), nodeAfter('c', 'a', 'd'), nodeAfter('d', 'c'), node('e')];
    expect(cyclesOf(nodes)).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('shortens a cycle of thousands of nodes', () => {
    const nodes = chainOf(50_000);
    nodes[0]?.dependencies.push('n49999');
    const [issue, ...others] = issuesOf(nodes);
    expect(others).toEqual([]);
    expect(issue?.message).toMatch(/^a cycle: n\d+ -> .+ -> \.\.\. -> n\d+$/);
    expect(issue?.message.length).toBeLessThan(500);
  });

  it('builds a chain of 100,000 nodes, and one in reverse order', () => {
    const graph = build(chainOf(100_000));
    expect(graph.nodes).toHaveLength(100_000);
    expect(idsOf(graph.get('n99999')?.dependencies ?? [])).toEqual(['n99998']);
    expect(build(chainOf(100_000).reverse()).nodes).toHaveLength(100_000);
  });

  it.each([
    [255, 0],
    [600, 5],
  ])('takes a plan of %i nodes in one step and %i more', (count, more) => {
    const building = buildingPlanGraph({ ...planOf(), rootNodes: chainOf(count) }, isServedInTests);
    let steps = 0;
    while (building.next().done !== true) steps++;
    expect(steps).toBe(more);
  });

  it('refuses exactly the plans with a cycle, and names one that is there', () => {
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 14 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const dependencies = new Map(Array.from({ length: 10 }, (_, index): [string, string[]] => [`n${index}`, []]));
        for (const [from, to] of pairs) dependencies.get(`n${from}`)?.push(`n${to}`);
        const issues = issuesOf([...dependencies].map(([id, ids]) => nodeAfter(id, ...ids)));
        expect(issues.length > 0).toBe(hasCycle(dependencies));
        const dependsOn = (from: string, to: string) => dependencies.get(from)?.includes(to);
        for (const { message } of issues) {
          const ids = message.replace('a cycle: ', '').split(' -> ');
          const steps = ids.slice(1).map((id, step): [string, string] => [ids[step] as string, id]);
          expect(
            steps.every(([from, to]) => dependsOn(from, to)) || steps.every(([from, to]) => dependsOn(to, from)),
          ).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Takes away nodes without dependencies until nothing changes: what stays is in a cycle or behind one. */
function hasCycle(dependencies: ReadonlyMap<string, readonly string[]>): boolean {
  const left = new Map(dependencies);
  for (let size = -1; size !== left.size; ) {
    size = left.size;
    for (const [id, ids] of left) if (!ids.some((other) => left.has(other))) left.delete(id);
  }
  return left.size > 0;
}
