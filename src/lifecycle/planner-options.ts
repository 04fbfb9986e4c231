import { z } from 'zod';
import type { PersistenceManager } from '../checkpoint/persistence-manager.js';
import type { Decompose, Decomposer } from '../decompose/decomposer.js';
import type { ProgressListener } from '../execution/execution-event.js';
import { type Host, maxTimerMs } from '../host.js';
import { budgetSchema } from './budget-options.js';
import { handlersSchema, retryOption } from './handler-options.js';
import { fn, hasMethods, whole } from './option-kinds.js';
import type { Redact } from './redaction.js';

const hostMethods = ['now', 'newId', 'random', 'setTimer', 'log'] as const;

/** Any object, also one of a class; its methods are called on it. */
const hostSchema = z.custom<Partial<Host>>(
  isHost,
  'an object whose now, newId, random, setTimer and log are functions',
);

const limitSchema = z.strictObject({
  /** Attempts under way at once, in all runs of the planner. */
  concurrency: whole(1).optional(),
  /** Attempts begun in a minute. */
  perMinute: whole(1).optional(),
  /** Tokens in a minute, as `ctx.spend` tells of them. */
  tokensPerMinute: whole(1).optional(),
});

/** Options of a planner. What is left out has the default named here. */
export const plannerOptionsSchema = z.strictObject({
  /**
   * A listed checkpoint after every so many completed nodes. Unset: only at the start, the end, a failure, a cancellation
   * and on demand. What a crash can cost does not depend on it, unless the store has no journal.
   */
  checkpointInterval: whole(1).optional(),
  /** Where to keep checkpoints as files. Default `.vibe_checkpoints`. Not together with `persistenceManager`. */
  checkpointDir: z.custom<string>((path) => typeof path === 'string' && path !== '', 'a path').optional(),
  /** A store of one's own. It stays open when the planner is closed. */
  persistenceManager: z.custom<PersistenceManager>(isStore, 'an object with the four methods of a store').optional(),
  /**
   * `strict`: when `node_completed` fires, and before a dependent starts, the result survives a power cut. `relaxed`: it
   * survives the end of the process, and after 100 ms a power cut. Default `strict`. For stores that have a journal.
   */
  durability: z.enum(['strict', 'relaxed'], { error: "'strict' or 'relaxed'" }).default('strict'),
  /** Makes plans of vibes. Default: the offline composer. */
  decomposer: z.custom<Decomposer | Decompose>(isDecomposer, 'a function, or an object with decompose()').optional(),
  /** Who serves which node. Default: the offline composer, for plans of its own making. */
  handlers: handlersSchema.optional(),
  /** Attempts under way at once, in each run. Default 8. */
  concurrency: whole(1).default(8),
  /**
   * Whether and when a failed attempt is tried again; handlers and nodes may say otherwise. `'standard'`: up to 5 attempts
   * after growing random waits, for failures that may well pass. Default: one attempt.
   */
  retry: retryOption.optional(),
  /** Milliseconds that one attempt may take. Default: unlimited. */
  timeoutMs: whole(1, maxTimerMs).optional(),
  /** Limits by name, for handlers and nodes to refer to; shared by all runs of the planner. Default: none. */
  limits: z.record(z.string(), limitSchema).default({}),
  /** What a run may spend before it pauses. Default: unlimited. */
  budget: budgetSchema.optional(),
  /** Milliseconds that all attempts on a node may take together, without the waits between them. Default: unlimited. */
  nodeTimeoutMs: whole(1, maxTimerMs).optional(),
  /** Milliseconds within which a handler that has called `report` has to do so again. Default: unlimited. */
  heartbeatTimeoutMs: whole(1, maxTimerMs).optional(),
  /** Milliseconds that a call may run its plan; then it ends as `'cancelled'` and can be resumed. Default: unlimited. */
  runTimeoutMs: whole(1, maxTimerMs).optional(),
  /**
   * Milliseconds that handlers have to stop once their run is to end: after them it ends without those that do not, and
   * what they return is logged. Default 30,000.
   */
  graceMs: whole(0, maxTimerMs).default(30_000),
  /**
   * What is further off than so many milliseconds (a retry, a rate limit, a sleep) is not waited for: the run ends as
   * `'paused'` when nothing else can be done, and `executeWithResume` goes on. Default 600,000: ten minutes.
   */
  pauseAfterMs: whole(0, maxTimerMs).default(600_000),
  /**
   * So many nodes may a plan have, with those that handlers add; a draft that has more is refused as well. Default:
   * unlimited.
   */
  maxNodes: whole(1).optional(),
  /** Told of everything that happens in every run of this planner. */
  onProgress: fn<ProgressListener>().optional(),
  /**
   * Takes out what must not be stored, before anything is written or handed on: handlers, events and results see what it
   * returns, live and resumed alike. Must give the same for the same, and leave what it returned as it is. Default: none.
   */
  redact: fn<Redact>().optional(),
  /** Time, ids and logging of the embedding program. */
  host: hostSchema.optional(),
});
export type MetaPlannerOptions = z.input<typeof plannerOptionsSchema>;
export type CheckedPlannerOptions = z.output<typeof plannerOptionsSchema>;

function isHost(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return hostMethods.every((name) => ['function', 'undefined'].includes(typeof (value as Partial<Host>)[name]));
}

function isDecomposer(value: unknown): boolean {
  return typeof value === 'function' || (hasMethods(value, ['decompose']) && value !== null);
}

function isStore(value: unknown): boolean {
  return hasMethods(value, ['saveCheckpoint', 'loadCheckpoint', 'listCheckpoints', 'deleteCheckpoint']);
}
