import { NodeTimeoutError, type TimeLimitName } from '../errors.js';
import type { AttemptControl } from './attempt-control.js';
import type { TimeLimit } from './time-limit.js';

/** Milliseconds, as the options of the same names. */
export type TimeLimits = { readonly [name in TimeLimitName]?: number | undefined };

export function areUnlimited({ timeoutMs, nodeTimeoutMs, heartbeatTimeoutMs }: TimeLimits): boolean {
  return timeoutMs === undefined && nodeTimeoutMs === undefined && heartbeatTimeoutMs === undefined;
}

/** What a handler says of itself wins. */
export function limitsOf(own: TimeLimits, ofAll: TimeLimits): TimeLimits {
  return {
    timeoutMs: own.timeoutMs ?? ofAll.timeoutMs,
    nodeTimeoutMs: own.nodeTimeoutMs ?? ofAll.nodeTimeoutMs,
    heartbeatTimeoutMs: own.heartbeatTimeoutMs ?? ofAll.heartbeatTimeoutMs,
  };
}

/**
 * Calls `onOver` for every limit that an attempt goes over.
 * @returns to be called when the handler reports: from the first time on it has to go on doing so
 */
export function watchLimits(
  control: AttemptControl,
  { timeoutMs, nodeTimeoutMs, heartbeatTimeoutMs }: TimeLimits,
  onOver: (error: NodeTimeoutError) => void,
): () => void {
  const { id } = control.placed.node;
  const limit = (name: TimeLimitName, ms: number, leftMs = ms) =>
    control.limit(leftMs, () => onOver(new NodeTimeoutError(id, ms, name)));
  if (timeoutMs !== undefined) limit('timeoutMs', timeoutMs);
  if (nodeTimeoutMs !== undefined) {
    const spentMs = control.state.progress.get(id)?.spentMs ?? 0;
    limit('nodeTimeoutMs', nodeTimeoutMs, Math.max(0, nodeTimeoutMs - spentMs));
  }
  let heartbeat: TimeLimit | undefined;
  return () => {
    if (heartbeatTimeoutMs === undefined) return;
    if (heartbeat === undefined) heartbeat = limit('heartbeatTimeoutMs', heartbeatTimeoutMs);
    else heartbeat.restart();
  };
}
