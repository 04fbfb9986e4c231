import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ExecutionEvent,
  type ExecutionState,
  MetaPlanner,
  type NodeHandler,
  type PersistenceError,
  type PlanLockedError,
  type SignalRequest,
  VibeError,
  WorkflowPersistenceManager,
} from 'vibe-aigc';
import { featureOf } from './features.js';
import { note } from './ledger.js';
import { mediaHandler } from './media-handler.js';
import { told } from './messages.js';
import { paidHandler } from './paid-handler.js';
import { type PlanName, plans, vibe } from './plans.js';
import type { Job } from './protocol.js';

/** One call with a planner of its own, told to the ledger from beginning to end. `true` when it was not rejected. */
export async function callPlanner(job: Job): Promise<boolean> {
  note({ type: 'calling' });
  const aborting = new AbortController();
  try {
    if (job.repairs === true) {
      await repair(plannerFor(job, aborting));
      return true;
    }
    if (job.prune !== undefined) {
      const { deleted, freedPlans, skipped } = await plannerFor(job, aborting).pruneCheckpoints(job.prune);
      note({
        type: 'pruned',
        deleted: deleted.length,
        freed: freedPlans,
        skipped: skipped.map(({ error }) => error.code),
      });
      return true;
    }
    if (job.signal !== undefined) {
      const planner = plannerFor(job, aborting);
      await send(planner, { ...job.signal, planId: await onlyPlan(planner) });
      return true;
    }
    await execute(job, aborting);
    return true;
  } catch (error) {
    noteRejection(error);
    return false;
  }
}

async function execute(job: Job, aborting: AbortController): Promise<void> {
  const options = { signal: aborting.signal, jobs: job.jobs, budget: job.budget };
  const { status, outputs, pauses, executionSummary } = await plannerFor(job, aborting).executeWithResume(
    vibe,
    options,
  );
  const { totalNodes, spend } = executionSummary;
  note({ type: 'finished', status, outputs, pauses, summary: { totalNodes, spend } });
}

async function send(planner: MetaPlanner, request: SignalRequest): Promise<void> {
  const { isTaken } = await planner.signal(request);
  note({ type: 'signalled', isTaken });
}

async function repair(planner: MetaPlanner): Promise<void> {
  const { kept, toRun } = await planner.repairCheckpoints({ planId: await onlyPlan(planner) });
  note({ type: 'repaired', kept, toRun });
}

/** The ids of plans are not known beforehand: there is one. */
async function onlyPlan(planner: MetaPlanner): Promise<string> {
  const [summary] = await planner.listCheckpoints();
  return summary?.planId ?? '';
}

function plannerFor(job: Job, aborting: AbortController): MetaPlanner {
  const { aheadMs = 0, shop } = job;
  const feature = featureOf(job.plan);
  const means = { aheadMs, answer: (request: SignalRequest) => answer(planner, request) };
  const handler =
    shop === undefined
      ? (feature?.handlerWith(means) ?? (job.plan === 'media' ? mediaHandler : handlerFor(job)))
      : paidHandler(shop);
  const planner: MetaPlanner = new MetaPlanner({
    ...(job.planner as object),
    ...feature?.options,
    persistenceManager: new WorkflowPersistenceManager({ checkpointDir: job.checkpointDir, ...job.store }),
    decomposer: () => ({ rootNodes: feature?.nodes ?? plans[job.plan as PlanName] }),
    handlers: { analyze: handler, generate: handler, transform: handler, validate: handler },
    host: { now: () => Date.now() + aheadMs },
    onProgress: (event) => {
      noteEvent(event);
      if (event.type === job.abortAt) aborting.abort(new Error('aborted by the test'));
      if (event.type === job.drainAt) drain(planner);
    },
  });
  return planner;
}

function drain(planner: MetaPlanner): void {
  note({ type: 'drained' });
  void planner.drain();
}

/** An earlier process may have sent it, and died before it could tell anybody. */
async function answer(planner: MetaPlanner, request: SignalRequest): Promise<void> {
  await send(planner, request).catch((error) => {
    if (!VibeError.is(error) || error.code !== 'SIGNAL_REFUSED') throw error;
  });
}

/** A paid call: it returns the same for the same inputs, after some turns of the event loop. */
function handlerFor(job: Job): NodeHandler {
  return async (node, { runId, idempotencyKey, inputs }) => {
    const released = node.id === job.hold ? told('release') : undefined;
    note({ type: 'called', runId, nodeId: node.id, key: idempotencyKey });
    await released;
    const digest = createHash('sha256')
      .update(JSON.stringify([node.id, inputs]))
      .digest('hex');
    for (let turns = Number.parseInt(digest.slice(0, 1), 16); turns > 0; turns--) await nextTurn();
    return { made: node.id, digest };
  };
}

function noteEvent(event: ExecutionEvent | { type: 'lock_waiting'; holder?: { pid?: number } }): void {
  switch (event.type) {
    case 'run_started':
      return note({ type: 'started', ...pick(event), resumed: event.resumed, completedNodes: event.completedNodes });
    case 'plan_created':
      return note({ type: 'planned', ...pick(event) });
    case 'node_completed':
      return note({ type: 'acknowledged', ...pick(event), nodeId: event.nodeId });
    case 'node_retry':
      return note({ type: 'retrying', nodeId: event.nodeId, attempt: event.attempt });
    case 'checkpoint_saved':
      return note({ type: 'saved', checkpointId: event.checkpointId, listed: event.listed });
    case 'checkpoint_corrupt':
      return note({ type: 'corrupt', reason: event.reason });
    case 'node_reopened':
      return note({ type: 'reopened', nodeId: event.nodeId });
    case 'lock_waiting':
      return note({ type: 'waiting', holderPid: event.holder?.pid });
  }
}

function noteRejection(error: unknown): void {
  const { name, message } = error as Error;
  const state = (error as PersistenceError<ExecutionState>).executionState;
  note({
    type: 'rejected',
    name,
    message,
    code: VibeError.is(error) ? error.code : undefined,
    holderPid: (error as PlanLockedError).holder?.pid,
    carried: state && Object.keys(state.nodeResults),
  });
}

function pick({ runId }: { runId: string }): { runId: string } {
  return { runId };
}
