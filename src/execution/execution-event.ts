import type { LockHolder } from '../errors.js';
import type { SerializedError } from '../run/node-result.js';
import type { Pause } from '../run/pause.js';

/** How far a run is. */
export interface Progress {
  readonly completed: number;
  /** 0 until there is a plan. */
  readonly total: number;
  /** 0 to 100, rounded down: 100 only when everything is completed. */
  readonly percent: number;
}

/** What a run tells its listeners, without the fields that every event has. */
export type ExecutionEventBody =
  /**
   * Somebody holds the plan who cannot be judged from here, in another container or on another machine: the call waits
   * for it to end or to fall silent. What `runId` this call will have is not known yet: it is empty.
   */
  | { readonly type: 'lock_waiting'; readonly holder: LockHolder }
  /** The plan is ours and work begins; before planning, so `progress.total` may still be 0. */
  | { readonly type: 'run_started'; readonly resumed: boolean; readonly completedNodes: number }
  /** A new plan was made and, where the run checkpoints, saved. */
  | { readonly type: 'plan_created'; readonly totalNodes: number }
  /** A handler added nodes below its node: so many, with those below them. */
  | { readonly type: 'plan_grown'; readonly nodeId: string; readonly addedNodes: number }
  /** A handler waits for a signal of this name. Told again when another attempt does. */
  | { readonly type: 'node_waiting'; readonly nodeId: string; readonly name: string }
  /** An attempt begins. */
  | { readonly type: 'node_started'; readonly nodeId: string; readonly attempt: number }
  /** An attempt failed and another one follows. */
  | {
      readonly type: 'node_retry';
      readonly nodeId: string;
      /** The attempt that failed. */
      readonly attempt: number;
      readonly error: SerializedError;
      readonly delayMs: number;
      /** ISO 8601, UTC. */
      readonly nextAttemptAt: string;
    }
  /** A node is complete with all below it, and recorded. */
  | { readonly type: 'node_completed'; readonly nodeId: string; readonly output: unknown; readonly durationMs: number }
  | {
      readonly type: 'node_failed';
      readonly nodeId: string;
      readonly error: SerializedError;
      readonly attempts: number;
    }
  | { readonly type: 'node_skipped'; readonly nodeId: string; readonly blockedBy: string }
  /** A checkpoint is stored. `listed` is `false` for the rolling save of a store without a journal. */
  | {
      readonly type: 'checkpoint_saved';
      readonly checkpointId: string;
      readonly completedNodes: number;
      readonly listed: boolean;
    }
  /** A stored checkpoint is damaged; what was done about it is in the documentation of `onCorrupt`. */
  | {
      readonly type: 'checkpoint_corrupt';
      readonly checkpointId: string;
      readonly damagedPlanId: string;
      readonly reason: string;
    }
  /**
   * A result, or with a `name` that of a step or job, names a blob that is missing or damaged: it is made again. Told
   * when a run goes on, before anything runs.
   */
  | { readonly type: 'node_reopened'; readonly nodeId: string; readonly reason: string; readonly name?: string }
  /** A handler tells how far it is; `fraction` is from 0 to 1. */
  | { readonly type: 'node_progress'; readonly nodeId: string; readonly fraction: number; readonly message?: string }
  /** The last event of a run that can do nothing more for now. */
  | { readonly type: 'run_paused'; readonly pause: Pause }
  /** The last event of any other run. */
  | { readonly type: 'run_completed'; readonly status: 'completed' | 'failed' | 'cancelled' };

/** One thing that happened in a run: a union on `type`. Completed nodes that are taken over emit nothing. */
export type ExecutionEvent = ExecutionEventBody & {
  readonly planId: string;
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
  readonly progress: Progress;
};

/** Takes events; may be async. One that throws or rejects is logged and never disturbs the run. */
export type ProgressListener = (event: ExecutionEvent) => void | Promise<void>;

/** Takes a body that was made for it and completes it. */
export type Emit = (event: ExecutionEventBody) => void;
