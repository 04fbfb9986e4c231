import { checkPlanId } from '../checkpoint/checkpoint-id.js';
import { planOfDraft } from '../decompose/plan-draft.js';
import { DecompositionError, PlanInvalidError, VibeError } from '../errors.js';
import { freezeJson } from '../plan/json-value.js';
import { buildPlanGraph } from '../plan/plan-graph.js';
import { parseVibe, type Vibe } from '../plan/vibe.js';
import { countNodes, issueOfSize, type WorkflowPlan } from '../plan/workflow-plan.js';
import { serializeError } from '../run/serialize-error.js';
import { derivedPlanId } from './identity.js';
import type { PlannerServices } from './planner-services.js';
import type { RunCall } from './run-call.js';
import { untilAborted } from './until-aborted.js';

/**
 * Asks the decomposer for a plan, unless one was passed. The plan has the id and the vibe of the call, whatever it said.
 * @throws the reason of `signal` as soon as it aborts, also when the decomposer does not listen
 * @throws DecompositionError when the decomposer throws or answers what is no plan, or one of more than `maxNodes`
 * @throws PlanInvalidError when the plan that was passed has more
 */
export async function makePlan(
  { plan: passed, vibe, storedVibe }: Pick<RunCall, 'plan' | 'vibe' | 'storedVibe'>,
  planId: string,
  signal: AbortSignal,
  planner: PlannerServices,
): Promise<WorkflowPlan> {
  signal.throwIfAborted();
  if (passed !== undefined) {
    const tooMany = issueOfSize(countNodes(passed.rootNodes), planner.maxNodes);
    if (tooMany !== undefined) throw new PlanInvalidError(planId, [tooMany]);
    return { ...passed, id: planId, sourceVibe: storedVibe };
  }
  const plan = await decomposed(vibe, storedVibe, planId, signal, planner);
  return planner.redactor === undefined ? plan : planner.redactor.plan(plan);
}

async function decomposed(
  vibe: Vibe,
  storedVibe: Vibe,
  planId: string,
  signal: AbortSignal,
  { decompose, toolOffers: tools, host, redactor, maxNodes }: PlannerServices,
): Promise<WorkflowPlan> {
  const context = { planId, signal, tools, ...(maxNodes !== undefined && { maxNodes }) };
  const draft = await untilAborted(signal, async () => {
    try {
      return await decompose(freezeJson(parseVibe(vibe)), context);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (VibeError.is(error)) throw error;
      const { message: reason } = redactor === undefined ? serializeError(error) : redactor.error(error);
      throw new DecompositionError(planId, `the decomposer failed (${reason})`, { cause: error });
    }
  });
  const plan = planOfDraft(draft, planId, storedVibe, new Date(host.now()).toISOString());
  const tooMany = issueOfSize(countNodes(plan.rootNodes), maxNodes);
  if (tooMany === undefined) return plan;
  const reason = `the decomposer answered a plan of ${tooMany.message}`;
  throw new DecompositionError(planId, reason, { cause: new PlanInvalidError(planId, [tooMany]) });
}

/** The validated plan of a vibe, for `plan`: as it was made, since nothing of it is stored. */
export async function planVibe(
  vibe: Vibe,
  { planId, signal }: { readonly planId?: string; readonly signal: AbortSignal },
  planner: PlannerServices,
): Promise<WorkflowPlan> {
  const id = planId === undefined ? derivedPlanId(vibe, planner.redactor?.vibe(vibe)) : checkPlanId(planId);
  signal.throwIfAborted();
  const plan = await decomposed(vibe, vibe, id, signal, planner);
  buildPlanGraph(plan, (node) => planner.lookup(node) !== undefined, planner.parameterIssues);
  return plan;
}
