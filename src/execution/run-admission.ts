import type { GraphNode } from '../plan/plan-graph.js';
import type { Admission, Admitted, Refused } from './admission.js';
import type { AttemptOutcome } from './attempt-outcome.js';
import type { Budget } from './budget.js';
import type { Limit, LimitPlace } from './limit.js';

export interface AdmissionOptions {
  /** The limits that a node is subject to. */
  readonly limitsOf: (placed: GraphNode) => readonly Limit[];
  readonly budget: Budget | undefined;
  /** What is longer off is not waited for. */
  readonly pauseAfterMs: number;
  /** So long an attempt that is over a time limit keeps its places, while the run goes on and its handler does not stop. */
  readonly graceMs: number;
  readonly setTimer: (callback: () => void, delayMs: number) => () => void;
}

/** Lets an attempt begin when all limits of its node have room and no cap is used up. */
export class RunAdmission implements Admission {
  /** Nodes that wait for a limit. */
  private readonly waiting = new Map<() => void, Limit>();
  /** Of handlers that are late. */
  private readonly graces = new Set<() => void>();

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
    return new Places(
      limits.map((limit) => limit.take()),
      this,
    );
  }

  close(): void {
    for (const [tell, limit] of this.waiting) limit.forget(tell);
    this.waiting.clear();
    for (const cancel of this.graces) cancel(); // nobody of this run needs those places any more
    this.graces.clear();
  }

  /** Calls back once `graceMs` have passed, unless what it returns is called or the run is over. */
  afterGrace(callback: () => void): () => void {
    const { setTimer, graceMs } = this.options;
    const cancelTimer = setTimer(() => {
      this.graces.delete(cancel);
      callback();
    }, graceMs);
    const cancel = () => {
      this.graces.delete(cancel);
      cancelTimer();
    };
    this.graces.add(cancel);
    return cancel;
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
  private cancelGrace: (() => void) | undefined;
  private hasLeft = false;

  constructor(
    private readonly places: readonly LimitPlace[],
    private readonly admission: RunAdmission,
  ) {}

  leave(outcome: AttemptOutcome | undefined): void {
    if (this.hasLeft) return; // its handler ended after its grace
    this.hasLeft = true;
    this.cancelGrace?.();
    for (const place of this.places) place.leave(endOf(outcome));
  }

  leaveBehind(): void {
    for (const place of this.places) place.giveUp();
  }

  leaveLater(): void {
    if (this.places.length === 0) return;
    this.cancelGrace = this.admission.afterGrace(() => this.leave(undefined));
    this.leaveBehind();
  }
}

function endOf(outcome: AttemptOutcome | undefined): { readonly error: unknown } | undefined {
  if (outcome === undefined || outcome.status === 'interrupted') return undefined;
  return { error: outcome.status === 'failed' ? outcome.error : undefined };
}
