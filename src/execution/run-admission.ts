import type { GraphNode } from '../plan/plan-graph.js';
import type { Admission, Admitted, Refused } from './admission.js';
import type { AttemptOutcome } from './attempt.js';
import type { Budget } from './budget.js';
import type { Limit } from './limit.js';

export interface AdmissionOptions {
  /** The limits that a node is subject to. */
  readonly limitsOf: (placed: GraphNode) => readonly Limit[];
  readonly budget: Budget | undefined;
  /** What is longer off is not waited for. */
  readonly pauseAfterMs: number;
}

/** Lets an attempt begin when all limits of its node have room and no cap is used up. */
export class RunAdmission implements Admission {
  constructor(private readonly options: AdmissionOptions) {}

  enter(placed: GraphNode, again: () => void): Admitted | Refused {
    const { limitsOf, budget, pauseAfterMs } = this.options;
    const pause = budget?.refusalOf(placed);
    if (pause !== undefined) return { isAdmitted: false, pause };
    const limits = limitsOf(placed);
    for (const limit of limits) {
      const waitMs = limit.waitMs();
      if (waitMs === 0) continue;
      if (waitMs !== undefined && waitMs > pauseAfterMs) return { isAdmitted: false, pause: limit.pauseOf(waitMs) };
      limit.wait(again);
      return { isAdmitted: false };
    }
    for (const limit of limits) limit.take();
    return { isAdmitted: true, leave: (outcome) => leaveAll(limits, outcome) };
  }
}

function leaveAll(limits: readonly Limit[], outcome: AttemptOutcome | undefined): void {
  const isOver = outcome !== undefined && outcome.status !== 'interrupted';
  for (const limit of limits) limit.leave(isOver, outcome?.status === 'failed' ? outcome.error : undefined);
}
