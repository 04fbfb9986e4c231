import { type JsonObject, setOwn } from '../plan/json-value.js';
import type { GraphNode, PlanGraph } from '../plan/plan-graph.js';
import type { Vibe } from '../plan/vibe.js';
import type { WorkflowPlan } from '../plan/workflow-plan.js';
import { CompletedNodes } from './completed-nodes.js';
import { grownTo } from './grown-array.js';
import { addToProgress, closeAttempts, type NodeProgress, newNodeProgress } from './node-progress.js';
import type { NodeRecord, NodeRecordOf } from './node-record.js';
import type { CompletedResult, NodeResult } from './node-result.js';
import type { Pause } from './pause.js';
import { reopenNode } from './reopen-node.js';
import type { RunRecord, RunStatus } from './run-record.js';
import { addSpend, allSpends, type NodeSpend, type Spends } from './spend.js';

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
  readonly completed: CompletedNodes;
  /** The same by node index: 1 when complete. Its length is how many nodes this state knows of. */
  isComplete: Uint8Array;
  failed: number;
  skipped: number;
  /** How many nodes were complete once and were opened again: with those that are complete, it never shrinks. */
  reopened: number;
  /** For each node, by index: how many of its children are not complete. */
  openChildren: Int32Array;
  /** How far nodes are that have no completed result and of which something is known, by id. */
  readonly progress: Map<string, NodeProgress>;
  /** What handlers added to the plan, in order. */
  readonly spawned: Array<NodeRecordOf<'nodes_spawned'>>;
  readonly spends: Spends;
  /** What the run waits for: set when it paused. */
  pauses: readonly Pause[];
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
    completed: new CompletedNodes(),
    isComplete: new Uint8Array(identity.graph.nodes.length),
    failed: 0,
    skipped: 0,
    reopened: 0,
    openChildren: childCounts(identity.graph),
    progress: new Map(),
    spawned: [],
    spends: new Map(),
    pauses: [],
    startedAt: undefined,
    endedAt: undefined,
    earlierMs: 0,
    resumedAt: undefined,
    lastAt: undefined,
  };
}

/** Not `Int32Array.from` with a function, which takes ten times as long. */
function childCounts({ nodes }: PlanGraph): Int32Array {
  const counts = new Int32Array(nodes.length);
  for (let index = 0; index < counts.length; index++) counts[index] = (nodes[index] as GraphNode).children.length;
  return counts;
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
      state.pauses = [];
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
      state.pauses = record.pauses ?? [];
      state.reopened = Math.max(state.reopened, record.reopened ?? 0);
      state.resumedAt = state.lastAt = undefined;
      return undefined;
    case 'run_ended':
      state.lastAt = state.endedAt = record.at;
      state.status = record.status;
      state.pauses = record.pauses ?? [];
      return undefined;
    default:
      state.lastAt = record.at;
      return applyNodeRecord(state, record);
  }
}

function applyNodeRecord(state: RunState, record: NodeRecord): GraphNode {
  const placed = nodeOf(state, record.nodeId);
  if (record.kind === 'nodes_spawned') spawn(state, placed, record);
  else if (record.kind === 'spend_recorded') addSpend(state.spends, record);
  else if (record.kind === 'node_reopened') reopenNode(state, placed, record.name);
  else if (state.results.get(record.nodeId)?.status !== 'completed') {
    const progress = state.progress.get(record.nodeId) ?? newNodeProgress();
    state.progress.set(record.nodeId, progress);
    addToProgress(progress, record);
  }
  return placed;
}

/** States of one run share the graph, which only grows: the first to come adds to it. */
function spawn(state: RunState, parent: GraphNode, record: NodeRecordOf<'nodes_spawned'>): void {
  if (state.graph.spawns === state.spawned.length) state.graph.addBelow(parent, record.nodes);
  state.spawned.push(record);
  const first = state.isComplete.length;
  growTo(state, state.graph.sizeAfter(state.spawned.length));
  for (let index = first; index < state.isComplete.length; index++) {
    const { parent: above } = state.graph.nodes[index] as GraphNode;
    if (above !== undefined) (state.openChildren[above.index] as number)++;
  }
}

function growTo(state: RunState, size: number): void {
  state.isComplete = grownTo(state.isComplete, size);
  state.openChildren = grownTo(state.openChildren, size);
}

/** What a snapshot kept of a run. */
export interface KeptState extends KeptTimes {
  readonly results: Iterable<NodeResult>;
  /** Of nodes without a completed result, as they came. */
  readonly progress: Iterable<NodeRecord>;
  /** Already part of the graph. */
  readonly spawned: ReadonlyArray<NodeRecordOf<'nodes_spawned'>>;
  readonly spends: Iterable<NodeSpend>;
}

export interface KeptTimes {
  readonly status: RunStatus;
  readonly seq: number;
  readonly pauses: readonly Pause[];
  readonly startedAt: string | undefined;
  readonly endedAt: string | undefined;
  readonly activeMs: number;
  readonly reopened: number;
}

/** The state that a snapshot was taken of. Trusts it, as `applyRecord` trusts a record. */
export function restoreRunState(identity: RunIdentity, kept: KeptState): RunState {
  const state = { ...newRunState(identity), spawned: [...kept.spawned] };
  for (const result of kept.results) settle(state, nodeOf(state, result.nodeId), result);
  for (const record of kept.progress) applyNodeRecord(state, record);
  for (const spend of kept.spends) addSpend(state.spends, spend);
  return restored(state, kept);
}

/** The state of a run of the same graph, to go on from: a copy, which shares the results. */
export function continuedRunState(identity: RunIdentity, earlier: RunState, kept: KeptTimes): RunState {
  const { completed, failed, skipped } = earlier;
  const results = new Map(earlier.results);
  const [isComplete, openChildren] = [earlier.isComplete.slice(), earlier.openChildren.slice()];
  const copied = {
    results,
    completed: new CompletedNodes(completed.toArray()),
    isComplete,
    openChildren,
    failed,
    skipped,
  };
  const state = { ...newRunState(identity), ...copied, spawned: [...earlier.spawned] };
  for (const record of progressOf(earlier)) applyNodeRecord(state, record);
  for (const spend of allSpends(earlier.spends)) addSpend(state.spends, spend);
  return restored(state, kept);
}

function restored(state: RunState, { activeMs, ...kept }: KeptTimes): RunState {
  const { status, seq, startedAt, endedAt, pauses, reopened } = kept;
  return Object.assign(state, { status, seq, startedAt, endedAt, pauses, reopened, earlierMs: activeMs });
}

/** How far unfinished nodes are, as records. */
export function* progressOf({ progress }: RunState): Generator<NodeRecord> {
  for (const { records } of progress.values()) yield* records;
}

/** The records that amount to a state: applied to a new run, they give it again. */
export function recordsOf(state: RunState): RunRecord[] {
  const records: RunRecord[] = [...state.spawned];
  for (const result of state.results.values()) {
    const isGathered = result.status === 'completed' && result.fromChildren === true;
    if (isGathered) records.push({ kind: 'composite_completed', nodeId: result.nodeId, at: result.completedAt });
    else records.push({ kind: 'node_settled', result });
  }
  for (const record of progressOf(state)) records.push(record);
  const { status, startedAt, endedAt, pauses, lastAt } = state;
  const at = lastAt ?? endedAt ?? startedAt ?? '';
  for (const spend of allSpends(state.spends)) records.push({ kind: 'spend_recorded', ...spend, at });
  const paused = pauses.length > 0 && { pauses: [...pauses] };
  const reopened = state.reopened > 0 && { reopened: state.reopened };
  const activeMs = activeMsOf(state);
  records.push({ kind: 'run_restored', status, startedAt, endedAt, activeMs, ...paused, ...reopened });
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
  if (result.status === 'completed') {
    if (state.progress.size > 0) state.progress.delete(result.nodeId);
    closeSubtree(state, placed);
    return;
  }
  state[result.status]++;
  const progress = state.progress.get(result.nodeId);
  if (progress !== undefined) closeAttempts(progress);
}

function closeSubtree(state: RunState, settled: GraphNode): void {
  for (let placed = settled; (state.openChildren[placed.index] as number) === 0; ) {
    state.completed.add(placed.node.id);
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
