import { z } from 'zod';

const ofNode = { nodeId: z.string() };

/** Why a run can do nothing more for now: a union on `reason`. Times are ISO 8601, UTC. */
export const pauseSchema = z.discriminatedUnion('reason', [
  /** A provider accepts nothing more before `resumeAt`. */
  z.object({ reason: z.literal('rate_limit'), limit: z.string(), resumeAt: z.string() }),
  /** The next attempt of a node is not before `resumeAt`. */
  z.object({ reason: z.literal('retry'), ...ofNode, resumeAt: z.string() }),
  /** A handler sleeps until `resumeAt`. */
  z.object({ reason: z.literal('sleep'), ...ofNode, name: z.string(), resumeAt: z.string() }),
  /** A handler waits for a signal of this name. */
  z.object({ reason: z.literal('signal'), ...ofNode, name: z.string() }),
  /** A cap is reached. `needed`: what the node asked for, in the currency of the cap. */
  z.object({
    reason: z.literal('budget'),
    ...ofNode,
    cap: z.string(),
    currency: z.string(),
    limit: z.number(),
    spent: z.number(),
    needed: z.number().optional(),
  }),
  /** Nobody knows whether a paid job was submitted. `message`: what its `start` failed with, where that is known. */
  z.object({
    reason: z.literal('ambiguous_job'),
    ...ofNode,
    name: z.string(),
    idempotencyKey: z.string(),
    message: z.string().optional(),
  }),
  /** The planner was drained. */
  z.object({ reason: z.literal('drain') }),
]);
export type Pause = z.infer<typeof pauseSchema>;

/** What somebody has to decide comes before what time will bring. */
const urgency: readonly Pause['reason'][] = [
  'ambiguous_job',
  'budget',
  'signal',
  'rate_limit',
  'retry',
  'sleep',
  'drain',
];

/** The pause to tell of: the one that needs somebody most, and of those that end by themselves the one that ends first. */
export function mostUrgent(pauses: Iterable<Pause>): Pause | undefined {
  let best: Pause | undefined;
  for (const pause of pauses) if (best === undefined || isMoreUrgent(pause, best)) best = pause;
  return best;
}

function isMoreUrgent(a: Pause, b: Pause): boolean {
  const difference = urgency.indexOf(a.reason) - urgency.indexOf(b.reason);
  const resumeAt = (pause: Pause) => ('resumeAt' in pause ? pause.resumeAt : undefined);
  const [atA, atB] = [resumeAt(a), resumeAt(b)];
  return atA !== undefined && atB !== undefined ? atA < atB : difference < 0;
}
