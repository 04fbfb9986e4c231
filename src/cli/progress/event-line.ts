import type { ExecutionEvent, SerializedError } from 'vibe-aigc';
import { shortDuration } from '../checkpoints/words.js';
import { pauseText } from '../run/pause-text.js';
import { oneLine, printable } from '../terminal/printable.js';

/** An event as a line for people and for logs: how far the run is, as soon as it has a plan, and what happened. */
export function eventLine(event: ExecutionEvent): string {
  const { completed, total } = event.progress;
  return total === 0 ? textOf(event) : `[${completed}/${total}] ${textOf(event)}`;
}

/** What `withModel` logs when planning is tried again. */
export interface PlanRetry {
  readonly delayMs: number;
  readonly error: SerializedError;
}

export function planRetryLine({ delayMs, error }: PlanRetry): string {
  return `planning failed and is tried again in ${shortDuration(delayMs)}: ${errorText(error)}`;
}

function textOf(event: ExecutionEvent): string {
  switch (event.type) {
    case 'lock_waiting':
      return `waiting for process ${event.holder.pid}, which runs plan ${printable(event.planId)}`;
    case 'run_started':
      return event.resumed
        ? `plan ${printable(event.planId)} goes on, with ${event.completedNodes} nodes done`
        : `plan ${printable(event.planId)} begins`;
    case 'plan_created':
      return `the plan has ${event.totalNodes} nodes`;
    case 'plan_grown':
      return `${printable(event.nodeId)} added ${event.addedNodes} nodes`;
    case 'node_waiting':
      return `${printable(event.nodeId)} waits for ${JSON.stringify(printable(event.name))}`;
    case 'node_started':
      return `${printable(event.nodeId)} started${event.attempt === 1 ? '' : `, attempt ${event.attempt}`}`;
    case 'node_retry':
      return `${printable(event.nodeId)} failed and is tried again in ${shortDuration(event.delayMs)}: ${errorText(event.error)}`;
    case 'node_completed':
      return `${printable(event.nodeId)} completed in ${shortDuration(event.durationMs)}`;
    case 'node_failed':
      return `${printable(event.nodeId)} failed: ${errorText(event.error)}`;
    case 'node_skipped':
      return `${printable(event.nodeId)} skipped, blocked by ${printable(event.blockedBy)}`;
    case 'node_reopened':
      return `${printable(event.nodeId)} is done again: ${oneLine(event.reason)}`;
    case 'checkpoint_saved':
      return `checkpoint ${printable(event.checkpointId)} saved`;
    case 'checkpoint_corrupt':
      return `checkpoint ${printable(event.checkpointId)} is damaged: ${oneLine(event.reason)}`;
    case 'node_progress':
      return `${printable(event.nodeId)} is at ${percent(event.fraction)}${event.message ? `: ${oneLine(event.message)}` : ''}`;
    case 'run_paused':
      return `paused: ${pauseText(event.pause)}`;
    case 'run_completed':
      return `run ${event.status}`;
    default:
      return event satisfies never;
  }
}

/** `RATE_LIMITED: the model answered 429`. */
export function errorText({ name, message, code }: { name: string; message: string; code?: string | undefined }) {
  return oneLine(`${code ?? name}: ${message}`);
}

export function percent(fraction: number): string {
  return `${Math.floor(fraction * 100)} %`;
}
