import { type LockHolder, PlanLockedError } from '../errors.js';

interface LockTable {
  /** Place of the store -> plan id -> who runs it. */
  readonly places: Map<unknown, Map<string, LockHolder>>;
}

const tableKey = Symbol.for('vibe-aigc.plan-locks');

/**
 * One runner per plan in this process, also when two planners, or the ESM and the CommonJS copy of this library, use
 * the same directory.
 * @returns what gives the plan free again
 * @throws PlanLockedError naming the holder
 */
export function lockPlan(place: unknown, planId: string, holder: LockHolder): () => void {
  const { places } = lockTable();
  const plans = places.get(place) ?? new Map<string, LockHolder>();
  const other = plans.get(planId);
  if (other !== undefined) throw new PlanLockedError(planId, { ...other });
  plans.set(planId, holder);
  places.set(place, plans);
  return () => {
    plans.delete(planId);
    if (plans.size === 0) places.delete(place);
  };
}

function lockTable(): LockTable {
  const shared = globalThis as { [tableKey]?: LockTable };
  shared[tableKey] ??= { places: new Map() };
  return shared[tableKey];
}
