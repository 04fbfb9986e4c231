import type { Checkpoint, CheckpointSummary } from './checkpoint/checkpoint.js';
import { checkRetention, isPolicy, type RetentionPolicy } from './checkpoint/retention.js';
import { composer, composerPart } from './composer/composer.js';
import { VibeError } from './errors.js';
import { completeHost } from './host.js';
import { Lazy } from './lazy.js';
import * as calls from './lifecycle/call-options.js';
import { checkId, checkOptions } from './lifecycle/check-options.js';
import type { CreateCheckpointRequest } from './lifecycle/checkpoints.js';
import { findLiveRun } from './lifecycle/find-live-run.js';
import { checkLimitNames } from './lifecycle/handler-options.js';
import { LiveRuns } from './lifecycle/live-runs.js';
import type { OpenBlob } from './lifecycle/open-blob.js';
import { type MetaPlannerOptions, plannerOptionsSchema } from './lifecycle/planner-options.js';
import type { PlannerServices, PlannerSetup } from './lifecycle/planner-services.js';
import type { PruneReport } from './lifecycle/prune.js';
import type { RepairReport } from './lifecycle/repair-report.js';
import { type AskedCall, askedCall, type RunCall } from './lifecycle/run-call.js';
import type { SignalReceipt, SignalRequest } from './lifecycle/signal.js';
import { runVisualized, type VisualizedResult } from './lifecycle/visualize.js';
import { parseVibe, type VibeInput } from './plan/vibe.js';
import { parsePlan, type WorkflowPlan, type WorkflowPlanInput } from './plan/workflow-plan.js';
import type { BlobRef } from './run/blob-ref.js';
import type { ExecutionResult } from './run/execution-result.js';
import type { ExecutionState } from './run/execution-state.js';
import { fileStorePart, WorkflowPersistenceManager } from './stores/file/workflow-persistence-manager.js';
import { MemoryPersistenceManager, memoryStorePart } from './stores/memory.js';

const enginePart = new Lazy(() => import('./engine.js'));

/** The engine, and what it works with for one planner. */
interface AtWork {
  readonly engine: typeof import('./engine.js');
  readonly services: PlannerServices;
}

/**
 * Makes plans of vibes, runs them, and checkpoints them, so that nothing that was finished and paid for is paid again.
 * One planner serves any number of runs at once.
 *
 * Without options it plans and writes with the offline composer, which needs no model, and keeps its checkpoints in
 * `.vibe_checkpoints`.
 *
 * @example
 * const planner = new MetaPlanner({ checkpointInterval: 5 });
 * const result = await planner.executeWithResume({ description: 'A short film about tides' });
 * console.log(result.outputs.brief);
 */
export class MetaPlanner {
  readonly #setup: PlannerSetup;
  readonly #retention: RetentionPolicy | undefined;
  /** Set from the beginning when an earlier planner has loaded what it takes. */
  #atWork: AtWork | undefined;
  #closing: Promise<void> | undefined;
  #draining: Promise<void> | undefined;

  /** Touches nothing outside this object. @throws TypeError for an option that is unknown or makes no sense. */
  constructor(given: MetaPlannerOptions = {}) {
    const checked = checkOptions(plannerOptionsSchema, given, 'MetaPlanner');
    const { checkpointDir, decomposer = composer.decomposer, handlers = {} } = checked;
    if (checkpointDir !== undefined && checked.persistenceManager !== undefined) {
      throw new TypeError('MetaPlanner takes checkpointDir or persistenceManager, not both.');
    }
    const host = completeHost(checked.host);
    checkLimitNames(handlers, checked.limits);
    const persistenceManager = checked.persistenceManager ?? new WorkflowPersistenceManager({ checkpointDir });
    const { retention } = persistenceManager;
    this.#retention = retention === undefined ? undefined : checkRetention(retention, 'persistenceManager.retention');
    const liveRuns = new LiveRuns();
    this.#setup = { options: checked, host, persistenceManager, decomposer, handlers, composed: composer, liveRuns };
    if (partsOf(this.#setup).every(({ loaded }) => loaded !== undefined)) this.#atWork = workOf(this.#setup);
  }

  /**
   * Makes the plan of a vibe and runs nothing. The plan can be changed and passed to `executePlan`.
   * @throws VibeInvalidError, DecompositionError, PlanInvalidError
   */
  async plan(vibe: VibeInput, given?: calls.PlanOptions): Promise<WorkflowPlan> {
    this.#refuseWhenClosed();
    const { signal, planId } = checkOptions(calls.planOptionsSchema, given, 'plan');
    const parsed = parseVibe(vibe);
    signal?.throwIfAborted();
    return this.#setup.liveRuns.during(signal, async (live) => {
      const { engine, services } = this.#atWork ?? (await this.#startWork());
      return engine.planVibe(parsed, { planId, signal: live.signal }, services);
    });
  }

  /**
   * Always a new run. It is checkpointed and can be resumed when `checkpointInterval` is set; otherwise it writes
   * nothing.
   * @throws what `executeWithResume` throws, but nothing about stored checkpoints
   */
  async execute(vibe: VibeInput, given?: calls.ExecuteOptions): Promise<ExecutionResult> {
    return this.#run('new', 'execute', vibe, given);
  }

  /**
   * The same for a plan made by hand.
   * @example
   * await planner.executePlan({
   *   id: 'plan-001',
   *   sourceVibe: { description: 'A haiku' },
   *   rootNodes: [{ id: 'write', type: 'generate', description: 'Write it' }],
   * });
   */
  async executePlan(plan: WorkflowPlanInput, given?: calls.ExecuteOptions): Promise<ExecutionResult> {
    const parsed = parsePlan(plan);
    if (given?.plan !== undefined) throw new TypeError('executePlan takes its plan as the first argument only.');
    return this.#run('new', 'executePlan', parsed.sourceVibe, given, parsed);
  }

  /**
   * Goes on with the latest run of this vibe, or starts one. Completed nodes are never run again, failed, skipped and
   * unfinished ones are; a run that had completed gives its result at once. What counts as the same vibe, and every
   * other case, is in docs/checkpoints.md.
   *
   * A failing node does not reject the promise: see `ExecutionResult.status` and `assertCompleted`.
   *
   * @throws VibeInvalidError, DecompositionError, PlanInvalidError, RedactionError: nothing was run
   * @throws CheckpointNotFoundError, CheckpointCorruptError, CheckpointVersionError, CheckpointMismatchError: what is
   *   stored cannot be gone on from; nothing was run and nothing was changed
   * @throws JobDecisionError when the option `jobs` decides about a job that is not in doubt; nothing was run
   * @throws PlanLockedError when the plan is running already
   * @throws PersistenceError when the store fails; `executionState` has everything that finished
   * @throws the reason of `signal` when it aborts before there is a plan; later the run resolves as `'cancelled'`
   */
  async executeWithResume(vibe: VibeInput, given?: calls.ExecuteOptions): Promise<ExecutionResult> {
    return this.#run('resume', 'executeWithResume', vibe, given);
  }

  /**
   * As `execute`, with a picture of the plan in the result: how each node stands in the end, drawn by `renderPlan`.
   * @throws what `execute` throws
   * @example
   * const { visualization } = await planner.executeWithVisualization({ description: 'A short film about tides' });
   * console.log(visualization);
   */
  async executeWithVisualization(vibe: VibeInput, given?: calls.VisualizationOptions): Promise<VisualizedResult> {
    this.#refuseWhenClosed();
    const name = 'executeWithVisualization';
    const checked = checkOptions(calls.visualizationOptionsSchema, given, name);
    const { format, foldAbove, ...execute } = checked;
    const asked = askedCall('new', name, vibe, execute);
    return runVisualized(asked, { format, foldAbove }, (call) => this.#perform(call));
  }

  /**
   * Saves a state as a listed checkpoint and resolves to its id once it is stored. Without `executionState` it is the
   * live state of that plan, which must be running in this process.
   * @throws TypeError when there is no state to save or it is none
   * @throws CheckpointMismatchError when the state is of another plan, or its results do not fit its plan
   * @throws PlanLockedError while another process runs the plan
   * @throws PersistenceError
   */
  async createCheckpoint(request: CreateCheckpointRequest): Promise<string> {
    const checked = checkOptions(calls.createCheckpointSchema, request, 'createCheckpoint');
    const { engine, services } = this.#atWork ?? (await this.#startWork());
    return engine.createCheckpoint(checked, services);
  }

  /** What a run in this process amounts to now, as a copy; `undefined` when none of that plan is under way. */
  getExecutionState(planId: string): ExecutionState | undefined {
    const { liveRuns, persistenceManager: store } = this.#setup;
    return findLiveRun(planId, { liveRuns, store: { place: store.checkpointDir ?? store } })?.snapshot();
  }

  /**
   * Answers a handler that waits with `ctx.waitFor`, from any process that reaches the store. A run that is under way
   * takes it within a second, in this process at once; a paused one when `executeWithResume` goes on with it. Resolves
   * when it is kept.
   * @throws SignalInvalidError when the payload does not fit, SignalRefusedError when nobody waits for it or will
   * @throws VibeError with code `NO_INBOX` for a store that takes no signals; CheckpointCorruptError, PersistenceError
   * @example
   * await planner.signal({ planId: 'film', name: 'approval', payload: { ok: true } });
   */
  async signal(request: SignalRequest): Promise<SignalReceipt> {
    const checked = checkOptions(calls.signalSchema, request, 'signal');
    const { engine, services } = this.#atWork ?? (await this.#startWork());
    return engine.sendSignal(checked, services);
  }

  /**
   * Opens content that a handler stored with `ctx.blob`, of any plan in the store, while it runs and after. It is checked
   * against its hash as it is read.
   * @throws BlobMissingError when it is not there, BlobCorruptError when it is not what was stored
   * @throws VibeError with code `NO_BLOBS` for a store that keeps none; TypeError for what is no reference; PersistenceError
   * @example
   * const video = await planner.openBlob(result.outputs.render.video);
   * await pipeline(video.stream(), createWriteStream('scene-1.mp4'));
   */
  async openBlob(ref: BlobRef): Promise<OpenBlob> {
    const { engine, services } = this.#atWork ?? (await this.#startWork());
    return engine.openBlob(ref, services);
  }

  /** Checkpoints in the store, newest first. Damaged ones are listed with the field `damaged`. */
  async listCheckpoints(given?: calls.ListOptions): Promise<CheckpointSummary[]> {
    const query = checkOptions(calls.listOptionsSchema, given, 'listCheckpoints');
    const { engine, services } = this.#atWork ?? (await this.#startWork());
    return engine.listCheckpoints(query, services);
  }

  /** @throws CheckpointNotFoundError when there is none, CheckpointCorruptError when it cannot be read */
  async getCheckpoint(checkpointId: string): Promise<Checkpoint> {
    const checked = checkId(checkpointId, 'getCheckpoint');
    const { engine, services } = this.#atWork ?? (await this.#startWork());
    return engine.getCheckpoint(checked, services);
  }

  /**
   * Resolves to `true` when something was removed. Removes a place to return to, never progress: a run whose only
   * checkpoint this was is still resumed. A position in the journal of an earlier run stays, with `false`, while the
   * latest run has only files.
   * @throws PlanLockedError when the checkpoint is a position in the journal of a plan that another process runs
   */
  async deleteCheckpoint(checkpointId: string): Promise<boolean> {
    const checked = checkId(checkpointId, 'deleteCheckpoint');
    const { engine, services } = this.#atWork ?? (await this.#startWork());
    return engine.deleteCheckpoint(checked, services);
  }

  /**
   * Puts the latest run of a plan together again from everything that is intact, behind a damage too: every result that
   * can still be read is in a new checkpoint, damaged files are moved aside and never deleted, and the report says what
   * was kept and what would be paid again. After that `executeWithResume` goes on. Where nothing is damaged, nothing is
   * changed. What is saved is durable before anything is moved, so a repair that was cut off is simply called again.
   *
   * @throws CheckpointNotFoundError when nothing is stored of the plan
   * @throws CheckpointCorruptError when nothing intact tells the vibe and the plan of its latest run; nothing was changed
   * @throws CheckpointVersionError when something was written by a newer version; nothing was changed
   * @throws PlanLockedError while the plan is running. One held elsewhere is waited for, as `executeWithResume` does
   * @throws PersistenceError, or the reason of `signal` when it aborts before anything is changed
   * @example
   * const report = await planner.repairCheckpoints({ planId: 'plan-001' });
   * console.log(`kept ${report.kept.length}, paid again: ${report.paidAgain.map(({ nodeId }) => nodeId)}`);
   */
  async repairCheckpoints(given: calls.RepairOptions): Promise<RepairReport> {
    this.#refuseWhenClosed();
    const call = checkOptions(calls.repairOptionsSchema, given, 'repairCheckpoints');
    return this.#setup.liveRuns.during(call.signal, async (live) => {
      const { engine, services } = this.#atWork ?? (await this.#startWork());
      return engine.repairCheckpoints(call, services, live);
    });
  }

  /**
   * Removes checkpoints that a policy does not keep, in all plans or one; without a policy, those that the `retention` of
   * the `persistenceManager` does not keep. The latest state of a plan goes last, with its journal, and only when its
   * run has completed: what is unfinished stays resumable, whatever its age.
   *
   * Plans that somebody runs, that are damaged, or that a newer version wrote are left as they are and named in
   * `skipped`. Works while other processes run plans of the same store.
   *
   * @example
   * const { deleted, freedPlans } = await planner.pruneCheckpoints({ keepLast: 3, maxAgeMs: 30 * 24 * 60 * 60 * 1000 });
   *
   * @throws TypeError when there is no policy
   * @throws PersistenceError when the store cannot be listed, or the reason of `signal`
   */
  async pruneCheckpoints(given?: calls.PruneOptions): Promise<PruneReport> {
    const checked = checkOptions(calls.pruneOptionsSchema, given, 'pruneCheckpoints');
    const { planId, dryRun, signal, ...own } = checked;
    const policy = isPolicy(own) ? own : this.#retention;
    if (policy === undefined) {
      const fields = 'keepLast, maxAgeMs or deleteOnSuccess';
      throw new TypeError(`pruneCheckpoints needs ${fields}, or a persistenceManager that has a retention.`);
    }
    signal?.throwIfAborted();
    return this.#setup.liveRuns.during(signal, async (live) => {
      const { engine, services } = this.#atWork ?? (await this.#startWork());
      return engine.pruneCheckpoints({ policy, planId, dryRun, signal: live.signal }, services);
    });
  }

  /**
   * For the end of the program: refuses new runs, starts nothing new in live ones, and lets nodes under way finish for
   * `graceMs`; then it aborts them, and they stay pending. Runs with nodes left to do are saved and end as `'paused'` with
   * the pause `{ reason: 'drain' }`: `executeWithResume` of another planner goes on. Resolves when all have ended.
   * Calling it again waits for the same. The planner stays closed.
   * @throws TypeError for an option that is unknown or makes no sense
   * @example
   * process.on('SIGTERM', () => planner.drain({ graceMs: 20_000 }).then(() => process.exit()));
   */
  async drain(given?: calls.DrainOptions): Promise<void> {
    const { graceMs } = checkOptions(calls.drainOptionsSchema, given, 'drain');
    const { liveRuns, host } = this.#setup;
    this.#draining ??= this.#closing ?? liveRuns.drain(closedError('drained'), graceMs, host.setTimer);
    await this.#draining;
  }

  /**
   * Refuses new runs, aborts live ones, waits up to `graceMs` for their handlers, and gives back what this planner holds.
   * Calling it again waits for the same. An injected `persistenceManager` stays open.
   */
  close(): Promise<void> {
    this.#closing ??= this.#setup.liveRuns.abortAll(closedError());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(
    mode: RunCall['mode'],
    name: string,
    vibe: VibeInput,
    given: calls.ExecuteOptions | undefined,
    ownPlan?: WorkflowPlan,
  ): Promise<ExecutionResult> {
    this.#refuseWhenClosed();
    const checked = checkOptions(calls.executeOptionsSchema, given, name);
    return this.#perform(askedCall(mode, name, vibe, checked, ownPlan));
  }

  async #perform(asked: AskedCall): Promise<ExecutionResult> {
    asked.signal?.throwIfAborted();
    const result = await this.#setup.liveRuns.during(asked.signal, async (live) => {
      const { engine, services } = this.#atWork ?? (await this.#startWork());
      return engine.runVibe(asked, services, live);
    });
    const { engine, services } = this.#atWork ?? (await this.#startWork());
    return engine.afterRun(asked, result, services);
  }

  async #startWork(): Promise<AtWork> {
    await Promise.all(partsOf(this.#setup).map((part) => part.load()));
    this.#atWork ??= workOf(this.#setup);
    return this.#atWork;
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== undefined) throw closedError();
    if (this.#draining !== undefined) throw closedError('drained');
  }
}

function closedError(how: 'closed' | 'drained' = 'closed'): VibeError {
  return new VibeError('PLANNER_CLOSED', `This planner is ${how} and starts nothing any more. Make a new MetaPlanner.`);
}

/** All that a planner will ever load. */
function partsOf({ persistenceManager, decomposer }: PlannerSetup): ReadonlyArray<Lazy<unknown>> {
  return [
    enginePart,
    ...(persistenceManager instanceof WorkflowPersistenceManager ? [fileStorePart] : []),
    ...(persistenceManager instanceof MemoryPersistenceManager ? [memoryStorePart] : []),
    ...(decomposer === composer.decomposer ? [composerPart] : []),
  ];
}

function workOf(setup: PlannerSetup): AtWork {
  const engine = enginePart.loaded as AtWork['engine'];
  return { engine, services: engine.plannerServicesOf(setup) };
}
