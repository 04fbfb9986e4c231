import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ExecutionEvent,
  type ExecutionState,
  MetaPlanner,
  type NodeHandler,
  type PersistenceError,
  type PlanLockedError,
  VibeError,
  WorkflowPersistenceManager,
} from 'vibe-aigc';
import { note } from './ledger.js';
import { mediaHandler } from './media-handler.js';
import { told } from './messages.js';
import { paidHandler } from './paid-handler.js';
import { plans, vibe } from './plans.js';
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
    const result = await plannerFor(job, aborting).executeWithResume(vibe, { signal: aborting.signal, jobs: job.jobs });
    note({ type: 'finished', status: result.status, outputs: result.outputs, pauses: result.pauses });
    return true;
  } catch (error) {
    noteRejection(error);
    return false;
  }
}

async function repair(planner: MetaPlanner): Promise<void> {
  const [summary] = await planner.listCheckpoints();
  const { kept, toRun } = await planner.repairCheckpoints({ planId: summary?.planId ?? '' });
  note({ type: 'repaired', kept, toRun });
}

function plannerFor(job: Job, aborting: AbortController): MetaPlanner {
  const own = job.plan === 'media' ? mediaHandler : handlerFor(job);
  const handler = job.shop === undefined ? own : paidHandler(job.shop);
  return new MetaPlanner({
    ...(job.planner as object),
    persistenceManager: new WorkflowPersistenceManager({ checkpointDir: job.checkpointDir, ...job.store }),
    decomposer: () => ({ rootNodes: plans[job.plan] }),
    handlers: { analyze: handler, generate: handler, transform: handler, validate: handler },
    onProgress: (event) => {
      noteEvent(event);
      if (event.type === job.abortAt) aborting.abort(new Error('aborted by the test'));
    },
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
