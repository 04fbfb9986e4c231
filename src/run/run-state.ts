import { type JsonObject, setOwn } from '../plan/json-value.js';
import type { GraphNode, PlanGraph } from '../plan/plan-graph.js';
import type { Vibe } from '../plan/vibe.js';
import type { WorkflowPlan } from '../plan/workflow-plan.js';
import type { CompletedResult, NodeResult } from './node-result.js';
import type { RunRecord, RunStatus } from './run-record.js';

/** The checkpoint that a run was started from. */
export interface RunParent {
  readonly runId: string;
  readonly checkpointId: string;
  readonly unknownFields?: JsonObject;
}

/** What names a run and never changes while a process works on it. */
export interface RunIdentity {
  readonly planId: string;
  readonly runId: string;
  readonly vibe: Vibe;
  /** Equal for equal vibes. */
  readonly vibeKey: string;
  /** Whether `vibe` is not what the key was made of. */
  readonly isVibeRedacted?: boolean | undefined;
  /** Grows each time somebody takes the plan over. */
  readonly epoch: number;
  readonly plan: WorkflowPlan;
  readonly graph: PlanGraph;
  /** Present when the run did not start from nothing. */
  readonly parent: RunParent | undefined;
  /** Fields that a newer version of this library stored with the run. */
  readonly unknownFields?: JsonObject;
}

/** All that has happened to a run. Changed by `applyRecord` alone. */
export interface RunState extends RunIdentity {
  status: RunStatus;
  /** How many records the whole run has, in all processes. */
  seq: number;
  /** Node id to result, in the order in which nodes settled. */
  readonly results: Map<string, NodeResult>;
  /** Ids of nodes that are complete with all below them, in the order in which they became so. */
  readonly completed: string[];
  /** The same by node index: 1 when complete. */
  readonly isComplete: Uint8Array;
  failed: number;
  skipped: number;
  /** For each node, by index: how many of its children are not complete. */
  readonly openChildren: Int32Array;
  startedAt: string | undefined;
  endedAt: string | undefined;
  /** Milliseconds that earlier processes worked on the run. */
  earlierMs: number;
  /** First and newest time of the present process. */
  resumedAt: string | undefined;
  lastAt: string | undefined;
}

export function newRunState(identity: RunIdentity): RunState {
  return {
    ...identity,
    status: 'running',
    seq: 0,
    results: new Map(),
    completed: [],
    isComplete: new Uint8Array(identity.graph.nodes.length),
    failed: 0,
    skipped: 0,
    openChildren: Int32Array.from(identity.graph.nodes, ({ children }) => children.length),
    startedAt: undefined,
    endedAt: undefined,
    earlierMs: 0,
    resumedAt: undefined,
    lastAt: undefined,
  };
}

/**
 * The one reducer, for live runs and for recovery: adds a record to the state, which it owns and changes. O(1), but for
 * what a record itself opens again or gathers. Trusts the record; whoever reads one from outside checks it first.
 * @returns the node that it was about
 */
export function applyRecord(state: RunState, record: RunRecord): GraphNode | undefined {
  state.seq++;
  switch (record.kind) {
    case 'run_started':
      state.earlierMs = activeMsOf(state);
      state.status = 'running';
      state.startedAt ??= record.at;
      state.endedAt = undefined;
      state.resumedAt = state.lastAt = record.at;
      reopen(state);
      return undefined;
    case 'node_settled': {
      const placed = nodeOf(state, record.result.nodeId);
      state.lastAt = record.result.completedAt;
      settle(state, placed, record.result);
      return placed;
    }
    case 'composite_completed': {
      const composite = nodeOf(state, record.nodeId);
      state.lastAt = record.at;
      settle(state, composite, resultFromChildren(state, composite, record.at));
      return composite;
    }
    case 'run_restored':
      state.status = record.status;
      state.startedAt = record.startedAt;
      state.endedAt = record.endedAt;
      state.earlierMs = record.activeMs;
      state.resumedAt = state.lastAt = undefined;
      return undefined;
    case 'run_ended':
      state.lastAt = state.endedAt = record.at;
      state.status = record.status;
      return undefined;
    default:
      record satisfies never;
      return undefined;
  }
}

/** What a snapshot kept of a run. */
export interface KeptState extends KeptTimes {
  readonly results: Iterable<NodeResult>;
}

export interface KeptTimes {
  readonly status: RunStatus;
  readonly seq: number;
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly activeMs: number;
}

/** The state that a snapshot was taken of. Trusts it, as `applyRecord` trusts a record. */
export function restoreRunState(identity: RunIdentity, kept: KeptState): RunState {
  const state = newRunState(identity);
  for (const result of kept.results) settle(state, nodeOf(state, result.nodeId), result);
  return restored(state, kept);
}

/** The state of a run of the same graph, to go on from: a copy, which shares the results. */
export function continuedRunState(identity: RunIdentity, earlier: RunState, kept: KeptTimes): RunState {
  const { completed, failed, skipped } = earlier;
  const results = new Map(earlier.results);
  const [isComplete, openChildren] = [earlier.isComplete.slice(), earlier.openChildren.slice()];
  const copied = { results, completed: [...completed], isComplete, openChildren, failed, skipped };
  return restored({ ...newRunState(identity), ...copied }, kept);
}

function restored(state: RunState, { status, seq, startedAt, endedAt, activeMs }: KeptTimes): RunState {
  return Object.assign(state, { status, seq, startedAt, endedAt, earlierMs: activeMs });
}

/** The records that amount to a state: applied to a new run, they give it again. */
export function recordsOf(state: RunState): RunRecord[] {
  const records: RunRecord[] = [];
  for (const result of state.results.values()) {
    const isGathered = result.status === 'completed' && result.fromChildren === true;
    if (isGathered) records.push({ kind: 'composite_completed', nodeId: result.nodeId, at: result.completedAt });
    else records.push({ kind: 'node_settled', result });
  }
  const { status, startedAt, endedAt } = state;
  records.push({ kind: 'run_restored', status, startedAt, endedAt, activeMs: activeMsOf(state) });
  return records;
}

/** Milliseconds spent running, over all processes; time in which no process worked on the run does not count. */
export function activeMsOf({ earlierMs, resumedAt, lastAt }: RunState): number {
  if (resumedAt === undefined || lastAt === undefined) return earlierMs;
  return earlierMs + Math.max(0, Date.parse(lastAt) - Date.parse(resumedAt));
}

/** A node without a completed result is simply not done yet. */
function reopen(state: RunState): void {
  if (state.failed + state.skipped === 0) return;
  for (const [nodeId, { status }] of state.results) if (status !== 'completed') state.results.delete(nodeId);
  state.failed = 0;
  state.skipped = 0;
}

function settle(state: RunState, placed: GraphNode, result: NodeResult): void {
  const before = state.results.get(result.nodeId);
  if (before !== undefined) {
    if (before.status === 'completed') return; // never taken back
    state[before.status]--;
    state.results.delete(result.nodeId);
  }
  state.results.set(result.nodeId, result);
  if (result.status === 'completed') closeSubtree(state, placed);
  else state[result.status]++;
}

function closeSubtree(state: RunState, settled: GraphNode): void {
  for (let placed = settled; (state.openChildren[placed.index] as number) === 0; ) {
    state.completed.push(placed.node.id);
    state.isComplete[placed.index] = 1;
    const { parent } = placed;
    if (parent === undefined) return;
    (state.openChildren[parent.index] as number)--;
    if (state.results.get(parent.node.id)?.status !== 'completed') return;
    placed = parent;
  }
}

function resultFromChildren(state: RunState, { node, children }: GraphNode, at: string): CompletedResult {
  const output: Record<string, unknown> = {};
  let startedAt = at;
  for (const child of children) {
    const result = state.results.get(child.node.id);
    if (result?.status !== 'completed') continue;
    setOwn(output, child.node.id, result.output);
    if (result.startedAt < startedAt) startedAt = result.startedAt;
  }
  const durationMs = Date.parse(at) - Date.parse(startedAt);
  const times = { attempts: 0, startedAt, completedAt: at, durationMs };
  const result = { status: 'completed' as const, nodeId: node.id, output: Object.freeze(output), ...times };
  return Object.freeze({ ...result, fromChildren: true as const });
}

function nodeOf(state: RunState, nodeId: string): GraphNode {
  const placed = state.graph.get(nodeId);
  if (placed === undefined) throw new Error(`Plan "${state.planId}" has no node ${JSON.stringify(nodeId)}.`);
  return placed;
}
