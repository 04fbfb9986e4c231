import { z } from 'zod';
import { isPlainObject, setOwn } from '../plan/json-value.js';
import { type GraphNode, isStep } from '../plan/plan-graph.js';
import { jsonObjectSchema, vibeSchema } from '../plan/vibe.js';
import { idSchema } from '../plan/workflow-node.js';
import { workflowPlanSchema } from '../plan/workflow-plan.js';
import { atOnce } from '../turns.js';
import { nodeRecordSchema, nodesSpawnedSchema } from './node-record.js';
import { type NodeResult, nodeResultSchema } from './node-result.js';
import { pauseSchema } from './pause.js';
import { runStatuses } from './run-record.js';
import { activeMsOf, progressOf, type RunState } from './run-state.js';
import { allSpends, nodeSpendSchema } from './spend.js';

const nodeResultsSchema = z
  .custom<Record<string, NodeResult>>(isPlainObject, 'expected results by node id')
  .transform((results, context): Record<string, NodeResult> => {
    const parsed: Record<string, NodeResult> = {};
    for (const nodeId of Object.keys(results)) {
      const result = nodeResultSchema.safeParse(results[nodeId]);
      if (!result.success) context.addIssue({ code: 'custom', path: [nodeId], message: 'expected a node result' });
      else if (result.data.nodeId !== nodeId)
        context.addIssue({ code: 'custom', path: [nodeId], message: 'a result of another node' });
      else setOwn(parsed, nodeId, result.data);
    }
    return parsed;
  });

/** More than anybody will ever take a plan over; what is above it cannot be counted on from. */
export const maxEpoch = 1e12;

/** Everything needed to go on with a run: what `getExecutionState` returns and `createCheckpoint` takes. */
export const executionStateSchema = z.object({
  planId: idSchema,
  runId: idSchema,
  state: z.enum(runStatuses),
  vibe: vibeSchema,
  workflowPlan: workflowPlanSchema,
  /** Ids of nodes that are complete with all below them. */
  completedNodes: z.array(z.string()),
  /** Ids of all other nodes. */
  pendingNodes: z.array(z.string()),
  /** Results so far, by node id. */
  nodeResults: nodeResultsSchema,
  /** The checkpoint that this run was started from. */
  parent: z
    .object({
      runId: z.string().max(200),
      checkpointId: z.string().max(200),
      unknownFields: jsonObjectSchema.optional(),
    })
    .optional(),
  /** Equal for equal vibes. Filled in when left out. */
  vibeKey: z.string().optional(),
  /** Set when `vibe` is not as it was asked for: the hook `redact` changed it, and `vibeKey` is of what it was before. */
  isVibeRedacted: z.boolean().optional(),
  /** Grows each time somebody takes the plan over; with `seq` it decides which state is the latest. */
  epoch: z.number().int().nonnegative().max(maxEpoch).optional(),
  /** How many records the run had. */
  seq: z.number().int().nonnegative().optional(),
  /** ISO 8601, UTC: the first start of the run. */
  startedAt: z.string().optional(),
  /** ISO 8601, UTC: set when nobody works on the run any more. */
  endedAt: z.string().optional(),
  /** Milliseconds spent running, over all processes. */
  activeMs: z.number().nonnegative().optional(),
  /** What the run waits for, when it is paused. */
  pauses: z.array(pauseSchema).optional(),
  /** How far nodes are that have no completed result: failed attempts, finished steps, jobs, waits. */
  nodeProgress: z.array(nodeRecordSchema).optional(),
  /** What handlers added to the plan, in order. */
  spawnedNodes: z.array(nodesSpawnedSchema).optional(),
  /** What nodes have cost, one entry for each node and currency. */
  spend: z.array(nodeSpendSchema).optional(),
  /** How many nodes were complete once and were opened again, since a blob that they named was gone. */
  reopened: z.number().int().nonnegative().optional(),
  /** Fields that a newer version of this library stored here: kept as they are. */
  unknownFields: jsonObjectSchema.optional(),
});
export type ExecutionState = z.infer<typeof executionStateSchema>;

/** What can be taken of a run at any time. */
export type TakenState = ExecutionState & { vibeKey: string; epoch: number; seq: number };

/** A copy of what a run amounts to now; later records do not change it. O(nodes). */
export function executionStateOf(state: RunState): TakenState {
  return atOnce(takingExecutionState(state));
}

/** The same in steps: what the run amounts to when this is called, whatever happens between them. */
export function takingExecutionState(state: RunState): Generator<void, TakenState> {
  const results = [...state.results.values()];
  const isComplete = state.isComplete.slice(); // the graph may be ahead of it: it is shared with a state that is
  const { nodes } = state.graph;
  return withTables(fieldsOf(state), results, { isComplete, nodes });
}

function* withTables(
  fields: Omit<TakenState, 'pendingNodes' | 'nodeResults'>,
  results: readonly NodeResult[],
  { isComplete, nodes }: { readonly isComplete: Uint8Array; readonly nodes: readonly GraphNode[] },
): Generator<void, TakenState> {
  const nodeResults: Record<string, NodeResult> = {};
  for (let index = 0; index < results.length; index++) {
    if (isStep(index)) yield;
    const result = results[index] as NodeResult;
    setOwn(nodeResults, result.nodeId, result);
  }
  const pendingNodes: string[] = [];
  for (let index = 0; index < isComplete.length; index++) {
    if (isComplete[index] === 0) pendingNodes.push((nodes[index] as GraphNode).node.id);
  }
  return { ...fields, pendingNodes, nodeResults };
}

function fieldsOf(state: RunState): Omit<TakenState, 'pendingNodes' | 'nodeResults'> {
  const nodeProgress = state.progress.size === 0 ? undefined : [...progressOf(state)];
  return {
    planId: state.planId,
    runId: state.runId,
    state: state.status,
    vibe: state.vibe,
    workflowPlan: state.plan,
    completedNodes: state.completed.toArray(),
    ...(state.parent !== undefined && { parent: state.parent }),
    vibeKey: state.vibeKey,
    ...(state.isVibeRedacted && { isVibeRedacted: true }),
    epoch: state.epoch,
    seq: state.seq,
    ...(state.startedAt !== undefined && { startedAt: state.startedAt }),
    ...(state.endedAt !== undefined && { endedAt: state.endedAt }),
    activeMs: activeMsOf(state),
    ...(state.pauses.length > 0 && { pauses: [...state.pauses] }),
    ...(nodeProgress !== undefined && { nodeProgress }),
    ...(state.spawned.length > 0 && { spawnedNodes: [...state.spawned] }),
    ...(state.spends.size > 0 && { spend: [...allSpends(state.spends)] }),
    ...(state.reopened > 0 && { reopened: state.reopened }),
    ...(state.unknownFields !== undefined && { unknownFields: state.unknownFields }),
  };
}
