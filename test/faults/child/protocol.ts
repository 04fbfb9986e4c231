import type {
  ExecuteOptions,
  ExecutionResult,
  MetaPlannerOptions,
  RetentionPolicy,
  SignalRequest,
  WorkflowPersistenceManagerOptions,
} from 'vibe-aigc';
import type { FeatureName } from './features.js';
import type { PlanName } from './plans.js';

/** What a child process is asked to do: `executeWithResume`, once or more, a repair, a pruning, or a signal. */
export interface Job {
  readonly checkpointDir: string;
  /** A plan, or a feature of which there is one. */
  readonly plan: PlanName | FeatureName;
  readonly planner: Pick<MetaPlannerOptions, 'checkpointInterval' | 'concurrency' | 'retry'> & { durability?: string };
  readonly store?: WorkflowPersistenceManagerOptions & { lockTakeoverMs?: number | false };
  /** Calls `repairCheckpoints` for the one plan that is stored, and nothing else. */
  readonly repairs?: boolean;
  /** After a call that was rejected it repairs the disk and calls again, up to so many calls. Default 1. */
  readonly calls?: number;
  /** When a call has succeeded it makes it once more, with another planner. */
  readonly callsAgain?: boolean;
  /** Says 'ready' and calls when it is sent 'start'. */
  readonly waitsForStart?: boolean;
  /** The handler of this node returns when the process is sent 'release'. */
  readonly hold?: string;
  /** When all is done, the process lives on until it is sent 'release'. */
  readonly livesOn?: boolean;
  /** The call is aborted at the first event of this type. */
  readonly abortAt?: string;
  /** Instead of a call it prunes all plans by this policy. */
  readonly prune?: RetentionPolicy;
  /** Instead of a call it sends this to the one plan that is stored. */
  readonly signal?: Omit<SignalRequest, 'planId'>;
  /** The planner is drained at the first event of this type. */
  readonly drainAt?: string;
  /** In place of that of the feature. */
  readonly budget?: ExecuteOptions['budget'];
  /** Milliseconds by which the clock of this process is ahead. */
  readonly aheadMs?: number;
  /** Nodes are jobs that are bought here. */
  readonly shop?: JobShop;
  /** What to do about jobs in doubt. */
  readonly jobs?: ExecuteOptions['jobs'];
  /** Does all this in so many worker threads at once. */
  readonly threads?: number;
}

/** Where jobs are bought, and whether the app can ask there for a job by its key. */
export interface JobShop {
  readonly url: string;
  readonly find: boolean;
  /** Milliseconds between two questions about a job. Default 1. */
  readonly pollEveryMs?: number;
}

/** What `preload.cjs` does to the file operations of a child process. Without `at` it only counts and tells. */
export interface FaultOrder {
  /** Operations under this directory count. */
  readonly directory: string;
  /** `changes` (the default): what may change a file. `looks`: what only reads. */
  readonly counts?: 'changes' | 'looks' | 'all';
  /** The how-manieth operation is meant, from 1; among those that `only` names. */
  readonly at?: number;
  readonly only?: { readonly kind?: string; readonly file?: string };
  readonly action?: 'kill' | 'stop' | 'fail';
  /** When to kill or stop. `in`: half the bytes of a write are written; before, where nothing is written. */
  readonly when?: Moment;
  /** What to fail with. `SHORT`: half the bytes are written and reported; `ENOSPC`, where nothing is written. */
  readonly code?: FaultCode;
  /** All later operations fail too, until the next call. */
  readonly isLasting?: boolean;
  /** Of the later ones, only these. */
  readonly lastingKinds?: readonly string[];
  /** The name by which the process knows its machine. */
  readonly hostname?: string;
}

export type Moment = 'before' | 'in' | 'after';
export type FaultCode = 'ENOSPC' | 'EIO' | 'EMFILE' | 'EACCES' | 'EROFS' | 'SHORT';

/** A line of the ledger, in which a child process tells what happens in it as it happens. */
export type LedgerEntry = (
  | { readonly type: 'ready' }
  | { readonly type: 'calling' }
  | { readonly type: 'started'; readonly runId: string; readonly resumed: boolean; readonly completedNodes: number }
  | { readonly type: 'planned'; readonly runId: string }
  | {
      readonly type: 'called';
      readonly runId: string;
      readonly nodeId: string;
      readonly key: string;
      readonly attempt?: number;
    }
  | { readonly type: 'retrying'; readonly nodeId: string; readonly attempt: number }
  /** A handler does what is to be done once; it is told that this is kept, and what came of it. */
  | { readonly type: 'did'; readonly what: string }
  | { readonly type: 'kept'; readonly what: string; readonly value: unknown }
  | { readonly type: 'signalled'; readonly isTaken: boolean }
  | { readonly type: 'drained' }
  | { readonly type: 'acknowledged'; readonly runId: string; readonly nodeId: string }
  | { readonly type: 'saved'; readonly checkpointId: string; readonly listed: boolean }
  | { readonly type: 'corrupt'; readonly reason: string }
  | { readonly type: 'reopened'; readonly nodeId: string }
  | { readonly type: 'waiting'; readonly holderPid: number | undefined }
  | { readonly type: 'repaired'; readonly kept: readonly string[]; readonly toRun: readonly string[] }
  | {
      readonly type: 'pruned';
      readonly deleted: number;
      readonly freed: readonly string[];
      /** Codes of the errors that say why a plan was left alone. */
      readonly skipped: readonly string[];
    }
  | {
      readonly type: 'finished';
      readonly status: string;
      readonly outputs: Readonly<Record<string, unknown>>;
      readonly pauses?: ExecutionResult['pauses'];
      readonly summary?: Pick<ExecutionResult['executionSummary'], 'totalNodes' | 'spend'>;
    }
  | Rejected
  | Operation
  | { readonly type: 'stopped' | 'continued'; readonly n: number }
) & { readonly thread?: number };

export interface Rejected {
  readonly type: 'rejected';
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly holderPid: number | undefined;
  /** Ids of the nodes whose outputs the error carries; `undefined` when it carries no state. */
  readonly carried: readonly string[] | undefined;
}

export interface Operation {
  readonly type: 'operation';
  readonly n: number;
  /** The function that was called, without `Sync`: `open`, `write`, `datasync`, `rename`, ... */
  readonly kind: string;
  /** From the directory of the order. */
  readonly file: string;
}
