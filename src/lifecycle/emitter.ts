import type { Emit, ExecutionEvent, Progress, ProgressListener } from '../execution/execution-event.js';
import { type Host, isoTime } from '../host.js';
import type { RunState } from '../run/run-state.js';

export interface EmitterSubject {
  readonly planId: string;
  readonly runId: string;
  /** Present once there is a plan. */
  state?: RunState;
}

/**
 * Completes events and hands them to the listeners in their order. A listener that throws or rejects is logged.
 * `undefined` when nobody listens, so that nothing is made that nobody sees.
 */
export function createEmitter(
  subject: EmitterSubject,
  listeners: ReadonlyArray<ProgressListener | undefined>,
  host: Host,
): Emit | undefined {
  const present = listeners.filter((listener) => listener !== undefined);
  if (present.length === 0) return undefined;
  return (body) => {
    const event = body as Mutable<ExecutionEvent>; // made for this call: a copy of each would cost more than the rest
    event.planId = subject.planId;
    event.runId = subject.runId;
    event.timestamp = isoTime(host.now());
    event.progress = progressOf(subject.state);
    for (const listener of present) tell(listener, event, host);
  };
}

type Mutable<T> = { -readonly [field in keyof T]: T[field] };

function tell(listener: ProgressListener, event: ExecutionEvent, host: Host): void {
  try {
    const answer: unknown = listener(event);
    if (typeof answer !== 'object' || answer === null) return; // most listeners are done at once
    Promise.resolve(answer).catch((error) => logFailure(event, error, host));
  } catch (error) {
    logFailure(event, error, host);
  }
}

function logFailure({ type }: ExecutionEvent, error: unknown, host: Host): void {
  host.log('error', 'A progress listener failed.', { event: type, error });
}

function progressOf(state: RunState | undefined): Progress {
  const completed = state?.completed.length ?? 0;
  const total = state?.graph.nodes.length ?? 0;
  return { completed, total, percent: total === 0 ? 0 : Math.floor((100 * completed) / total) };
}
