import { PlanInvalidError } from '../../errors.js';
import { issuesOf } from '../../plan/issues.js';
import { freezeJson } from '../../plan/json-value.js';
import type { GraphNode } from '../../plan/plan-graph.js';
import { nodesSchema, type WorkflowNode, type WorkflowNodeInput } from '../../plan/workflow-node.js';
import { countNodes, issueOfSize, isTooDeep, maxNodeLevels } from '../../plan/workflow-plan.js';
import type { NodeRecordOf } from '../../run/node-record.js';
import type { RunState } from '../../run/run-state.js';
import type { AttemptControl } from '../attempt-control.js';

/** Adds children to the node at work, and answers them as they were recorded. */
export type Spawn = (nodes: readonly WorkflowNodeInput[]) => Promise<readonly WorkflowNode[]>;

/** The n-th call of an attempt is the n-th of every other attempt: what it added then is there, and it adds nothing. */
export async function spawn(control: AttemptControl, input: readonly WorkflowNodeInput[]): ReturnType<Spawn> {
  const { state, placed } = control;
  const { id: nodeId } = placed.node;
  const recorded = spawnedBelow(state, nodeId)[control.countCall('spawn') - 1];
  if (recorded !== undefined) return recorded.nodes;
  return control.whileBusy(async () => {
    const nodes = checkedNodes(input, control);
    await control.record({ kind: 'nodes_spawned', nodeId, nodes, at: control.isoNow() });
    control.emit({ type: 'plan_grown', nodeId, addedNodes: countNodes(nodes) });
    return nodes;
  });
}

/** @throws PlanInvalidError with every problem at once */
function checkedNodes(input: unknown, control: AttemptControl): WorkflowNode[] {
  const { state, placed, maxNodes } = control;
  const { graph, planId } = state;
  const refuse = (issues: PlanInvalidError['issues']): never => {
    throw new PlanInvalidError(planId, issues, { nodeId: placed.node.id });
  };
  if (isTooDeep(input, maxNodeLevels - levelOf(placed))) {
    return refuse([{ path: '', message: `children nest deeper than ${maxNodeLevels} levels` }]);
  }
  const parse = (nodes: unknown): WorkflowNode[] => {
    const parsed = nodesSchema.safeParse(nodes);
    return parsed.success ? parsed.data : refuse(issuesOf(parsed.error));
  };
  const nodes = freezeJson(parse(control.keep(parse(input), 'nodes'))); // once more, for the hook that redacts
  const tooMany = issueOfSize(graph.nodes.length + countNodes(nodes), maxNodes);
  const isDone = ({ index }: GraphNode) => state.isComplete[index] === 1;
  const issues = [...(tooMany === undefined ? [] : [tooMany]), ...graph.issuesBelow(placed, nodes, isDone)];
  return issues.length > 0 ? refuse(issues) : nodes;
}

/** 1 for a root. */
function levelOf(placed: GraphNode): number {
  let level = 0;
  for (let at: GraphNode | undefined = placed; at !== undefined; at = at.parent) level++;
  return level;
}

type Spawned = NodeRecordOf<'nodes_spawned'>;

interface Index {
  readonly byNode: Map<string, Spawned[]>;
  taken: number;
}

const indexes = new WeakMap<RunState, Index>();

/** Kept up to date as the run grows: to look through all of it at each call would be quadratic. */
function spawnedBelow(state: RunState, nodeId: string): readonly Spawned[] {
  const index = indexes.get(state) ?? { byNode: new Map<string, Spawned[]>(), taken: 0 };
  indexes.set(state, index);
  for (; index.taken < state.spawned.length; index.taken++) {
    const record = state.spawned[index.taken] as Spawned;
    const ofNode = index.byNode.get(record.nodeId);
    if (ofNode === undefined) index.byNode.set(record.nodeId, [record]);
    else ofNode.push(record);
  }
  return index.byNode.get(nodeId) ?? [];
}
