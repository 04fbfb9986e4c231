import type { NodeRecord } from '../run/node-record.js';
import type { SerializedError } from '../run/node-result.js';
import type { RunLog } from '../run/run-log.js';
import type { Admission } from './admission.js';
import type { Dispatch } from './attempt.js';
import type { AttemptOutcome } from './attempt-outcome.js';
import type { BlobKeeper } from './blob-keeper.js';
import type { Emit } from './execution-event.js';
import type { Mailbox } from './mailbox.js';
import type { Retry } from './retry.js';

/** What a run is executed with. */
export interface ExecutionServices {
  readonly log: RunLog;
  /** What was decided since the run stopped: recorded with its start, before a node begins. */
  readonly decided?: readonly NodeRecord[];
  readonly dispatch: Dispatch;
  /** Attempts under way at once. */
  readonly concurrency: number;
  /** With so many appends waiting for the log, no attempt is started. Unlimited when left out. */
  readonly maxUncommitted?: number;
  readonly retry: Retry;
  /** Milliseconds that all attempts on a node may work together. Unlimited when left out. */
  readonly nodeTimeoutMs?: number;
  /** From 0 up to but without 1. */
  readonly random: () => number;
  /** What is kept of an error. Default: its name, message and code. */
  readonly errorOf?: (thrown: unknown, nodeId: string) => SerializedError;
  /** Takes out of an output what must not be kept: is given a copy of its own, answers frozen JSON, or throws. */
  readonly redactOutput?: (output: unknown, nodeId: string) => unknown;
  /** What may be told of a message of `ctx.report`; `undefined` for nothing. Never throws. */
  readonly redactMessage?: (message: string, nodeId: string) => string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls back after so many milliseconds, unless it is told not to. */
  readonly setTimer: (callback: () => void, delayMs: number) => () => void;
  /** What is longer off than so many milliseconds is not waited for: the run pauses when nothing else can be done. */
  readonly pauseAfterMs: number;
  /** So many nodes may the plan have, with those that handlers add. Unlimited when left out. */
  readonly maxNodes?: number | undefined;
  /** Left out where handlers cannot wait for signals. */
  readonly mailbox?: Mailbox | undefined;
  /** Left out where handlers cannot store blobs. */
  readonly blobs?: BlobKeeper | undefined;
  /** Left out when every attempt may begin at once. */
  readonly admission?: Admission;
  /** Left out when nobody listens. */
  readonly emit?: Emit;
  /** Ends the run early: nothing new starts, and what is under way is asked to stop. */
  readonly signal?: AbortSignal;
  /** Milliseconds that what is under way then has to stop: after them the run ends without it. */
  readonly graceMs: number;
  /** Told when a handler that the run has ended without ends after all. */
  readonly onLeftBehind?: (nodeId: string, outcome: AttemptOutcome) => void;
  /**
   * Nothing new starts, and what is under way may finish: the run pauses. When `signal` aborts with the same reason, it
   * pauses all the same.
   */
  readonly drain?: AbortSignal;
}
