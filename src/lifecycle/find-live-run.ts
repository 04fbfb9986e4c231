import type { LiveRuns, StartedRun } from './live-runs.js';
import { findLock } from './plan-lock.js';

/** Where a planner looks for runs: among its own calls, and among those of others on the same place. */
export interface RunsInSight {
  readonly liveRuns: LiveRuns;
  readonly store: { readonly place: unknown };
}

/** The newest run of a plan that is under way, in this planner or on the same store in this process. */
export function findLiveRun(planId: string, { liveRuns, store }: RunsInSight): StartedRun | undefined {
  const live = liveRuns.find(planId) ?? findLock(store.place, planId)?.live;
  return live?.state === undefined ? undefined : (live as StartedRun);
}
