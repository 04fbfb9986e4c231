import { isDamaged } from '../checkpoint/checkpoint.js';
import type { RetentionPolicy } from '../checkpoint/retention.js';
import { VibeError } from '../errors.js';
import type { ExecutionResult } from '../run/execution-result.js';
import { damageOf } from './plan-damage.js';
import type { PlannerServices } from './planner-services.js';
import { type PrunedPlan, prunePlan } from './prune-plan.js';

/** What pruning came to. */
export interface PruneReport {
  /** Listed checkpoints that are gone. */
  readonly deleted: ReadonlyArray<{ readonly checkpointId: string; readonly planId: string }>;
  /** Plans of which nothing is left: running their vibes again is a new run. */
  readonly freedPlans: readonly string[];
  /** Stored content that nothing names any more and that is gone, and how long it was together. */
  readonly blobs: { readonly count: number; readonly bytes: number };
  /** Plans that were left as they are. */
  readonly skipped: readonly SkippedPlan[];
}

export interface SkippedPlan {
  readonly planId: string;
  /** Why. Its `code` tells: running or held, damaged, of a newer version, or the store failed. */
  readonly error: VibeError;
}

export interface PruneCall {
  readonly policy: RetentionPolicy;
  readonly planId?: string | undefined;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** Applies a policy to the plans of a store, one after the other. @throws the reason of `signal`, PersistenceError */
export async function pruneCheckpoints(call: PruneCall, planner: PlannerServices): Promise<PruneReport> {
  const { planId: asked, signal, ...request } = call;
  const { store } = planner;
  const report = {
    deleted: [] as PruneReport['deleted'][number][],
    freedPlans: [] as string[],
    blobs: { count: 0, bytes: 0 },
    skipped: [] as SkippedPlan[],
  };
  signal.throwIfAborted();
  const summaries = await store.listCheckpoints({ planId: asked });
  const damaged = new Map(summaries.filter(isDamaged).map((summary) => [summary.planId, summary]));
  for (const planId of new Set(summaries.map((summary) => summary.planId))) {
    signal.throwIfAborted();
    const damage = damaged.get(planId); // such a plan may not even have told its name
    const prune = async () => {
      if (damage !== undefined) throw await damageOf(planId, damage, store);
      return prunePlan({ ...request, planId }, planner);
    };
    const pruned = await orSkip(prune);
    if (VibeError.is(pruned)) report.skipped.push({ planId, error: pruned });
    else {
      for (const checkpointId of pruned.deletedIds) report.deleted.push({ checkpointId, planId });
      if (pruned.isFree) report.freedPlans.push(planId);
      report.blobs.count += pruned.blobs.length;
      for (const { bytes } of pruned.blobs) report.blobs.bytes += bytes;
    }
  }
  return report;
}

/**
 * At the end of a run, with the plan given back: applies the policy of the store to it, if there is one. Whatever comes
 * of that, the result stands.
 */
export async function pruneAfterRun(result: ExecutionResult, planner: PlannerServices): Promise<ExecutionResult> {
  const { store, host } = planner;
  const { planId } = result;
  const policy = store.retention;
  if (policy === undefined) return result;
  try {
    const { deletedIds } = await prunePlan({ planId, policy, dryRun: false }, planner);
    const { lastCheckpointId, ...info } = result.persistenceInfo;
    const isGone = lastCheckpointId !== undefined && deletedIds.includes(lastCheckpointId);
    return isGone ? { ...result, persistenceInfo: info } : result;
  } catch (error) {
    host.log('warn', 'A plan could not be pruned.', { planId, error });
    return result;
  }
}

async function orSkip(prune: () => Promise<PrunedPlan>): Promise<PrunedPlan | VibeError> {
  try {
    return await prune();
  } catch (error) {
    if (VibeError.is(error)) return error;
    throw error;
  }
}
