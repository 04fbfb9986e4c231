import {
  byLatest,
  byNewest,
  type CheckpointSummary,
  type DamagedSummary,
  type IntactSummary,
  isDamaged,
} from '../checkpoint/checkpoint.js';
import type { CheckedStore } from './checked-store.js';

export interface LocatedPlan {
  readonly planId: string;
  /** Damaged checkpoints that may be anybody's. */
  readonly strays: readonly DamagedSummary[];
}

/**
 * Among all runs of a vibe, the plan whose latest state is the newest; `derivedId` when there is none. Damage in a plan
 * of this vibe counts like a state, so that a damaged run is found and not replaced by an older one.
 */
export async function locatePlan(store: CheckedStore, vibeKey: string, derivedId: string): Promise<LocatedPlan> {
  const summaries = await store.listCheckpoints({ vibeKey });
  const intact = new Map<string, IntactSummary>();
  for (const summary of summaries) {
    if (summary.damaged !== undefined) continue;
    const latest = intact.get(summary.planId);
    if (latest === undefined || byLatest(summary, latest) < 0) intact.set(summary.planId, summary);
  }
  const damaged = summaries.filter(isDamaged);
  const isOurs = ({ planId, damaged: { head } }: DamagedSummary) =>
    head === undefined ? isDerived(planId, derivedId) || intact.has(planId) : head.vibeKey === vibeKey;
  const candidates: CheckpointSummary[] = [...intact.values(), ...damaged.filter(isOurs)].sort(byNewest);
  const strays = damaged.filter((summary) => summary.damaged.head === undefined && !isOurs(summary));
  return { planId: candidates[0]?.planId ?? derivedId, strays: await withoutOwner(store, strays) };
}

/** `execute` adds a suffix to the id that it derives. */
function isDerived(planId: string, derivedId: string): boolean {
  return planId === derivedId || planId.startsWith(`${derivedId}-`);
}

/** An intact checkpoint beside a damaged one shows that it belongs to another vibe. */
async function withoutOwner(store: CheckedStore, strays: readonly DamagedSummary[]): Promise<DamagedSummary[]> {
  const owned = new Set<string>();
  for (const planId of new Set(strays.map((stray) => stray.planId))) {
    const siblings = await store.listCheckpoints({ planId });
    if (siblings.some(({ damaged }) => damaged === undefined)) owned.add(planId);
  }
  return strays.filter(({ planId }) => !owned.has(planId));
}
