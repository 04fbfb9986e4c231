import { z } from 'zod';
import { DecompositionError, PlanInvalidError } from '../errors.js';
import { issuesOf } from '../plan/issues.js';
import type { Vibe } from '../plan/vibe.js';
import { nodesSchema } from '../plan/workflow-node.js';
import { isTooDeep, tooDeepIssue, type WorkflowPlan } from '../plan/workflow-plan.js';

/**
 * What a decomposer may answer. A whole plan fits too; its id, vibe and date are not used, so that what a model calls
 * its plan never decides which run is meant.
 */
export const planDraftSchema = z.strictObject({
  rootNodes: nodesSchema,
  /** Seconds. */
  estimatedTotalDuration: z.number().nonnegative().optional(),
  id: z.unknown().optional(),
  sourceVibe: z.unknown().optional(),
  createdAt: z.unknown().optional(),
});
export type PlanDraftInput = z.input<typeof planDraftSchema>;

/**
 * Checks a draft and makes it the plan of this vibe, under our own id.
 * @throws DecompositionError when the draft is no plan; its `cause` is a PlanInvalidError with every problem.
 */
export function planOfDraft(draft: unknown, planId: string, vibe: Vibe, createdAt: string): WorkflowPlan {
  const rootNodes =
    typeof draft === 'object' && draft !== null ? (draft as { rootNodes?: unknown }).rootNodes : undefined;
  const parsed = isTooDeep(rootNodes) ? undefined : planDraftSchema.safeParse(draft);
  if (!parsed?.success) {
    const issues = parsed === undefined ? [tooDeepIssue] : issuesOf(parsed.error);
    const shown = issues.slice(0, 10).map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
    const reason = `the decomposer answered what is no plan (${shown.join('; ')})`;
    throw new DecompositionError(planId, reason, { cause: new PlanInvalidError(planId, issues) });
  }
  const { estimatedTotalDuration } = parsed.data;
  return {
    id: planId,
    sourceVibe: vibe,
    rootNodes: parsed.data.rootNodes,
    ...(estimatedTotalDuration !== undefined && { estimatedTotalDuration }),
    createdAt,
  };
}
