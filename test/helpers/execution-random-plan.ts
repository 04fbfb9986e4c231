import fc from 'fast-check';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import { isServedInTests, node } from './plan-builders.js';

export interface RandomPlan {
  readonly rootNodes: WorkflowNode[];
  /** Ids of nodes whose handler fails. */
  readonly failing: ReadonlySet<string>;
}

const specs = fc.array(
  fc.record({
    level: fc.nat(4),
    kind: fc.constantFrom('work', 'work', 'work', 'composite', 'served composite'),
    dependencies: fc.array(fc.nat(39), { maxLength: 3 }),
    isFailing: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 9),
    position: fc.nat(1_000),
  }),
  { minLength: 1, maxLength: 40, size: 'max' },
);

/** Keys that objects treat in their own way. */
const oddIds = ['__proto__', 'constructor', '1', '0'];

/**
 * Plans without cycles, of children and grandchildren, composites with and without a handler. Nodes are made parents
 * first; each depends on what was whole before it, or on an ancestor with a handler. Then siblings are shuffled.
 */
export const randomPlan: fc.Arbitrary<RandomPlan> = specs.map((drawn) => {
  const made: WorkflowNode[] = [];
  const above: WorkflowNode[] = [];
  const rootNodes: WorkflowNode[] = [];
  const positions = new Map<WorkflowNode, number>();
  for (const [index, spec] of drawn.entries()) {
    above.length = Math.min(above.length, spec.level);
    const choice = made.filter((other) => !above.includes(other) || isServedInTests(other));
    const dependencies =
      choice.length === 0 ? [] : spec.dependencies.map((pick) => choice[pick % choice.length]?.id ?? '');
    const next = node(oddIds[index - 3] ?? `n${index}`, {
      type: spec.kind === 'work' ? 'generate' : 'composite',
      parameters: spec.kind === 'served composite' ? { tool: 'assemble' } : {},
      dependencies,
    });
    (above.at(-1)?.children ?? rootNodes).push(next);
    positions.set(next, spec.position);
    made.push(next);
    above.push(next);
  }
  const byPosition = (a: WorkflowNode, b: WorkflowNode) => (positions.get(a) ?? 0) - (positions.get(b) ?? 0);
  for (const siblings of [rootNodes, ...made.map(({ children }) => children)]) siblings.sort(byPosition);
  return { rootNodes, failing: new Set(made.filter((_, index) => drawn[index]?.isFailing).map(({ id }) => id)) };
});
