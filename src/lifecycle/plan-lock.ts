import { type LockHolder, PlanLockedError } from '../errors.js';
import type { LiveRun } from './live-runs.js';
import { untilAborted } from './until-aborted.js';

/** A plan that somebody in this process works on. */
export interface PlanLock {
  readonly holder: LockHolder;
  /** Absent while a checkpoint is saved or deleted, and while the plan is pruned or repaired. */
  readonly live?: LiveRun;
  /** Whether it is also ours among processes: before that, this process may be waiting for another. */
  isHeld?: boolean;
  /** Whether nothing was run; told when the plan is free again, or as soon as it is clear that something is. */
  readonly look?: Look;
}

/** What others learn of a call that may only look, as its run may be complete, and of whoever has the plan for a moment. */
export class Look {
  /** Ends it; only the first time counts. */
  end: (ranNothing: boolean) => void = () => {};
  readonly ended = new Promise<boolean>((resolve) => {
    this.end = resolve;
  });
}

interface LockTable {
  /** Place of the store -> plan id -> who works on it. */
  readonly places: Map<unknown, Map<string, PlanLock>>;
}

const tableKey = Symbol.for('vibe-aigc.plan-locks');

/**
 * One runner per plan in this process, also when two planners, or the ESM and the CommonJS copy of this library, use
 * the same directory.
 * @returns what gives the plan free again
 * @throws PlanLockedError naming the holder
 */
export function lockPlan(place: unknown, planId: string, lock: PlanLock): () => void {
  const { places } = lockTable();
  const plans = places.get(place) ?? new Map<string, PlanLock>();
  const other = plans.get(planId);
  if (other !== undefined) throw new PlanLockedError(planId, { ...other.holder });
  plans.set(planId, lock);
  places.set(place, plans);
  return () => {
    if (plans.get(planId) !== lock) return;
    plans.delete(planId);
    if (plans.size === 0) places.delete(place);
  };
}

/**
 * The same for a call: it waits for others that only look or tidy up, and is refused by one that runs the plan.
 * @throws PlanLockedError, or the reason of `signal`
 */
export async function lockPlanForCall(
  place: unknown,
  planId: string,
  lock: PlanLock,
  signal: AbortSignal,
): Promise<() => void> {
  for (;;) {
    const look = findLock(place, planId)?.look;
    if (look === undefined || !(await untilAborted(signal, () => look.ended))) return lockPlan(place, planId, lock);
    signal.throwIfAborted();
  }
}

/** Who works on a plan, in whichever planner of this process. */
export function findLock(place: unknown, planId: string): PlanLock | undefined {
  return lockTable().places.get(place)?.get(planId);
}

function lockTable(): LockTable {
  const shared = globalThis as { [tableKey]?: LockTable };
  shared[tableKey] ??= { places: new Map() };
  return shared[tableKey];
}
