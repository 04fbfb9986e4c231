import type { AttemptControl } from '../attempt-control.js';

/** Tells how far a handler is. */
export type Report = (fraction: number, message?: string) => void;

/** A mistake in a progress bar is no reason to lose paid work: what is out of range is moved into it. */
export function report(
  control: AttemptControl,
  onReport: (() => void) | undefined,
  ...[fraction, message]: Parameters<Report>
): void {
  onReport?.();
  const { id: nodeId } = control.placed.node;
  const within = Math.min(1, Math.max(0, Number.isNaN(Number(fraction)) ? 0 : Number(fraction)));
  const told = message === undefined ? undefined : control.messageOf(message);
  control.emit({ type: 'node_progress', nodeId, fraction: within, ...(told !== undefined && { message: told }) });
}
