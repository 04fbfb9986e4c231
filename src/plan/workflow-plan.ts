import { z } from 'zod';
import { type Issue, PlanInvalidError } from '../errors.js';
import { issuesOf } from './issues.js';
import { equalJson, isPlainObject } from './json-value.js';
import { PlanGraph } from './plan-graph.js';
import { jsonObjectSchema, vibeSchema } from './vibe.js';
import { idSchema, nodesSchema, type WorkflowNode } from './workflow-node.js';

/** Children may have children, this many levels deep. */
export const maxNodeLevels = 200;

/** What is to be done for a vibe: a graph of nodes. */
export const workflowPlanSchema = z.strictObject({
  /** Names the plan, and with it the run that is resumed. */
  id: idSchema,
  sourceVibe: vibeSchema,
  rootNodes: nodesSchema,
  /** Seconds. */
  estimatedTotalDuration: z.number().nonnegative().optional(),
  /** ISO 8601. */
  createdAt: z.string().optional(),
  /** Fields that a newer version of this library stored here: kept as they are. */
  unknownFields: jsonObjectSchema.optional(),
});

/** A plan as the library holds it: defaults filled in. */
export type WorkflowPlan = z.infer<typeof workflowPlanSchema>;
/** A plan as a host may write it. */
export type WorkflowPlanInput = z.input<typeof workflowPlanSchema>;

/**
 * Checks the shape of a plan; what the nodes of a well-formed one say of each other is checked by `buildPlanGraph`.
 * @throws PlanInvalidError naming every field that does not fit, and every problem of the graph that can be seen all the
 *   same
 */
export function parsePlan(input: unknown): WorkflowPlan {
  const planId = isPlainObject(input) && typeof input.id === 'string' ? input.id : '(without an id)';
  if (isPlainObject(input) && isTooDeep(input.rootNodes)) {
    throw new PlanInvalidError(planId, [tooDeepIssue]);
  }
  const parsed = workflowPlanSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const graphIssues = isPlainObject(input) ? new PlanGraph(() => true).add(sketchesOf(input.rootNodes)) : [];
  throw new PlanInvalidError(planId, [...issuesOf(parsed.error), ...graphIssues]);
}

/** Of nodes that may lack anything: what can be said of their ids, dependencies and children. */
function sketchesOf(nodes: unknown): WorkflowNode[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.filter(isPlainObject).flatMap(({ id, dependencies, children }) => {
    if (typeof id !== 'string') return sketchesOf(children);
    const known = Array.isArray(dependencies)
      ? dependencies.filter((dependency) => typeof dependency === 'string')
      : [];
    const rest = { type: 'composite' as const, description: '', parameters: {} };
    return [{ ...rest, id, dependencies: known, children: sketchesOf(children) }];
  });
}

export const tooDeepIssue = { path: 'rootNodes', message: `children nest deeper than ${maxNodeLevels} levels` };

/** Asked before the schema, which follows children by recursion. */
export function isTooDeep(rootNodes: unknown, maxLevels = maxNodeLevels): boolean {
  let level = new Set<unknown>([rootNodes]);
  for (let depth = 0; level.size > 0; depth++) {
    if (depth > maxLevels) return true;
    const below = new Set<unknown>();
    for (const nodes of level) {
      if (!Array.isArray(nodes)) continue;
      for (const node of nodes) if (isPlainObject(node) && hasNodes(node.children)) below.add(node.children);
    }
    level = below;
  }
  return false;
}

/** What is wrong with so many nodes in one plan, if anything. */
export function issueOfSize(count: number, maxNodes = Number.POSITIVE_INFINITY): Issue | undefined {
  if (count <= maxNodes) return undefined;
  return { path: 'rootNodes', message: `${count} nodes in all, and maxNodes is ${maxNodes}` };
}

/** Nodes and all below them. */
export function countNodes(nodes: readonly WorkflowNode[]): number {
  return nodes.reduce((count, { children }) => count + 1 + countNodes(children), 0);
}

function hasNodes(children: unknown): boolean {
  return Array.isArray(children) && children.length > 0;
}

/** Whether two plans ask for the same work: ids of plans, dates and estimates do not count. */
export function isSameWork(a: WorkflowPlan, b: WorkflowPlan): boolean {
  return areSameNodes(a.rootNodes, b.rootNodes);
}

function areSameNodes(a: readonly WorkflowNode[], b: readonly WorkflowNode[]): boolean {
  return a.length === b.length && a.every((node, index) => isSameNode(node, b[index] as WorkflowNode));
}

function isSameNode(a: WorkflowNode, b: WorkflowNode): boolean {
  if (a.id !== b.id || a.type !== b.type || a.description !== b.description) return false;
  if (!equalJson(a.dependencies, b.dependencies) || !equalJson(a.parameters, b.parameters)) return false;
  return areSameNodes(a.children, b.children);
}
