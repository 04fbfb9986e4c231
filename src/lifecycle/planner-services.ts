import { CheckpointIds } from '../checkpoint/checkpoint-id.js';
import type { Durability, PersistenceManager } from '../checkpoint/persistence-manager.js';
import type { Decompose, Decomposer, ToolOffer } from '../decompose/decomposer.js';
import type { Issue } from '../errors.js';
import type { BudgetOptions } from '../execution/budget.js';
import type { ProgressListener } from '../execution/execution-event.js';
import { Limit } from '../execution/limit.js';
import { type HandlerLookup, type Handlers, handlerLookup, parameterCheckOf } from '../execution/node-handler.js';
import type { Retry } from '../execution/retry.js';
import type { TimeLimits } from '../execution/watch-limits.js';
import type { Host } from '../host.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import { CheckedStore } from './checked-store.js';
import { withGuardedLog } from './guarded-log.js';
import type { LiveRuns } from './live-runs.js';
import type { CheckedPlannerOptions } from './planner-options.js';
import { Redactor } from './redaction.js';
import { toolOffersOf } from './tool-offers.js';

/** What a planner was made with. */
export interface PlannerSetup {
  readonly options: CheckedPlannerOptions;
  /** With everything filled in. */
  readonly host: Host;
  readonly persistenceManager: PersistenceManager;
  readonly decomposer: Decomposer | Decompose;
  readonly handlers: Handlers;
  /** For nodes that no handler serves. */
  readonly composed: { readonly handlers: Handlers; isComposed(node: WorkflowNode): boolean };
  readonly liveRuns: LiveRuns;
}

/** What every run of a planner works with. */
export interface PlannerServices {
  readonly host: Host;
  readonly store: CheckedStore;
  readonly ids: CheckpointIds;
  readonly decompose: Decompose;
  /** What decomposers are told of the tools there are. */
  readonly toolOffers: readonly ToolOffer[];
  readonly lookup: HandlerLookup;
  /** What is wrong with the parameters of a node. Absent when no handler has a schema for them. */
  readonly parameterIssues: ((node: WorkflowNode) => readonly Issue[]) | undefined;
  readonly concurrency: number;
  readonly retry: Retry;
  readonly limits: TimeLimits;
  readonly runTimeoutMs: number | undefined;
  readonly graceMs: number;
  readonly pauseAfterMs: number;
  readonly maxNodes: number | undefined;
  /** By name; shared by all runs. */
  readonly providerLimits: ReadonlyMap<string, Limit>;
  readonly budget: BudgetOptions | undefined;
  readonly checkpointInterval: number | undefined;
  readonly durability: Durability;
  readonly onProgress: ProgressListener | undefined;
  readonly liveRuns: LiveRuns;
  /** Absent when nothing is to be redacted. */
  readonly redactor: Redactor | undefined;
}

export function plannerServicesOf({
  options,
  decomposer,
  handlers,
  composed,
  liveRuns,
  ...given
}: PlannerSetup): PlannerServices {
  const redactor = options.redact && new Redactor(options.redact);
  const host = withGuardedLog(given.host, redactor);
  const own = handlerLookup(handlers);
  const fallback = handlerLookup(composed.handlers);
  const lookup: HandlerLookup = (node) => own(node) ?? (composed.isComposed(node) ? fallback(node) : undefined);
  const { timeoutMs, nodeTimeoutMs, heartbeatTimeoutMs, runTimeoutMs, graceMs, pauseAfterMs } = options;
  const { concurrency, maxNodes, budget, checkpointInterval, durability, onProgress } = options;
  return {
    host,
    store: new CheckedStore(given.persistenceManager),
    ids: new CheckpointIds(host),
    decompose: (vibe, context) =>
      typeof decomposer === 'function' ? decomposer(vibe, context) : decomposer.decompose(vibe, context),
    toolOffers: toolOffersOf(handlers),
    lookup,
    parameterIssues: parameterCheckOf(handlers, lookup),
    concurrency,
    retry: options.retry ?? {},
    limits: { timeoutMs, nodeTimeoutMs, heartbeatTimeoutMs },
    runTimeoutMs,
    graceMs,
    pauseAfterMs,
    maxNodes,
    providerLimits: new Map(
      Object.entries(options.limits).map(([name, limit]) => [name, new Limit(name, limit, host)]),
    ),
    budget,
    checkpointInterval,
    durability,
    onProgress,
    liveRuns,
    redactor,
  };
}
