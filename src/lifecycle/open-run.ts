import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { recoverReplayed, recoverRun, UnusableState } from '../checkpoint/recovery.js';
import { storedGraph } from '../checkpoint/stored-graph.js';
import { CheckpointCorruptError, CheckpointMismatchError, PlanInvalidError } from '../errors.js';
import type { HandlerLookup } from '../execution/node-handler.js';
import { freezeJson, type JsonObject } from '../plan/json-value.js';
import { buildingPlanGraph, isStep, type PlanGraph } from '../plan/plan-graph.js';
import type { Vibe } from '../plan/vibe.js';
import { isSameWork, type WorkflowPlan } from '../plan/workflow-plan.js';
import { newRunState, type RunIdentity, type RunParent, type RunState } from '../run/run-state.js';
import { inTurns } from '../turns.js';
import type { PlannerServices } from './planner-services.js';
import type { Redactor } from './redaction.js';

/** A run that is about to be worked on. */
export interface OpenRun {
  readonly identity: RunIdentity;
  /** A state of its own for whoever keeps one: the executor, and the recorder. */
  makeState(): RunState;
  /**
   * Present when it was opened as one that is over, whoever serves its nodes: the same, to be run.
   * @throws PlanInvalidError when the handlers are missing that it needs
   */
  readonly toRunAgain?: () => OpenRun;
}

export interface OpenRunNames {
  readonly planId: string;
  readonly runId: string;
  readonly vibeKey: string;
  readonly isVibeRedacted?: boolean | undefined;
  readonly epoch: number;
  readonly parent?: RunParent;
  readonly unknownFields?: JsonObject;
}

/**
 * A large plan takes some turns of the event loop: it must be in nobody else's hands.
 * @throws PlanInvalidError when the plan cannot be run with the handlers there are.
 */
export async function openNewRun(
  plan: WorkflowPlan,
  vibe: Vibe,
  names: OpenRunNames,
  { lookup, parameterIssues }: Pick<PlannerServices, 'lookup' | 'parameterIssues'>,
): Promise<OpenRun> {
  const graph = await inTurns(buildingPlanGraph(plan, (node) => lookup(node) !== undefined, parameterIssues));
  await inTurns(freezing(plan));
  const identity = identityOf(plan, vibe, graph, names);
  return { identity, makeState: () => newRunState(identity) };
}

/**
 * The run that a checkpoint was taken of, or a new one that begins where the checkpoint was taken.
 * @throws CheckpointCorruptError when its plan and results do not fit together
 * @throws PlanInvalidError when its plan cannot be run with the handlers there are
 */
export function openStoredRun(
  checkpoint: Checkpoint,
  given: OpenRunNames,
  lookup: HandlerLookup,
  /** The checkpoint as a state, where a journal was replayed to it. */
  replayed?: RunState,
): OpenRun {
  const { workflowPlan: plan, vibe, isVibeRedacted } = checkpoint;
  const names = { ...given, isVibeRedacted };
  if (replayed?.graph.nodes.every(({ node }) => lookup(node) !== undefined)) {
    const identity = identityOf(plan, vibe, replayed.graph, names); // a replay takes every node for served, as all are
    return { identity, makeState: recoverReplayed(identity, checkpoint, replayed) };
  }
  const isDone =
    names.runId === checkpoint.runId && checkpoint.state === 'completed' && checkpoint.pendingNodes.length === 0;
  const openOn = (graph: PlanGraph): OpenRun => {
    const identity = identityOf(plan, vibe, graph, names);
    return { identity, makeState: recoverRun(identity, checkpoint) };
  };
  try {
    if (!isDone) return openOn(storedGraphOf(checkpoint, lookup));
    return { ...openOn(structureOf(checkpoint)), toRunAgain: () => openOn(storedGraphOf(checkpoint, lookup)) };
  } catch (error) {
    if (error instanceof UnusableState) throw corrupt(checkpoint, error.message);
    throw error;
  }
}

/**
 * @param passed redacted, where there is a hook; the stored one may be from before there was
 * @throws CheckpointMismatchError when a plan was passed and asks for other work than the stored one.
 */
export function checkSamePlan(
  checkpoint: Checkpoint,
  passed: WorkflowPlan | undefined,
  redactor: Redactor | undefined,
): void {
  if (passed === undefined || isSameWork(passed, checkpoint.workflowPlan)) return;
  if (redactor !== undefined && isSameWork(passed, redactor.plan(checkpoint.workflowPlan))) return;
  const reason =
    'the plan passed has other nodes than the stored one; leave it out, use another planId, or fresh: true';
  throw new CheckpointMismatchError(checkpoint.planId, reason, checkpoint.checkpointId);
}

/** Freezes the nodes of a plan, some at a time. */
function* freezing({ rootNodes }: WorkflowPlan): Generator<void, void> {
  for (let index = 0; index < rootNodes.length; index++) {
    if (isStep(index)) yield;
    freezeJson(rootNodes[index]);
  }
}

function identityOf(plan: WorkflowPlan, vibe: Vibe, graph: PlanGraph, names: OpenRunNames): RunIdentity {
  const { planId, runId, vibeKey, isVibeRedacted, epoch, parent, unknownFields } = names;
  return {
    planId,
    runId,
    vibe: freezeJson(vibe),
    vibeKey,
    isVibeRedacted,
    epoch,
    plan: freezeJson(plan),
    graph,
    parent,
    unknownFields,
  };
}

function storedGraphOf(checkpoint: Checkpoint, lookup: HandlerLookup): PlanGraph {
  try {
    return storedGraph(checkpoint, (node) => lookup(node) !== undefined);
  } catch (error) {
    structureOf(checkpoint); // damage is told before a handler that is missing
    throw error;
  }
}

/** The graph of a stored plan, whoever serves it: what no handlers can mend is damage. A complete run needs no more. */
function structureOf(checkpoint: Checkpoint): PlanGraph {
  try {
    return storedGraph(checkpoint, () => true);
  } catch (error) {
    if (error instanceof PlanInvalidError) throw corrupt(checkpoint, error.issues[0]?.message ?? 'its plan is invalid');
    throw error;
  }
}

function corrupt({ planId, checkpointId }: Checkpoint, reason: string): CheckpointCorruptError {
  return new CheckpointCorruptError({ planId, reason, location: `checkpoint ${checkpointId}`, checkpointId });
}
