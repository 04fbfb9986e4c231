import type { PlanLease } from '../checkpoint/persistence-manager.js';
import { type LockHolder, PersistenceError } from '../errors.js';
import type { PlannerServices } from './planner-services.js';
import { highestEpoch, readStoredPlan, type StoredPlan } from './stored-plan.js';

/** A plan that is ours, and what the store had of it by then. */
export interface HeldPlan {
  /** Higher than any epoch that is stored. */
  readonly epoch: number;
  /** Large: whoever has used it lets go of it. */
  stored?: StoredPlan;
  /** Absent where the store has no locks: then the plan is ours in this process only. */
  readonly lease: PlanLease | undefined;
}

export interface HoldRequest {
  readonly planId: string;
  readonly runId: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  readonly signal?: AbortSignal;
  /** Without it, a holder that cannot be judged is not waited for. */
  readonly onWaiting?: (holder: LockHolder) => void;
}

/**
 * Takes a plan among processes and reads what is stored of it. What a store without locks has written may have a higher
 * epoch than a first lease: then the next one is above it.
 * @throws PlanLockedError, PersistenceError, or the reason of `signal`
 */
export async function holdPlan(request: HoldRequest, { store, host }: PlannerServices): Promise<HeldPlan> {
  for (let above = 0; ; ) {
    const lease = await store.acquire({ ...request, above, log: host.log });
    try {
      const stored = await readStoredPlan(store, request.planId, host.log);
      const highest = highestEpoch(stored);
      if (lease === undefined || lease.epoch > highest) return { epoch: lease?.epoch ?? highest + 1, stored, lease };
      if (lease.epoch <= above) {
        const reason = `its locks gave out epoch ${lease.epoch} when asked for one above ${above}`;
        throw new PersistenceError(request.planId, reason);
      }
      above = highest;
    } catch (error) {
      await lease?.release();
      throw error;
    }
    await lease.release();
  }
}
