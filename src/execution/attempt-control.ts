import type { GraphNode } from '../plan/plan-graph.js';
import type { NodeRecord } from '../run/node-record.js';
import type { SerializedError } from '../run/node-result.js';
import type { Pause } from '../run/pause.js';
import type { RunState } from '../run/run-state.js';
import type { AttemptOutcome } from './attempt-outcome.js';
import type { BlobKeeper } from './blob-keeper.js';
import type { ExecutionEventBody } from './execution-event.js';
import type { Mailbox } from './mailbox.js';
import type { TimeLimit } from './time-limit.js';

/** Told when a handler goes on waiting although its attempt is over: the run has paused, or was ended. */
export class AttemptOver extends Error {
  override readonly name = 'AttemptOver';
}

/**
 * What a handler at work may do to its run besides returning; what `NodeContext` offers is made of it. Once the attempt
 * is over, everything rejects with AttemptOver.
 */
export interface AttemptControl {
  readonly state: RunState;
  readonly placed: GraphNode;
  /** Milliseconds since 1970. */
  now(): number;
  /** ISO 8601, UTC. */
  isoNow(): string;
  /** Calls back after so many milliseconds, unless the function that it returns is called. */
  setTimer(callback: () => void, delayMs: number): () => void;
  /** A wait that ends later is a reason to pause. Milliseconds. */
  readonly pauseAfterMs: number;
  /** So many nodes may the plan have, with those that handlers add. */
  readonly maxNodes: number;
  /** Left out where nothing can come in. */
  readonly mailbox?: Mailbox | undefined;
  /** Left out where content cannot be kept. */
  readonly blobs?: BlobKeeper | undefined;
  /** Calls back once it has worked for so many milliseconds from now. Time that it is parked does not count. */
  limit(ms: number, onOver: () => void): TimeLimit;
  emit(body: ExecutionEventBody): void;
  /**
   * What is kept of a value of the host: a copy as JSON carries it, redacted and frozen.
   * @param what it is, for messages
   * @throws OutputNotSerializableError, or what the hook that redacts has thrown
   */
  keep(value: unknown, what: string): unknown;
  /** It has failed over a time limit, and its handler may still be at work. */
  outlast(): void;
  /** The handler that was still at work has ended. */
  endLate(outcome: AttemptOutcome): void;
  /** Called when the attempt is over, however it ends. */
  onEnd(callback: () => void): void;
  /** What a handler says of how far it is, redacted; `undefined` when nothing may be told of it. */
  messageOf(message: string): string | undefined;
  /** What is kept of an error, redacted. */
  errorOf(thrown: unknown): SerializedError;
  /** Steps, jobs and waits of a handler have names. @throws Error for one that this attempt has used already */
  claimName(name: string): void;
  /** The name may be used again in this attempt: what it was claimed for has failed. */
  releaseName(name: string): void;
  /** Counts the calls of this attempt that have no name, each kind for itself. @returns 1 for the first */
  countCall(of: 'spawn' | 'sleepUntil'): number;
  /** Whether the call was cancelled: not paused, and not ended by a planner that closes or a run that takes too long. */
  readonly isCancelled: boolean;
  /** Resolves when the records are committed and part of the state; rejects with what the log failed with. */
  record(...records: NodeRecord[]): Promise<void>;
  /** Work that a pause has to wait for, also while another branch of the handler is parked. */
  whileBusy<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Waits without a slot. When nothing else can be done, the run pauses for this reason, and the wait rejects with
   * AttemptOver; a pause that is over within `pauseAfterMs` is sat out. It rejects with the reason of the run's signal
   * when the run is cancelled.
   */
  park<T>(pause: Pause, until: Promise<T>): Promise<T>;
  /** The same until `wake` is called, which counts at once: no pause comes in between. */
  parkUntil(pause: Pause, onWake: (wake: () => void) => void): Promise<void>;
  /** Waits and keeps the slot. It rejects when the run is cancelled, and when its log fails. */
  sitOut<T>(until: Promise<T>): Promise<T>;
}
