import fc from 'fast-check';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import { type RandomPlan, randomPlan } from './execution-random-plan.js';
import { isServedInTests } from './plan-builders.js';

export interface GrowingPlan {
  /** What the run begins with. */
  readonly rootNodes: WorkflowNode[];
  /** What the handler of a node adds, call by call. */
  readonly spawns: ReadonlyMap<string, readonly WorkflowNode[][]>;
  /** The same plan, had everything been known at the beginning. */
  readonly whole: WorkflowNode[];
  readonly failing: ReadonlySet<string>;
}

/** When a node comes into being: with the plan, or in a call of the handler of one above it. */
interface Birth {
  readonly by: string | undefined;
  readonly call: number;
}

const withPlan: Birth = { by: undefined, call: 0 };

/** Random plans of which some nodes with a handler add some of their children themselves, in up to three calls. */
export const growingPlan: fc.Arbitrary<GrowingPlan> = fc
  .tuple(randomPlan, fc.array(fc.tuple(fc.boolean(), fc.nat(3), fc.nat(3)), { minLength: 40, maxLength: 40 }))
  .map(([plan, draws]) => grow(plan, draws));

function grow({ rootNodes, failing }: RandomPlan, draws: ReadonlyArray<readonly [boolean, number, number]>) {
  const births = new Map<string, Birth>();
  const parents = new Map<string, WorkflowNode>();
  const cuts = new Map<string, number[]>();
  const place = (node: WorkflowNode, birth: Birth) => {
    births.set(node.id, birth);
    const [grows, first, second] = draws[births.size % draws.length] as readonly [boolean, number, number];
    const isGrower = grows && isServedInTests(node) && node.children.length > 0;
    const ends = isGrower ? [first, first + second] : [node.children.length, node.children.length];
    cuts.set(node.id, ends);
    for (const [index, child] of node.children.entries()) {
      parents.set(child.id, node);
      const call = ends.filter((end) => index >= end).length;
      place(child, call === 0 ? birth : { by: node.id, call });
    }
  };
  for (const node of rootNodes) place(node, withPlan);
  const above = (id: string): string[] => {
    const parent = parents.get(id);
    return parent === undefined ? [] : [parent.id, ...above(parent.id)];
  };
  const isKnown = (dependency: string, id: string): boolean => {
    if (above(id).includes(dependency)) return true;
    const [born, other] = [births.get(id) as Birth, births.get(dependency) as Birth];
    if (born.by === undefined) return other.by === undefined;
    if (other.by === born.by) return other.call <= born.call;
    const grower = births.get(born.by) as Birth;
    return above(dependency).includes(born.by) && other.by === grower.by && other.call === grower.call;
  };
  const spawns = new Map<string, WorkflowNode[][]>();
  const whole = (node: WorkflowNode): WorkflowNode => ({
    ...node,
    dependencies: node.dependencies.filter((dependency) => isKnown(dependency, node.id)),
    children: node.children.map(whole),
  });
  const begun = (node: WorkflowNode): WorkflowNode => {
    const children = node.children.map(begun);
    const [first = 0, second = 0] = cuts.get(node.id) ?? [];
    if (children.length > first) spawns.set(node.id, [children.slice(first, second), children.slice(second)]);
    return { ...node, children: children.slice(0, first) };
  };
  const all = rootNodes.map(whole);
  return { rootNodes: all.map(begun), spawns, whole: all, failing };
}
