import { z } from 'zod';
import type { PersistenceManager } from '../checkpoint/persistence-manager.js';
import { retentionPolicySchema } from '../checkpoint/retention.js';
import type { Decompose, Decomposer } from '../decompose/decomposer.js';
import type { ProgressListener } from '../execution/execution-event.js';
import type { HandlerEntry, Handlers } from '../execution/node-handler.js';
import { type Retry, type RetryOptions, standardRetry } from '../execution/retry.js';
import { type Host, maxTimerMs } from '../host.js';
import { isPlainObject } from '../plan/json-value.js';
import { nodeTypes } from '../plan/node-type.js';
import type { WorkflowPlanInput } from '../plan/workflow-plan.js';
import { pictureFormats } from '../render/render-plan.js';
import type { ExecutionState } from '../run/execution-state.js';
import { isJobDecision, type JobDecision } from './job-decision.js';
import type { Redact } from './redaction.js';

const retrySchema = z.strictObject({
  /** Attempts in all. Default 1: nothing is tried again. */
  maxAttempts: whole(1).optional(),
  /** Milliseconds between the end of an attempt and the start of the next. Default 0; with `exponential`, 1,000. */
  delayMs: whole(0, maxTimerMs).optional(),
  /** `constant`: always `delayMs`. `exponential`: a random time up to `delayMs`, which doubles each time. */
  backoff: z.custom<'constant' | 'exponential'>(isBackoff, "'constant' or 'exponential'").optional(),
  /** Milliseconds that no wait of our own making is longer than. Default with `exponential`: 60,000. */
  maxDelayMs: whole(0, maxTimerMs).optional(),
  /** Whether this failure is worth another attempt; `attempt` is the one that failed, from 1. Default: it is. */
  shouldRetry: fn<(error: unknown, attempt: number) => boolean>().optional(),
});

/** Options, or the word for the usual ones. A union of both would not tell which field of the options is wrong. */
const retryOption = z.preprocess(
  (given) => (given === 'standard' ? standardRetry : given),
  retrySchema,
) as unknown as z.ZodType<RetryOptions, Retry>;

const hostMethods = ['now', 'newId', 'random', 'setTimer', 'log'] as const;

/** Any object, also one of a class; its methods are called on it. */
const hostSchema = z.custom<Partial<Host>>(
  isHost,
  'an object whose now, newId, random, setTimer and log are functions',
);

const handlersSchema = z
  .strictObject({
    ...(Object.fromEntries(nodeTypes.map((type) => [type, handler()])) as Record<
      (typeof nodeTypes)[number],
      ReturnType<typeof handler>
    >),
    default: handler(),
    tools: z
      .custom<Record<string, HandlerEntry>>(
        (tools) => isPlainObject(tools) && Object.values(tools).every(isHandler),
        'functions by tool name',
      )
      .optional(),
  })
  .transform(
    ({ tools, ...handlers }): Handlers => ({ ...handlers, ...(tools !== undefined && { tools: { ...tools } }) }),
  );

const limitSchema = z.strictObject({
  /** Attempts under way at once, in all runs of the planner. */
  concurrency: whole(1).optional(),
  /** Attempts begun in a minute. */
  perMinute: whole(1).optional(),
  /** Tokens in a minute, as `ctx.spend` tells of them. */
  tokensPerMinute: whole(1).optional(),
});

const capsSchema = z.record(z.string(), amount());

const budgetSchema = z.strictObject({
  /** For the whole run, by currency: `{ USD: 5 }`. */
  run: capsSchema.optional(),
  /** For all nodes of a type together. */
  types: z.record(z.string(), capsSchema).optional(),
  /** For all nodes with this `parameters.tool` together. */
  tools: z.record(z.string(), capsSchema).optional(),
  /** What a cost counts for that is not known. Default `estimate`: what was reserved for it. */
  unknownCost: z.enum(['estimate', 'ignore', 'pause'], { error: "'estimate', 'ignore' or 'pause'" }).optional(),
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

/** Options of one call. */
export const executeOptionsSchema = z.strictObject({
  /** Go on from exactly this checkpoint, as a new run; what completed after it runs again. */
  checkpointId: z.custom<string>((id) => typeof id === 'string', 'the id of a checkpoint').optional(),
  /** A name of one's own for the run: any text of 1 to 200 characters. Default: derived from the vibe. */
  planId: z.custom<string>((id) => typeof id === 'string', 'text of 1 to 200 characters').optional(),
  /** Execute this plan, do not decompose. Its `sourceVibe` is taken to be the vibe of the call. */
  plan: z.custom<WorkflowPlanInput>(isPlainObject, 'a workflow plan').optional(),
  /** Start over even when there is a run to resume. Default `false`. */
  fresh: z.custom<boolean>((fresh) => typeof fresh === 'boolean', 'true or false').default(false),
  /**
   * What to do about paid jobs of which nobody knows whether they were submitted, by node id and the job's name. For the
   * call that goes on with a run which paused for them.
   */
  jobs: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.custom<JobDecision>(isJobDecision, "{ adopt: handle }, 'submit again' or { skip: result }"),
      ),
    )
    .optional(),
  /** Ends the run early. Already aborted, or before there is a plan: the call rejects with its reason. */
  signal: z.custom<AbortSignal>(isSignal, 'an AbortSignal').optional(),
  /** Told of everything that happens in this run, after the planner's own listener. */
  onProgress: fn<ProgressListener>().optional(),
  /** What this run may spend, in place of the planner's `budget`. */
  budget: budgetSchema.optional(),
  /** What to do when the latest state is damaged. Default `'throw'`; `'fallback'`: the newest intact state. */
  onCorrupt: z
    .custom<'throw' | 'fallback'>((way) => way === 'throw' || way === 'fallback', "'throw' or 'fallback'")
    .default('throw'),
});
export type ExecuteOptions = z.input<typeof executeOptionsSchema>;
export type CheckedExecuteOptions = z.output<typeof executeOptionsSchema>;

/** Options of `executeWithVisualization`: those of a run, and how to draw it. */
export const visualizationOptionsSchema = executeOptionsSchema.extend({
  /** Default `'ascii'`. */
  format: z.enum(pictureFormats, { error: "'ascii', 'mermaid' or 'svg'" }).optional(),
  /** A plan of more nodes than this folds. Default 50; `Infinity` shows all. */
  foldAbove: z.custom<number>(isAtLeastOne, 'a number of at least 1').optional(),
});
export type VisualizationOptions = z.input<typeof visualizationOptionsSchema>;

/** Options of `plan`. */
export const planOptionsSchema = executeOptionsSchema.pick({ planId: true, signal: true });
export type PlanOptions = z.input<typeof planOptionsSchema>;

/** Options of `drain`. */
export const drainOptionsSchema = z.strictObject({
  /** Milliseconds that nodes under way may finish in, before they are aborted. Default 30,000. */
  graceMs: whole(0, maxTimerMs).default(30_000),
});
export type DrainOptions = z.input<typeof drainOptionsSchema>;

/** Options of `listCheckpoints`. */
export const listOptionsSchema = z.strictObject({
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan').optional(),
  /** At most so many, the newest. */
  limit: whole(0).optional(),
});
export type ListOptions = z.input<typeof listOptionsSchema>;

/** Options of `pruneCheckpoints`: a policy, and where to apply it. */
export const pruneOptionsSchema = z.strictObject({
  ...retentionPolicySchema.shape,
  /** Only this plan. Default: all. */
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan').optional(),
  /** Only say what would go. Default `false`. */
  dryRun: z.custom<boolean>((dryRun) => typeof dryRun === 'boolean', 'true or false').default(false),
  /** Ends the pruning between two plans; the call rejects with its reason. */
  signal: z.custom<AbortSignal>(isSignal, 'an AbortSignal').optional(),
});
export type PruneOptions = z.input<typeof pruneOptionsSchema>;

/** What `createCheckpoint` takes; the state itself is checked when it is saved. */
export const createCheckpointSchema = z.strictObject({
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan'),
  executionState: z.custom<ExecutionState>(isPlainObject, 'an execution state').optional(),
});

/** What `repairCheckpoints` takes. */
export const repairOptionsSchema = z.strictObject({
  /** The plan whose latest run is to be repaired. */
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan'),
  /** Only say what would be done, and change nothing. Default `false`. */
  dryRun: z.custom<boolean>((dryRun) => typeof dryRun === 'boolean', 'true or false').default(false),
  /**
   * What becomes of a result that is intact while an input of it is lost. Default `'keep'`: it is paid for, and
   * `staleInputs` tells of it. `'rerun'`: it is dropped, so that it is made again from the new input.
   */
  onLostInput: z
    .custom<'keep' | 'rerun'>((way) => way === 'keep' || way === 'rerun', "'keep' or 'rerun'")
    .default('keep'),
  /** Ends the repair before it has changed anything; the call rejects with its reason. */
  signal: z.custom<AbortSignal>(isSignal, 'an AbortSignal').optional(),
});
export type RepairOptions = z.input<typeof repairOptionsSchema>;

/** @throws TypeError for a handler that names a limit which is not there */
export function checkLimitNames(handlers: Handlers, limits: Readonly<Record<string, unknown>>): void {
  const { tools = {}, ...types } = handlers;
  for (const [name, entry] of [...Object.entries(types), ...Object.entries(tools)]) {
    const named = typeof entry === 'object' ? (entry.limits ?? []) : [];
    const stranger = named.find((limit) => !Object.hasOwn(limits, limit));
    if (stranger === undefined) continue;
    const known = Object.keys(limits).join(', ') || 'none';
    throw new TypeError(`Handler "${name}" names the limit "${stranger}", which limits lacks. Known: ${known}.`);
  }
}

/** @throws TypeError for what is no id at all */
export function checkId(checkpointId: unknown, of: string): string {
  if (typeof checkpointId === 'string') return checkpointId;
  throw new TypeError(`${of} takes the id of a checkpoint, got ${shown(checkpointId)}.`);
}

/** What `signal` takes. */
export const signalSchema = z.strictObject({
  planId: z.custom<string>((id) => typeof id === 'string', 'the id of a plan'),
  name: z.custom<string>((name) => typeof name === 'string' && name !== '', 'the name of a wait'),
  payload: z.unknown().optional(),
  nodeId: z.custom<string>((id) => typeof id === 'string', 'the id of a node').optional(),
});

/**
 * Checks options and fills in defaults.
 * @throws TypeError that names the option, what it got, and the nearest known name
 */
export function checkOptions<Schema extends z.ZodType>(schema: Schema, options: unknown, of: string): z.output<Schema> {
  if (options !== undefined && !isPlainObject(options)) {
    throw new TypeError(`${of} takes an object of options, got ${shown(options)}.`);
  }
  const parsed = schema.safeParse(options ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const name = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') throw new TypeError(unknownOption(of, name, issue.keys[0] ?? '', schema));
  const got = issue.path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown>)?.[step], options);
  const expected = issue.code === 'custom' ? issue.message : 'an object';
  throw new TypeError(`Option "${name}" of ${of} must be ${expected}, got ${shown(got)}.`);
}

function unknownOption(of: string, inside: string, key: string, schema: z.ZodType): string {
  const name = inside === '' ? key : `${inside}.${key}`;
  const known = knownKeys(schema, inside);
  const nearest = known.toSorted((a, b) => distance(a, key) - distance(b, key))[0] ?? '';
  const suggested = inside === '' ? nearest : `${inside}.${nearest}`;
  const hint = distance(nearest, key) <= Math.max(2, key.length / 3) ? ` Did you mean "${suggested}"?` : '';
  return `${of} has no option "${name}".${hint} Known: ${known.join(', ')}.`;
}

function knownKeys(schema: z.ZodType, inside: string): string[] {
  const nested = {
    handlers: [...nodeTypes, 'default', 'tools'],
    retry: Object.keys(retrySchema.shape),
    budget: Object.keys(budgetSchema.shape),
  };
  if (inside !== '') return nested[inside as keyof typeof nested] ?? [];
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** Edits from one word to the other (Levenshtein). */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] as number) + 1, (current[column - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}

function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const isWhole = (value: unknown) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
  return z.custom<number>(isWhole, `a whole number ${range}`);
}

function amount() {
  const isAmount = (value: unknown) => typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
  return z.custom<number>(isAmount, 'a number of at least 0');
}

function isAtLeastOne(value: unknown): boolean {
  return typeof value === 'number' && value >= 1;
}

function fn<F>() {
  return z.custom<F>((value) => typeof value === 'function', 'a function');
}

function handler() {
  return z
    .custom<HandlerEntry>(
      isHandler,
      'a function, or { run, version?, retry?, timeoutMs?, nodeTimeoutMs?, heartbeatTimeoutMs?, limits?, description?, parameters? }',
    )
    .optional();
}

function isHandler(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { run, version, retry, limits, description, parameters, ...given } = value as Partial<Record<string, unknown>>;
  const isNamed = typeof run === 'function' && (version === undefined || typeof version === 'string');
  const times = [given.timeoutMs, given.nodeTimeoutMs, given.heartbeatTimeoutMs];
  const isTimed = times.every((ms) => ms === undefined || whole(1, maxTimerMs).safeParse(ms).success);
  const areNames = Array.isArray(limits) && limits.every((name) => typeof name === 'string');
  if (limits !== undefined && !areNames) return false;
  if (description !== undefined && typeof description !== 'string') return false;
  if (parameters !== undefined && !(hasMethods(parameters, ['safeParse']) && '_zod' in (parameters as object)))
    return false;
  return isNamed && isTimed && (retry === undefined || retryOption.safeParse(retry).success);
}

function isBackoff(value: unknown): boolean {
  return value === 'constant' || value === 'exponential';
}

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

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

/** A signal of any realm. */
function isSignal(value: unknown): boolean {
  return hasMethods(value, ['addEventListener']) && typeof (value as AbortSignal).aborted === 'boolean';
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return String(value);
  return typeof value === 'object' ? (Array.isArray(value) ? 'an array' : 'an object') : `a ${typeof value}`;
}
