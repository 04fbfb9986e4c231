import { isRollingId } from '../checkpoint/checkpoint-id.js';
import { type LockHolder, PersistenceError, VibeError } from '../errors.js';
import type { Emit } from '../execution/execution-event.js';
import { type ExecutionResult, makingExecutionResult, type PersistenceInfo } from '../run/execution-result.js';
import { type ExecutionState, executionStateOf } from '../run/execution-state.js';
import type { NodeRecord } from '../run/node-record.js';
import { completeUntil } from '../run/reopen-node.js';
import { unrecordedLog } from '../run/run-log.js';
import type { RunState } from '../run/run-state.js';
import { inTurns } from '../turns.js';
import { decidedJobs } from './decide-jobs.js';
import { createEmitter, type EmitterSubject } from './emitter.js';
import { executeInTime } from './execute-in-time.js';
import { findStart, findTarget, type StoredStart, type Target } from './find-run.js';
import { type HeldPlan, holdPlan } from './hold-plan.js';
import type { LiveRun } from './live-runs.js';
import { makePlan } from './make-plan.js';
import { type OpenRun, openNewRun } from './open-run.js';
import { Look, lockPlanForCall, type PlanLock } from './plan-lock.js';
import type { PlannerServices } from './planner-services.js';
import { pruneAfterRun } from './prune.js';
import { redactCall } from './redaction.js';
import { RunBlobs, surveyBlobs } from './run-blobs.js';
import type { AskedCall, RunCall } from './run-call.js';
import { emptyInbox, RunMailbox } from './run-mailbox.js';
import { runServicesOf } from './run-services.js';
import { type OnSaved, type StartedRecorder, startRecorder } from './start-recorder.js';

/** One run from call to close: find, lock, recover, decompose, execute, finish. */
export async function runVibe(asked: AskedCall, planner: PlannerServices, live: LiveRun): Promise<ExecutionResult> {
  const call = redactCall(asked, planner.redactor);
  const run = isRecorded(call, planner) ? runRecorded : runUnrecorded;
  const ended = await run(call, planner, live);
  if (call.onEnd !== undefined && live.state !== undefined) call.onEnd(executionStateOf(live.state));
  return ended;
}

/** What comes when a run is over: the policy of the store is applied to its plan. */
export async function afterRun(
  asked: AskedCall,
  result: ExecutionResult,
  planner: PlannerServices,
): Promise<ExecutionResult> {
  if (!isRecorded(asked, planner)) return result;
  return planner.liveRuns.during(undefined, () => pruneAfterRun(result, planner));
}

function isRecorded({ mode }: AskedCall, { checkpointInterval }: PlannerServices): boolean {
  return mode === 'resume' || checkpointInterval !== undefined;
}

/** A run that is not to outlive this process: it reads and writes nothing. */
async function runUnrecorded(call: RunCall, planner: PlannerServices, live: LiveRun): Promise<ExecutionResult> {
  const { planId, vibeKey } = await findTarget(call, planner);
  const subject: EmitterSubject = { planId, runId: newRunId(planner) };
  const emit = createEmitter(subject, [planner.onProgress, call.onProgress], planner.host);
  emit?.({ type: 'run_started', resumed: false, completedNodes: 0 });
  const run = await planNewRun(call, { ...subject, vibeKey, epoch: 0 }, planner, live);
  const state = run.makeState();
  subject.state = state;
  beLive(live, state);
  emit?.({ type: 'plan_created', totalNodes: state.graph.nodes.length });
  await executeInTime(state, { ...runServicesOf(call, planner, state, live, emit), log: unrecordedLog }, planner, live);
  return finish(state, 0, { checkpointEnabled: false }, emit);
}

async function runRecorded(call: RunCall, planner: PlannerServices, live: LiveRun): Promise<ExecutionResult> {
  const target = await findTarget(call, planner);
  const { planId } = target;
  const runId = newRunId(planner);
  const since = new Date(planner.host.now()).toISOString();
  const holder = { pid: process.pid, runId, since };
  const look = new Look();
  const lock: PlanLock = { holder, live, look };
  const unlock = await lockPlanForCall(planner.store.place, planId, lock, live.signal);
  try {
    const emit = createEmitter({ planId, runId: '' }, [planner.onProgress, call.onProgress], planner.host);
    const onWaiting = (other: LockHolder) => {
      look.end(false);
      emit?.({ type: 'lock_waiting', holder: other });
    };
    const held = await holdPlan({ planId, runId, since, signal: live.signal, onWaiting }, planner);
    lock.isHeld = true;
    try {
      return await runHeld(call, { target, held, runId, holder, look }, planner, live);
    } finally {
      await held.lease?.release();
    }
  } finally {
    unlock();
    look.end(true);
  }
}

function beLive(live: LiveRun, state: RunState): void {
  live.state = state;
  live.snapshot = () => executionStateOf(state);
}

interface HeldCall {
  readonly target: Target;
  readonly held: HeldPlan;
  /** Of the run, if it turns out to be a new one. */
  readonly runId: string;
  /** What this process is told of who has the plan. */
  readonly holder: { runId: string };
  /** Ended as soon as there is something to run. */
  readonly look: Look;
}

async function runHeld(
  call: RunCall,
  held: HeldCall,
  planner: PlannerServices,
  live: LiveRun,
): Promise<ExecutionResult> {
  const prepared = await prepareRun(call, held, planner, live);
  return prepared.result ?? runPrepared(call, prepared, planner, live);
}

/** A run that can begin, or the result of one that had ended. */
type Prepared = PreparedRun | { readonly result: ExecutionResult };

interface PreparedRun extends StartedRecorder {
  readonly result?: undefined;
  readonly subject: EmitterSubject;
  readonly emit: Emit | undefined;
  /** What is recorded with the start: what was decided since the run stopped, and nodes that are to run again. */
  readonly decided: readonly NodeRecord[];
  /** SHA-256 of the blobs that earlier processes stored. */
  readonly blobs: readonly string[];
  /** How many nodes are complete and stay so. */
  readonly reused: number;
  readonly isNewRun: boolean;
  readonly resumedFrom: string | undefined;
  /** The newest listed checkpoint of the run. */
  readonly last: { checkpointId: string | undefined };
}

async function prepareRun(
  call: RunCall,
  { target, held, runId, holder, look }: HeldCall,
  planner: PlannerServices,
  live: LiveRun,
): Promise<Prepared> {
  const { planId, vibeKey } = target;
  const { epoch, lease, stored: seen } = held;
  held.stored = undefined;
  const found = await findStart(call, target, { seen, epoch, newRunId: runId }, planner);
  const { stored } = found;
  let { start } = found;
  const subject: EmitterSubject = { planId, runId: start?.run.identity.runId ?? runId };
  holder.runId = subject.runId;
  subject.state = start?.run.makeState();
  const decided = decidedJobs(call.jobs, planId, subject.state, planner);
  const emit = createEmitter(subject, [planner.onProgress, call.onProgress], planner.host);
  const { intact: blobs, reopened } = await surveyBlobs(subject.state, planner, live.signal);
  const reused = (subject.state?.completed.length ?? 0) - (subject.state ? completeUntil(subject.state, reopened) : 0);
  emitStart(emit, start, target.strays, reused);
  if (start !== undefined && call.checkpointId === undefined && reopened.length === 0 && isFinished(subject.state)) {
    const { inbox } = planner.store;
    if (inbox !== undefined) await emptyInbox(planId, inbox, planner.host); // a crash may have come before that
    return { result: await returnFinished(start, subject.state as RunState, planner, emit) };
  }
  look.end(false);
  if (start?.run.toRunAgain !== undefined && reopened.length > 0) {
    start = { ...start, run: start.run.toRunAgain() };
    subject.state = start.run.makeState();
  }
  const run = start?.run ?? (await planNewRun(call, { ...subject, vibeKey, epoch }, planner, live));
  const isNewRun = subject.runId === runId;
  const checkpoint = start?.checkpoint;
  const last = { checkpointId: checkpoint && listedId(checkpoint.checkpointId) };
  const onSaved: OnSaved = ({ checkpointId, completed, isListed }) => {
    if (isListed) last.checkpointId = checkpointId;
    emit?.({ type: 'checkpoint_saved', checkpointId, completedNodes: completed, listed: isListed });
  };
  const recorded = { run, state: subject.state, checkpoint, isNewRun, stored, lease };
  const started = await startRecorder(recorded, planner, onSaved).catch((error: unknown) => {
    throw withExecutionState(error, run.makeState()); // making the plan may have been paid for, too
  });
  const known = { decided: [...reopened, ...decided], blobs, reused };
  return { ...started, ...known, subject, emit, isNewRun, resumedFrom: checkpoint?.checkpointId, last };
}

async function runPrepared(
  call: RunCall,
  prepared: PreparedRun,
  planner: PlannerServices,
  live: LiveRun,
): Promise<ExecutionResult> {
  const { state, recorder, maxUncommitted, decided, subject, emit, isNewRun, resumedFrom, last, reused } = prepared;
  subject.state = state;
  beLive(live, state);
  live.recorder = recorder;
  const { inbox, blobs } = planner.store;
  const mailbox = inbox && new RunMailbox(state, inbox, planner.host);
  live.mailbox = mailbox;
  try {
    if (isNewRun) await recorder.begin();
    if (resumedFrom === undefined) emit?.({ type: 'plan_created', totalNodes: state.graph.nodes.length });
    const keeper = blobs && new RunBlobs(state.planId, blobs, prepared.blobs);
    const recorded = { log: recorder, mailbox, blobs: keeper, maxUncommitted, decided };
    const services = { ...runServicesOf(call, planner, state, live, emit), ...recorded };
    await executeInTime(state, services, planner, live);
    if (state.status === 'completed' && inbox !== undefined) await emptyInbox(state.planId, inbox, planner.host);
    const info = infoOf(planner, { lastCheckpointId: last.checkpointId, resumedFrom });
    return await finish(state, reused, info, emit);
  } catch (error) {
    throw withExecutionState(error, state);
  } finally {
    await recorder.close().catch((error) => planner.host.log('warn', 'A journal could not be closed.', { error }));
  }
}

async function planNewRun(
  call: RunCall,
  names: { planId: string; runId: string; vibeKey: string; epoch: number },
  planner: PlannerServices,
  { signal }: LiveRun,
): Promise<OpenRun> {
  const plan = await makePlan(call, names.planId, signal, planner);
  const { storedVibe, isVibeRedacted } = call;
  return openNewRun(plan, storedVibe, { ...names, isVibeRedacted }, planner);
}

function returnFinished(
  { checkpoint: { checkpointId } }: StoredStart,
  state: RunState,
  planner: PlannerServices,
  emit: Emit | undefined,
): Promise<ExecutionResult> {
  const info = infoOf(planner, { lastCheckpointId: listedId(checkpointId), resumedFrom: checkpointId });
  return finish(state, state.completed.length, info, emit);
}

async function finish(
  state: RunState,
  reused: number,
  info: PersistenceInfo,
  emit: Emit | undefined,
): Promise<ExecutionResult> {
  const result = await inTurns(makingExecutionResult(state, reused, info));
  if (result.status !== 'paused') emit?.({ type: 'run_completed', status: result.status });
  else if (result.pause !== undefined) emit?.({ type: 'run_paused', pause: result.pause });
  return result;
}

function emitStart(
  emit: Emit | undefined,
  start: StoredStart | undefined,
  strays: ReadonlyArray<{ checkpointId: string; planId: string; damaged: { reason: string } }>,
  completedNodes: number,
): void {
  if (emit === undefined) return;
  emit({ type: 'run_started', resumed: start !== undefined, completedNodes });
  for (const { checkpointId = '', planId, reason } of start?.passedOver ?? []) {
    emit({ type: 'checkpoint_corrupt', checkpointId, damagedPlanId: planId, reason });
  }
  for (const { checkpointId, planId, damaged } of strays) {
    emit({ type: 'checkpoint_corrupt', checkpointId, damagedPlanId: planId, reason: damaged.reason });
  }
}

/** A state that says so but has nodes left is simply gone on with. */
function isFinished(state: RunState | undefined): boolean {
  return state?.status === 'completed' && state.completed.length === state.graph.nodes.length;
}

function infoOf(
  { store }: PlannerServices,
  ids: Pick<PersistenceInfo, 'lastCheckpointId' | 'resumedFrom'>,
): PersistenceInfo {
  return {
    checkpointEnabled: true,
    ...(store.checkpointDir !== undefined && { checkpointDir: store.checkpointDir }),
    ...(ids.lastCheckpointId !== undefined && { lastCheckpointId: ids.lastCheckpointId }),
    ...(ids.resumedFrom !== undefined && { resumedFrom: ids.resumedFrom }),
  };
}

/** Paid results are in the caller's hands even when they could not be saved. */
function withExecutionState(error: unknown, state: RunState): unknown {
  if (!VibeError.is(error) || error.code !== 'PERSISTENCE_FAILED') return error;
  const { reason, cause } = error as PersistenceError;
  return new PersistenceError<ExecutionState>(state.planId, reason, executionStateOf(state), { cause });
}

function listedId(checkpointId: string): string | undefined {
  return isRollingId(checkpointId) ? undefined : checkpointId;
}

function newRunId({ host }: PlannerServices): string {
  return `run-${host.newId()}`;
}
