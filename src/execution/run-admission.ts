import type { GraphNode } from '../plan/plan-graph.js';
import type { Admission, Admitted, Refused } from './admission.js';
import type { AttemptOutcome } from './attempt.js';
import type { Budget } from './budget.js';
import type { Limit, LimitPlace } from './limit.js';

export interface AdmissionOptions {
  /** The limits that a node is subject to. */
  readonly limitsOf: (placed: GraphNode) => readonly Limit[];
  readonly budget: Budget | undefined;
  /** What is longer off is not waited for. */
  readonly pauseAfterMs: number;
}

/** Lets an attempt begin when all limits of its node have room and no cap is used up. */
export class RunAdmission implements Admission {
  /** Nodes that wait for a limit. */
  private readonly waiting = new Map<() => void, Limit>();

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
      this.wait(limit, again);
      return { isAdmitted: false };
    }
    return new Places(limits.map((limit) => limit.take()));
  }

  close(): void {
    for (const [tell, limit] of this.waiting) limit.forget(tell);
    this.waiting.clear();
  }

  private wait(limit: Limit, again: () => void): void {
    const tell = () => {
      this.waiting.delete(tell);
      again();
    };
    this.waiting.set(tell, limit);
    limit.wait(tell);
  }
}

/** What an attempt takes up of the limits of its node. */
class Places implements Admitted {
  readonly isAdmitted = true;

  constructor(private readonly places: readonly LimitPlace[]) {}

  leave(outcome: AttemptOutcome | undefined): void {
    for (const place of this.places) place.leave(endOf(outcome));
  }

  leaveBehind(): void {
    for (const place of this.places) place.giveUp();
  }
}

function endOf(outcome: AttemptOutcome | undefined): { readonly error: unknown } | undefined {
  if (outcome === undefined || outcome.status === 'interrupted') return undefined;
  return { error: outcome.status === 'failed' ? outcome.error : undefined };
}
