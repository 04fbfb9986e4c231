import type {
  ExecuteOptions,
  ExecutionResult,
  MetaPlannerOptions,
  RetentionPolicy,
  WorkflowPersistenceManagerOptions,
} from 'vibe-aigc';
import type { PlanName } from './plans.js';

/** What a child process is asked to do: `executeWithResume`, once or more, or a repair. */
export interface Job {
  readonly checkpointDir: string;
  readonly plan: PlanName;
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
  | { readonly type: 'called'; readonly runId: string; readonly nodeId: string; readonly key: string }
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
