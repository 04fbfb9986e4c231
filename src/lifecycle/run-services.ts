import { setMaxListeners } from 'node:events';
import { localDispatch } from '../execution/attempt.js';
import type { AttemptOutcome } from '../execution/attempt-outcome.js';
import type { Emit } from '../execution/execution-event.js';
import type { ExecutionServices } from '../execution/execution-services.js';
import type { RunState } from '../run/run-state.js';
import { idempotencyKeyOf } from './identity.js';
import type { LiveRun } from './live-runs.js';
import type { PlannerServices } from './planner-services.js';
import type { RunCall } from './run-call.js';
import { runLimitsOf } from './run-limits.js';

/** What a run is executed with, but for where its records go. */
export function runServicesOf(
  { budget: asked }: RunCall,
  planner: PlannerServices,
  state: RunState,
  live: LiveRun,
  emit: Emit | undefined,
): Omit<ExecutionServices, 'log'> {
  const { admission, budget, useTokens } = runLimitsOf(planner, state, asked ?? planner.budget);
  const { host, lookup, concurrency, retry, limits, graceMs, pauseAfterMs, maxNodes, redactor } = planner;
  const late = (message: string) => (nodeId: string, outcome: AttemptOutcome) =>
    host.log('warn', message, { nodeId, ...outcome });
  const dispatch = localDispatch(lookup, {
    limits,
    budget,
    useTokens,
    newController: newQuietController,
    idempotencyKeyOf: (nodeId, job) => idempotencyKeyOf(state.runId, nodeId, job),
    onLateEnd: late('An attempt ended after its timeout; what it returned is dropped.'),
  });
  const { setTimer } = host;
  const redaction = redactor && {
    redactOutput: (output: unknown, nodeId: string) => redactor.output(output, nodeId),
    redactMessage: (message: string, nodeId: string) => redactor.message(message, nodeId),
    errorOf: (thrown: unknown, nodeId: string) => redactor.error(thrown, nodeId),
  };
  const held = admission && { admission };
  return {
    dispatch,
    concurrency,
    retry,
    ...held,
    ...redaction,
    nodeTimeoutMs: limits.nodeTimeoutMs,
    now: () => host.now(),
    random: () => host.random(),
    setTimer,
    pauseAfterMs,
    maxNodes,
    emit,
    signal: live.signal,
    drain: live.drain,
    graceMs,
    onLeftBehind: late('A handler ended after its run had ended without it; what it returned is dropped.'),
  };
}

/** Any number of handlers may listen to one signal without a warning from Node. */
function newQuietController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
