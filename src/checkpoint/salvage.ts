import { canonicalJson } from '../plan/json-value.js';
import type { GraphNode } from '../plan/plan-graph.js';
import type { CompletedResult } from '../run/node-result.js';
import type { RunRecord } from '../run/run-record.js';
import { activeMsOf, applyRecord, newRunState, type RunIdentity, type RunState, recordsOf } from '../run/run-state.js';
import { tryApply } from './replay.js';

/**
 * A run put together again from whatever is intact: each result from the first source that has it. Records go through
 * the same reducer as in a live run.
 */
export class Salvage {
  readonly state: RunState;
  /** For each node with a result, the number of its source. */
  private readonly sourceOf = new Map<string, number>();
  /** For each source, when the nodes that it has were completed. */
  private readonly sources: Array<ReadonlyMap<string, string>> = [];
  /** Composites that were seen to complete with their children, and when. */
  private readonly gathered = new Map<string, string>();
  private readonly handled = new Set<string>();
  /** Steps and jobs that are in, as they were recorded. */
  private readonly taken = new Set<string>();

  /** @param bases what the run goes on from as it is, failures and times included; a result of an earlier one stays */
  constructor(identity: RunIdentity, bases: ReadonlyArray<readonly RunRecord[]>) {
    this.state = newRunState(identity);
    for (const base of bases) {
      for (const record of base) tryApply(this.state, record);
      this.note(base);
    }
  }

  /** Takes from a source the results that are still missing, and what was paid for on the way to others. */
  add(records: readonly RunRecord[]): void {
    for (const record of records) {
      if (isPaid(record) ? !this.taken.has(canonicalJson(record)) : this.isMissing(record) || isGrowth(record)) {
        tryApply(this.state, record); // nodes that are there already are refused, and nothing is added twice
      }
    }
    this.note(records);
  }

  private isMissing(record: RunRecord): boolean {
    return record.kind === 'node_settled' && record.result.status === 'completed' && !this.has(record.result.nodeId);
  }

  /** When all sources are in: a composite of which all children are there is what they are. */
  gather(): void {
    const { state } = this;
    for (const { node, index } of [...state.graph.nodes].reverse()) {
      const at = this.gathered.get(node.id);
      if (at === undefined || this.has(node.id) || state.openChildren[index] !== 0) continue;
      applyRecord(state, { kind: 'composite_completed', nodeId: node.id, at });
    }
    const isComplete = state.completed.length === state.graph.nodes.length;
    if (isComplete && state.status !== 'completed') this.end();
  }

  get completedResults(): number {
    return [...this.state.results.values()].filter(({ status }) => status === 'completed').length;
  }

  has(nodeId: string): boolean {
    return this.resultOf(nodeId) !== undefined;
  }

  resultOf(nodeId: string): CompletedResult | undefined {
    const result = this.state.results.get(nodeId);
    return result?.status === 'completed' ? result : undefined;
  }

  /** Whether a node is a composite that no handler was seen to serve: it costs nothing and is what its children are. */
  isFree({ node }: GraphNode, isServed: (node: GraphNode['node']) => boolean): boolean {
    if (node.children.length === 0 || node.type !== 'composite') return false;
    if (this.gathered.has(node.id)) return true;
    return !this.handled.has(node.id) && !isServed(node);
  }

  /** Composites that completed once, also those of which a child is lost. */
  get gatheredIds(): Iterable<string> {
    return this.gathered.keys();
  }

  /** Whether an input was made after the result that is there of a node: somewhere it was lost, and made again. */
  isMadeLater(input: string, nodeId: string): boolean {
    const [made, used] = [this.resultOf(input), this.resultOf(nodeId)];
    if (made === undefined || used === undefined) return false;
    const source = this.sources[this.sourceOf.get(nodeId) ?? -1];
    if (source?.get(input) === made.completedAt) return false; // they were recorded together, whatever the clock said
    return Date.parse(made.completedAt) > Date.parse(used.startedAt);
  }

  /** The same run without some results, nor the composites that had them. */
  without(dropped: ReadonlySet<string>): RunState {
    const { state } = this;
    if (dropped.size === 0) return state;
    const left = { ...newRunState(state), spawned: [...state.spawned] };
    const isLeft = (nodeId: string) => !hasAnyOf(state.graph.get(nodeId), dropped);
    for (const record of recordsOf(state)) {
      if (isGrowth(record)) continue;
      if (record.kind === 'node_settled' && dropped.has(record.result.nodeId)) continue;
      if (record.kind === 'composite_completed' && !isLeft(record.nodeId)) continue;
      if (record.kind === 'run_restored' && record.status === 'completed')
        applyRecord(left, { ...record, status: 'running' });
      else applyRecord(left, record);
    }
    return left;
  }

  private end(): void {
    const { startedAt, endedAt, lastAt } = this.state;
    const times = { startedAt, endedAt: endedAt ?? lastAt, activeMs: activeMsOf(this.state) };
    applyRecord(this.state, { kind: 'run_restored', status: 'completed', ...times });
  }

  private note(records: readonly RunRecord[]): void {
    const completedAt = new Map<string, string>();
    for (const record of records) {
      if (isPaid(record)) this.taken.add(canonicalJson(record));
      if (record.kind === 'composite_completed') this.gathered.set(record.nodeId, record.at);
      if (record.kind !== 'node_settled' || record.result.status !== 'completed') continue;
      const { nodeId } = record.result;
      this.handled.add(nodeId);
      if (!completedAt.has(nodeId)) completedAt.set(nodeId, record.result.completedAt);
    }
    for (const [nodeId, at] of completedAt) {
      const isHere = this.resultOf(nodeId)?.completedAt === at;
      if (isHere && !this.sourceOf.has(nodeId)) this.sourceOf.set(nodeId, this.sources.length);
    }
    this.sources.push(completedAt);
  }
}

/** Whether money may have been spent on it: what is lost of this is bought again. Copies of it are the same to the letter. */
function isPaid({ kind }: RunRecord): boolean {
  return kind === 'step_completed' || kind === 'job_intended' || kind === 'job_started' || kind === 'job_withdrawn';
}

function isGrowth({ kind }: RunRecord): boolean {
  return kind === 'nodes_spawned';
}

function hasAnyOf(placed: GraphNode | undefined, ids: ReadonlySet<string>): boolean {
  if (placed === undefined) return false;
  return ids.has(placed.node.id) || placed.children.some((child) => hasAnyOf(child, ids));
}
