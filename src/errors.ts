/** Every code a `VibeError` can carry. Codes are stable, messages may improve. */
export type VibeErrorCode =
  | 'VIBE_INVALID'
  | 'PLAN_INVALID'
  | 'DECOMPOSITION_FAILED'
  | 'CHECKPOINT_NOT_FOUND'
  | 'CHECKPOINT_CORRUPT'
  | 'CHECKPOINT_MISMATCH'
  | 'CHECKPOINT_VERSION_UNSUPPORTED'
  | 'PLAN_LOCKED'
  | 'PERSISTENCE_FAILED'
  | 'INVALID_ID'
  | 'NODE_TIMEOUT'
  | 'OUTPUT_NOT_SERIALIZABLE'
  | 'REDACTION_FAILED'
  | 'JOB_DECISION_REFUSED'
  | 'MISSING_PEER'
  | 'MODEL_FAILED'
  | 'RUN_NOT_COMPLETED'
  | 'SIGNAL_INVALID'
  | 'SIGNAL_REFUSED'
  | 'NO_INBOX'
  | 'BLOB_MISSING'
  | 'BLOB_CORRUPT'
  | 'NO_BLOBS'
  | 'RUN_TIMEOUT'
  | 'PLANNER_CLOSED';

/** One thing that is wrong with a vibe or a plan, and where. */
export interface Issue {
  /** Where it is: a field such as `constraints[0]`, or the id of a node. */
  readonly path: string;
  /** What is wrong and what would be right. */
  readonly message: string;
}

const brand = Symbol.for('vibe-aigc.error');

/**
 * The base of every error of this library. Branch on `code`; read `message`, which names the thing and the next step;
 * follow `cause`. `VibeError.is` also recognises errors of another copy of this library (ESM beside CommonJS), where
 * `instanceof` is false.
 *
 * @example
 * try {
 *   await planner.executeWithResume(vibe);
 * } catch (error) {
 *   if (VibeError.is(error) && error.code === 'PLAN_LOCKED') console.log('already running');
 *   else throw error;
 * }
 */
export class VibeError extends Error {
  override readonly name: string = 'VibeError';
  readonly [brand] = true;

  constructor(
    readonly code: VibeErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** True for a `VibeError` of any copy of this library in this process. */
  static is(error: unknown): error is VibeError {
    if (typeof error !== 'object' || error === null) return false;
    try {
      return (error as { [brand]?: unknown })[brand] === true;
    } catch {
      return false; // a foreign object whose fields cannot even be read
    }
  }
}

/** The vibe does not fit its schema; `issues` has every problem. Nothing was run. */
export class VibeInvalidError extends VibeError {
  override readonly name = 'VibeInvalidError';
  constructor(
    readonly issues: readonly Issue[],
    options?: ErrorOptions,
  ) {
    super('VIBE_INVALID', `This vibe cannot be used: ${listOf(issues)}. Nothing was run.`, options);
  }
}

/**
 * The plan cannot be run, and nothing was; or a handler wanted to add nodes that cannot be, and none was. `issues` has
 * every problem at once.
 */
export class PlanInvalidError extends VibeError {
  override readonly name = 'PlanInvalidError';
  /** The node whose handler wanted to add nodes. */
  readonly nodeId?: string;

  constructor(
    readonly planId: string,
    readonly issues: readonly Issue[],
    { nodeId, ...options }: ErrorOptions & { readonly nodeId?: string } = {},
  ) {
    const plan = `Plan ${quote(planId)}`;
    const what =
      nodeId === undefined
        ? `${plan} cannot be run: ${listOf(issues)}. Nothing was run.`
        : `${plan} cannot grow below ${quote(nodeId)}: ${listOf(issues)}. Nothing was added.`;
    super('PLAN_INVALID', what, options);
    if (nodeId !== undefined) this.nodeId = nodeId;
  }
}

/** The decomposer threw, or what it answered is no plan. Nothing was run. */
export class DecompositionError extends VibeError {
  override readonly name = 'DecompositionError';
  /** What a model answered, up to 10,000 characters of it. */
  readonly answer?: string;

  constructor(
    readonly planId: string,
    reason: string,
    { answer, ...options }: ErrorOptions & { readonly answer?: string } = {},
  ) {
    const next = 'Nothing was run; call again, or pass a plan of your own as the option "plan".';
    super('DECOMPOSITION_FAILED', `No plan could be made for ${quote(planId)}: ${reason}. ${next}`, options);
    if (answer !== undefined) this.answer = answer.slice(0, 10_000);
  }
}

/** No checkpoint has this id, or nothing is stored of this plan. */
export class CheckpointNotFoundError extends VibeError {
  override readonly name = 'CheckpointNotFoundError';
  constructor(
    /** Absent when a plan was asked for. */
    readonly checkpointId: string | undefined,
    /** Set when a plan was asked for. */
    readonly planId?: string,
    options?: ErrorOptions,
  ) {
    const which = checkpointId === undefined ? `of plan ${quote(planId ?? '')}` : quote(checkpointId);
    const next = `listCheckpoints() shows ${checkpointId === undefined ? 'what exists' : 'the ids that exist'}.`;
    super('CHECKPOINT_NOT_FOUND', `There is no checkpoint ${which}. ${next}`, options);
  }
}

/** What a `CheckpointCorruptError` knows about the damage. */
export interface CheckpointDamage {
  readonly planId: string;
  /** What is wrong, in words. Never content of the checkpoint. */
  readonly reason: string;
  /** Where it is: a file, or the name of a store. */
  readonly location: string;
  /** The newest checkpoint affected. */
  readonly checkpointId?: string;
  /** The latest intact checkpoint of the plan, when there is one. */
  readonly fallbackCheckpointId?: string;
  /** Set by `repairCheckpoints` where it can do nothing. */
  readonly isBeyondRepair?: boolean;
}

/**
 * A stored checkpoint exists and cannot be trusted. Every file is left as it was.
 *
 * @example
 * try {
 *   await planner.executeWithResume(vibe);
 * } catch (error) {
 *   if (!(error instanceof CheckpointCorruptError)) throw error;
 *   if (error.checkpointId) await planner.deleteCheckpoint(error.checkpointId);
 *   await planner.execute(vibe); // pays for everything again
 * }
 */
export class CheckpointCorruptError extends VibeError implements CheckpointDamage {
  override readonly name = 'CheckpointCorruptError';
  readonly planId: string;
  readonly reason: string;
  readonly location: string;
  readonly checkpointId?: string;
  readonly fallbackCheckpointId?: string;
  readonly isBeyondRepair?: boolean;

  constructor(damage: CheckpointDamage, options?: ErrorOptions) {
    const which = damage.checkpointId === undefined ? 'a checkpoint' : `checkpoint ${quote(damage.checkpointId)}`;
    const next = damage.isBeyondRepair ? afterNoRepair(damage) : nextStep(damage);
    const what = `Plan ${quote(damage.planId)}: ${which} is damaged (${damage.reason}) at ${damage.location}`;
    super('CHECKPOINT_CORRUPT', `${what}. ${next}.`, options);
    this.planId = damage.planId;
    this.reason = damage.reason;
    this.location = damage.location;
    this.checkpointId = damage.checkpointId;
    this.fallbackCheckpointId = damage.fallbackCheckpointId;
    this.isBeyondRepair = damage.isBeyondRepair;
  }
}

function nextStep({ planId, fallbackCheckpointId: intact }: CheckpointDamage): string {
  const repair = `repairCheckpoints({ planId: ${quote(planId)} }) saves what is intact and tells what is lost`;
  const fallback = `or go on from ${quote(intact ?? '')} with onCorrupt: 'fallback'`;
  return `${repair}; ${intact === undefined ? 'or start over with fresh: true' : fallback}`;
}

function afterNoRepair({ fallbackCheckpointId: intact }: CheckpointDamage): string {
  const over = 'Start over with fresh: true';
  return intact === undefined ? over : `${over}, or return to ${quote(intact)} with checkpointId`;
}

/** What is stored belongs to another vibe or to another plan than the one asked for. Nothing was run. */
export class CheckpointMismatchError extends VibeError {
  override readonly name = 'CheckpointMismatchError';
  constructor(
    readonly planId: string,
    readonly reason: string,
    readonly checkpointId?: string,
    options?: ErrorOptions,
  ) {
    super('CHECKPOINT_MISMATCH', `Plan ${quote(planId)} does not match what is stored: ${reason}.`, options);
  }
}

/** Written by a newer version of this library. Nothing was touched. */
export class CheckpointVersionError extends VibeError {
  override readonly name = 'CheckpointVersionError';
  constructor(
    readonly planId: string,
    readonly found: string,
    readonly checkpointId?: string,
    options?: ErrorOptions,
  ) {
    const which = checkpointId === undefined ? 'a checkpoint' : `checkpoint ${quote(checkpointId)}`;
    const what = `Plan ${quote(planId)}: ${which} has ${found}, which this version cannot read`;
    super('CHECKPOINT_VERSION_UNSUPPORTED', `${what}. Update vibe-aigc; nothing was touched.`, options);
  }
}

/** Who runs a plan. */
export interface LockHolder {
  /** Process id. */
  readonly pid: number;
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** The machine or container, where the store knows it. */
  readonly host?: string;
}

/**
 * Somebody else runs this plan. At the start of a call nothing was run; in the middle of a run somebody has taken the plan
 * over, and nothing more was acknowledged.
 */
export class PlanLockedError extends VibeError {
  override readonly name = 'PlanLockedError';
  constructor(
    readonly planId: string,
    readonly holder: LockHolder,
    options?: ErrorOptions,
  ) {
    const where = holder.host === undefined ? '' : ` on ${quote(holder.host)}`;
    const who = `run ${quote(holder.runId)} of process ${holder.pid}${where} since ${holder.since}`;
    super('PLAN_LOCKED', `Plan ${quote(planId)} is being run by ${who}. Wait for it, or use another planId.`, options);
  }
}

/**
 * The store failed. What was acknowledged before is kept; the same call works once the cause is gone. When a run was
 * stopped by it, `executionState` has everything that finished, also what could not be saved: keep it with
 * `createCheckpoint({ planId, executionState })`.
 *
 * `State` is `ExecutionState`, which this page cannot import.
 */
export class PersistenceError<State = unknown> extends VibeError {
  override readonly name = 'PersistenceError';
  /** Not enumerable: printing the error does not print it. */
  declare readonly executionState?: State;

  constructor(
    /** Absent when the store failed before a plan was known. */
    readonly planId: string | undefined,
    readonly reason: string,
    executionState?: State,
    options?: ErrorOptions,
  ) {
    const what = planId === undefined ? 'The checkpoint store' : `The store of plan ${quote(planId)}`;
    const next = 'What was saved before is kept: call again once the cause is gone.';
    super('PERSISTENCE_FAILED', `${what} failed: ${reason}. ${next}`, options);
    // A whole run, with every output: whoever prints the error wants neither a hundred thousand lines nor secrets.
    Object.defineProperty(this, 'executionState', { value: executionState });
  }
}

/** An id that no plan or checkpoint can have. */
export class InvalidIdError extends VibeError {
  override readonly name = 'InvalidIdError';
  constructor(
    readonly id: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super('INVALID_ID', `${quote(id)} cannot be used as an id: ${reason}.`, options);
  }
}

/** The options that limit the time of an attempt. */
export type TimeLimitName = 'timeoutMs' | 'nodeTimeoutMs' | 'heartbeatTimeoutMs';

/** An attempt took longer than one of its limits. It counts as a failed attempt. */
export class NodeTimeoutError extends VibeError {
  override readonly name = 'NodeTimeoutError';
  constructor(
    readonly nodeId: string,
    /** What `limit` was set to. */
    readonly timeoutMs: number,
    readonly limit: TimeLimitName = 'timeoutMs',
    options?: ErrorOptions,
  ) {
    const what = {
      timeoutMs: `did not finish within ${timeoutMs} ms. Raise timeoutMs or retry.maxAttempts`,
      nodeTimeoutMs: `did not finish within ${timeoutMs} ms over all its attempts. Raise nodeTimeoutMs`,
      heartbeatTimeoutMs: `reported nothing for ${timeoutMs} ms. Report more often, or raise heartbeatTimeoutMs`,
    };
    super('NODE_TIMEOUT', `Node ${quote(nodeId)} ${what[limit]}.`, options);
  }
}

/** A handler returned something that JSON cannot carry; `path` leads to it. */
export class OutputNotSerializableError extends VibeError {
  override readonly name = 'OutputNotSerializableError';
  constructor(
    readonly nodeId: string,
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    const what = `Node ${quote(nodeId)} returned what cannot be stored: ${path} is refused (${reason})`;
    super('OUTPUT_NOT_SERIALIZABLE', `${what}. Return plain JSON values.`, options);
  }
}

/**
 * The redact hook threw, or returned what does not fit. Nothing of what it was given is stored or shown: for a vibe or a
 * plan nothing was run, for an output its node has failed. What the hook threw is the `cause`.
 */
export class RedactionError extends VibeError {
  override readonly name = 'RedactionError';
  constructor(
    /** What the hook was given. */
    readonly kind: 'vibe' | 'plan' | 'output' | 'error',
    readonly reason: string,
    /** Absent for a vibe and a plan. */
    readonly nodeId?: string,
    options?: ErrorOptions,
  ) {
    const what = nodeId === undefined ? `the ${kind}` : `the ${kind} of node ${quote(nodeId)}`;
    super('REDACTION_FAILED', `The redact hook failed on ${what}: ${reason}. Mend the hook and call again.`, options);
  }
}

/** The option `jobs` decides about a job that is not in doubt. Nothing was run and nothing was changed. */
export class JobDecisionError extends VibeError {
  override readonly name = 'JobDecisionError';
  constructor(
    readonly planId: string,
    readonly nodeId: string,
    readonly jobName: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    const which = `job ${quote(jobName)} of node ${quote(nodeId)} in plan ${quote(planId)}`;
    super('JOB_DECISION_REFUSED', `There is nothing to decide about ${which}: ${reason}.`, options);
  }
}

/** The payload of a signal does not fit the schema that its wait was given; `issues` has every problem. */
export class SignalInvalidError extends VibeError {
  override readonly name = 'SignalInvalidError';
  constructor(
    readonly planId: string,
    readonly nodeId: string,
    readonly signalName: string,
    readonly issues: readonly Issue[],
    options?: ErrorOptions,
  ) {
    const what = `Signal ${quote(signalName)} for node ${quote(nodeId)} of plan ${quote(planId)} does not fit`;
    super('SIGNAL_INVALID', `${what}: ${listOf(issues)}. The node goes on waiting.`, options);
  }
}

/** Nobody waits, or will wait, for this signal. Nothing was kept of it. */
export class SignalRefusedError extends VibeError {
  override readonly name = 'SignalRefusedError';
  constructor(
    readonly planId: string,
    readonly signalName: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super('SIGNAL_REFUSED', `Signal ${quote(signalName)} for plan ${quote(planId)} was not taken: ${reason}.`, options);
  }
}

/** Content that a reference names is not in the store. */
export class BlobMissingError extends VibeError {
  override readonly name = 'BlobMissingError';
  constructor(
    readonly planId: string,
    /** 64 hex digits. */
    readonly sha256: string,
    options?: ErrorOptions,
  ) {
    super('BLOB_MISSING', `Plan ${quote(planId)}: blob ${sha256} is not in the store. ${makeAgain}.`, options);
  }
}

/** Content that a reference names is there and is not what was stored. What was read of it by then cannot be trusted. */
export class BlobCorruptError extends VibeError {
  override readonly name = 'BlobCorruptError';
  constructor(
    readonly planId: string,
    /** 64 hex digits. */
    readonly sha256: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super('BLOB_CORRUPT', `Plan ${quote(planId)}: blob ${sha256} is damaged (${reason}). ${makeAgain}.`, options);
  }
}

const makeAgain = 'executeWithResume with the same vibe runs the node again that made it';

/** An optional package is not installed. */
export class MissingPeerError extends VibeError {
  override readonly name = 'MissingPeerError';
  constructor(
    readonly peer: string,
    options?: ErrorOptions,
  ) {
    super('MISSING_PEER', `This needs the package ${quote(peer)}. Run: npm install ${peer}`, options);
  }
}

/** What a thrown error wants of the attempts after it: known by this, also in another copy of this library. */
export const retryWish = Symbol.for('vibe-aigc.retry');

/**
 * For handlers to throw: the node is tried again when this says, if it has attempts left, and however `retry` would have
 * decided.
 * @example
 * throw new RetryAfterError('The queue is full', 30_000, { cause: error });
 */
export class RetryAfterError extends Error {
  override readonly name = 'RetryAfterError';
  readonly [retryWish]: number | Date;

  /** @param after milliseconds from now, or a date. @throws TypeError for anything else */
  constructor(message: string, after: number | Date, options?: ErrorOptions) {
    super(message, options);
    const value = after instanceof Date ? after.getTime() : after;
    if (!Number.isFinite(value) || value < 0) {
      throw new TypeError(`RetryAfterError takes milliseconds from 0 on or a Date, got ${String(after)}.`);
    }
    this[retryWish] = after;
  }
}

/**
 * For handlers to throw: the node has failed, and no further attempt would change that, whatever `retry` says.
 * @example
 * if (answer.status === 401) throw new FatalError('The API key is not valid');
 */
export class FatalError extends Error {
  override readonly name = 'FatalError';
  readonly [retryWish] = 'never';
}

/**
 * Why a model gave nothing to go on with. `busy`, `unavailable` and `timeout` may pass, and an `empty` answer may be
 * another one the next time; the others stay until somebody changes something.
 */
export type ModelFailure =
  /** Too many requests, or overloaded: 429, 503 or 529. */
  | 'busy'
  /** A fault of the provider (408 or 5xx), or no connection. */
  | 'unavailable'
  /** No answer in time. */
  | 'timeout'
  /** The key is missing, wrong, or may not do this: 401 or 403. */
  | 'unauthorized'
  /** Nothing is left to pay with. */
  | 'quota'
  /** The request was not accepted: another 4xx. */
  | 'rejected'
  /** The model declined. */
  | 'refused'
  /** A content filter cut in. */
  | 'filtered'
  /** The answer ended at the limit of its length. */
  | 'truncated'
  | 'empty'
  /** What came back is no answer of a model. */
  | 'unreadable';

const afterModelFailure: Record<ModelFailure, string> = {
  busy: 'It is worth trying again later',
  unavailable: 'It is worth trying again; if it stays so, check the address and the network',
  timeout: 'It is worth trying again; if it stays so, raise timeoutMs',
  unauthorized: 'Check the API key and what it may use',
  quota: 'Check the plan and the billing of the account',
  rejected: 'Check the name of the model, the address, and the length of the request',
  refused: 'Change the description of the node or of the vibe',
  filtered: 'Change the description of the node or of the vibe',
  truncated: 'Raise maxOutputTokens, or ask for less at once',
  empty: 'Try again, or use another model',
  unreadable: 'Check the address: it should lead to an API of this kind',
};

const passingFailures: readonly ModelFailure[] = ['busy', 'unavailable', 'timeout', 'empty'];

/**
 * A call to a model failed. What may pass is tried again as `retry` says; the rest never is. Holds no key and nothing of
 * the request; `cause` is what the client of the model threw.
 */
export class ModelError extends VibeError {
  override readonly name = 'ModelError';
  /** The HTTP status, where there was one. */
  readonly status?: number;
  readonly [retryWish]?: 'never';

  constructor(
    readonly modelId: string,
    readonly reason: ModelFailure,
    /** What happened, in words. */
    detail: string,
    { status, ...options }: ErrorOptions & { readonly status?: number } = {},
  ) {
    super('MODEL_FAILED', `Model ${quote(modelId)}: ${detail}. ${afterModelFailure[reason]}.`, options);
    if (status !== undefined) this.status = status;
    if (!passingFailures.includes(reason)) this[retryWish] = 'never';
  }
}

/** Ids and names come from anywhere: shown whole when short, and never with a raw control character. */
function quote(text: string): string {
  return JSON.stringify(text.length <= 200 ? text : `${text.slice(0, 200)}…`);
}

function listOf(issues: readonly Issue[]): string {
  const shown = issues.slice(0, 20).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const rest = issues.length > 20 ? `; and ${issues.length - 20} more` : '';
  return shown.join('; ') + rest;
}
