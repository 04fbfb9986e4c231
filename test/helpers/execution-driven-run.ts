import { createHash } from 'node:crypto';
import { localDispatch } from '../../src/execution/attempt.js';
import type { BlobKeeper } from '../../src/execution/blob-keeper.js';
import type { ExecutionEventBody } from '../../src/execution/execution-event.js';
import { executeRun } from '../../src/execution/executor.js';
import type { Mailbox } from '../../src/execution/mailbox.js';
import { type Handlers, handlerLookup, type NodeContext, type NodeHandler } from '../../src/execution/node-handler.js';
import type { RetryOptions } from '../../src/execution/retry.js';
import { completeHost, type Host } from '../../src/host.js';
import { canonicalJson } from '../../src/plan/json-value.js';
import { buildPlanGraph } from '../../src/plan/plan-graph.js';
import type { WorkflowNode } from '../../src/plan/workflow-node.js';
import { executionStateOf } from '../../src/run/execution-state.js';
import type { NodeRecord } from '../../src/run/node-record.js';
import type { NodeResult } from '../../src/run/node-result.js';
import type { EndStatus, RunRecord } from '../../src/run/run-record.js';
import { applyRecord, newRunState, type RunState } from '../../src/run/run-state.js';
import { MemoryLog } from './execution-logs.js';
import { planOf } from './plan-builders.js';

const realSetImmediate = setImmediate;

/** Resolves when every promise that can go on by itself has. Works with fake timers too. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => realSetImmediate(resolve));
}

/** An attempt that the test settles. */
export interface HeldAttempt {
  readonly context: NodeContext;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: unknown) => void;
}

export interface RunOptions {
  readonly handlers?: Handlers;
  readonly log?: MemoryLog;
  readonly concurrency?: number;
  readonly maxUncommitted?: number;
  readonly retry?: RetryOptions;
  readonly random?: () => number;
  readonly timeoutMs?: number;
  readonly nodeTimeoutMs?: number;
  readonly heartbeatTimeoutMs?: number;
  readonly graceMs?: number;
  readonly signal?: AbortSignal;
  readonly drain?: AbortSignal;
  readonly setTimer?: Host['setTimer'];
  readonly pauseAfterMs?: number;
  readonly now?: () => number;
  readonly mailbox?: Mailbox;
  readonly blobs?: BlobKeeper;
  /** What earlier processes recorded. */
  readonly records?: readonly RunRecord[];
  /** What was decided since. */
  readonly decided?: readonly NodeRecord[];
  readonly onEvent?: (event: ExecutionEventBody) => void;
}

/** A run whose handlers wait for the test, unless it brings its own. Composites have one with the tool `assemble`. */
export class DrivenRun {
  readonly log: MemoryLog;
  readonly state: RunState;
  readonly ended: Promise<EndStatus>;
  readonly events: ExecutionEventBody[] = [];
  readonly lateEnds: string[] = [];
  readonly leftBehind: string[] = [];
  /** Attempts under way, by node id. */
  readonly held = new Map<string, HeldAttempt>();
  /** Ids in the order in which attempts began. */
  readonly started: string[] = [];
  /** The most attempts that were under way at once. */
  peak = 0;

  constructor(rootNodes: WorkflowNode[], options: RunOptions = {}) {
    const { timeoutMs, nodeTimeoutMs, heartbeatTimeoutMs } = options;
    const lookup = handlerLookup(options.handlers ?? servedBy(this.hold));
    this.log = options.log ?? new MemoryLog();
    this.state = stateOf(rootNodes, options.handlers);
    for (const record of options.records ?? []) applyRecord(this.state, record);
    this.ended = executeRun(this.state, {
      log: this.log,
      dispatch: localDispatch(lookup, {
        limits: { timeoutMs, nodeTimeoutMs, heartbeatTimeoutMs },
        idempotencyKeyOf: (nodeId, job) => (job === undefined ? `key of ${nodeId}` : `key of ${nodeId}:${job}`),
        onLateEnd: (nodeId) => this.lateEnds.push(nodeId),
      }),
      concurrency: options.concurrency ?? 8,
      maxUncommitted: options.maxUncommitted,
      retry: options.retry ?? {},
      nodeTimeoutMs,
      random: options.random ?? Math.random,
      now: options.now ?? (() => Date.UTC(2026, 0, 1)),
      decided: options.decided,
      setTimer: options.setTimer ?? completeHost().setTimer,
      pauseAfterMs: options.pauseAfterMs ?? 3_600_000,
      mailbox: options.mailbox,
      blobs: options.blobs,
      emit: (event) => {
        this.events.push(event);
        options.onEvent?.(event);
      },
      signal: options.signal,
      graceMs: options.graceMs ?? 30_000,
      onLeftBehind: (nodeId) => this.leftBehind.push(nodeId),
      drain: options.drain,
    });
    this.ended.catch(() => undefined); // the test looks at it later
  }

  readonly hold: NodeHandler = async ({ id }, context) => {
    this.started.push(id);
    try {
      return await new Promise((resolve, reject) => {
        this.held.set(id, { context, resolve, reject });
        this.peak = Math.max(this.peak, this.held.size);
      });
    } finally {
      this.held.delete(id);
    }
  };

  get running(): string[] {
    return [...this.held.keys()];
  }

  /** The node's handler returns, and everything that follows at once has happened. */
  async settle(nodeId: string, output: unknown = `output of ${nodeId}`): Promise<void> {
    this.attempt(nodeId).resolve(output);
    await quiet();
  }

  async fail(nodeId: string, error: unknown = new Error(`${nodeId} failed`)): Promise<void> {
    this.attempt(nodeId).reject(error);
    await quiet();
  }

  attempt(nodeId: string): HeldAttempt {
    const held = this.held.get(nodeId);
    if (held === undefined) throw new Error(`${nodeId} is not running; ${this.running.join(', ') || 'nothing'} is`);
    return held;
  }

  result(nodeId: string): NodeResult | undefined {
    return this.state.results.get(nodeId);
  }

  /** `node_started a`, and so on. */
  get story(): string[] {
    return this.events.map((event) => ('nodeId' in event ? `${event.type} ${event.nodeId}` : event.type));
  }
}

export function servedBy(run: NodeHandler): Handlers {
  return { analyze: run, generate: run, transform: run, validate: run, tools: { assemble: run } };
}

export function stateOf(rootNodes: WorkflowNode[], handlers: Handlers = servedBy(() => undefined)): RunState {
  const plan = { ...planOf(), rootNodes };
  const lookup = handlerLookup(handlers);
  const graph = buildPlanGraph(plan, (node) => lookup(node) !== undefined);
  const identity = { planId: plan.id, runId: 'run-1', vibe: plan.sourceVibe, vibeKey: 'key', epoch: 1 };
  return newRunState({ ...identity, plan, graph, parent: undefined });
}

export function replay(rootNodes: WorkflowNode[], records: readonly RunRecord[]): RunState {
  const state = stateOf(rootNodes);
  for (const record of records) applyRecord(state, record);
  return state;
}

/** All that a state holds, in an order that counts. */
export function contentOf(state: RunState) {
  const { graph, plan, results, isComplete, openChildren, ...rest } = state;
  return {
    ...rest,
    results: [...results],
    isComplete: [...isComplete],
    openChildren: [...openChildren],
    executionState: executionStateOf(state),
  };
}

/** An output that shows which inputs a node saw. */
export function digestOf(nodeId: string, inputs: Readonly<Record<string, unknown>>): string {
  const hash = createHash('sha256').update(canonicalJson(inputs)).digest('hex').slice(0, 12);
  return `${nodeId} saw ${hash}`;
}
