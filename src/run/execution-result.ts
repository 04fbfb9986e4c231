import { setOwn } from '../plan/json-value.js';
import { isStep } from '../plan/plan-graph.js';
import type { NodeResult } from './node-result.js';
import { mostUrgent, type Pause } from './pause.js';
import type { EndStatus } from './run-record.js';
import { activeMsOf, type RunState } from './run-state.js';
import { totalSpend } from './spend.js';

export type FailedResult = Extract<NodeResult, { status: 'failed' }>;

export interface ExecutionSummary {
  /** All nodes of the plan, nested ones and composites included. */
  readonly totalNodes: number;
  /** Nodes that are complete with all below them. */
  readonly completed: number;
  /** Those of `completed` that were taken over from an earlier process or run, and not paid again. */
  readonly reused: number;
  readonly failed: number;
  readonly skipped: number;
  /** ISO 8601, UTC: the first start of the run. */
  readonly startedAt: string;
  /** ISO 8601, UTC. */
  readonly completedAt: string;
  /** Milliseconds spent running, over all processes. */
  readonly totalDurationMs: number;
  /** What handlers said they spent, by currency, over all processes. */
  readonly spend: Readonly<Record<string, { readonly amount: number; readonly tokens: number }>>;
}

export interface PersistenceInfo {
  /** `false`: this run wrote nothing and cannot be resumed. */
  readonly checkpointEnabled: boolean;
  /** The directory of the store, when it has one. */
  readonly checkpointDir?: string;
  /** The newest listed checkpoint that this call saved or returned from. */
  readonly lastCheckpointId?: string;
  /** The checkpoint that this call went on from. */
  readonly resumedFrom?: string;
}

/** What a run amounted to. A failed node does not reject the promise: look at `status`, or use `assertCompleted`. */
export interface ExecutionResult {
  readonly status: EndStatus;
  readonly planId: string;
  readonly runId: string;
  readonly vibeDescription: string;
  /** What the completed nodes returned, by node id. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The results of the nodes that failed. */
  readonly failures: readonly FailedResult[];
  /** The result of every node that settled, by node id. */
  readonly nodeResults: Readonly<Record<string, NodeResult>>;
  readonly executionSummary: ExecutionSummary;
  readonly persistenceInfo: PersistenceInfo;
  /** When `status` is `'paused'`: what the run waits for; of several things the one that needs somebody most. */
  readonly pause?: Pause;
  /** All that it waits for. */
  readonly pauses: readonly Pause[];
}

/** Makes the result of a run that has ended, in steps. O(nodes). */
export function* makingExecutionResult(
  state: RunState,
  reused: number,
  persistenceInfo: PersistenceInfo,
): Generator<void, ExecutionResult> {
  const outputs: Record<string, unknown> = {};
  const failures: FailedResult[] = [];
  const nodeResults: Record<string, NodeResult> = {};
  let index = 0;
  for (const [nodeId, result] of state.results) {
    if (isStep(index++)) yield;
    setOwn(nodeResults, nodeId, result);
    if (result.status === 'failed') failures.push(result);
    if (result.status === 'completed') setOwn(outputs, nodeId, result.output);
  }
  const pause = mostUrgent(state.pauses);
  if (state.status === 'running') throw new Error(`Run "${state.runId}" has not ended.`);
  return {
    status: state.status,
    planId: state.planId,
    runId: state.runId,
    vibeDescription: state.vibe.description,
    outputs,
    failures,
    nodeResults,
    executionSummary: {
      totalNodes: state.graph.nodes.length,
      completed: state.completed.length,
      reused,
      failed: state.failed,
      skipped: state.skipped,
      startedAt: state.startedAt ?? '',
      completedAt: state.endedAt ?? '',
      totalDurationMs: activeMsOf(state),
      spend: totalSpend(state.spends),
    },
    persistenceInfo,
    ...(pause !== undefined && { pause }),
    pauses: state.pauses,
  };
}
