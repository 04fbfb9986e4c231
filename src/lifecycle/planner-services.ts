import type { CheckpointIds } from '../checkpoint/checkpoint-id.js';
import type { Durability } from '../checkpoint/persistence-manager.js';
import type { Decompose, ToolOffer } from '../decompose/decomposer.js';
import type { Issue } from '../errors.js';
import type { BudgetOptions } from '../execution/budget.js';
import type { ProgressListener } from '../execution/execution-event.js';
import type { Limit } from '../execution/limit.js';
import type { HandlerLookup } from '../execution/node-handler.js';
import type { Retry } from '../execution/retry.js';
import type { TimeLimits } from '../execution/watch-limits.js';
import type { Host } from '../host.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import type { CheckedStore } from './checked-store.js';
import type { LiveRuns } from './live-runs.js';
import type { Redactor } from './redaction.js';

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
