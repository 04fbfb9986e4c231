import { expect, it } from 'vitest';
import { RunningAttempt } from '../../src/execution/running-attempt.js';
import type { GraphNode } from '../../src/plan/plan-graph.js';
import { stateOf } from '../helpers/execution-driven-run.js';
import { node } from '../helpers/plan-builders.js';

it('does not count the time that an attempt waits without a slot', async () => {
  let nowMs = 0;
  const timers = new Set<{ callback: () => void; at: number }>();
  const passTo = (ms: number) => {
    nowMs = ms;
    for (const timer of timers) if (timer.at <= ms && timers.delete(timer)) timer.callback();
  };
  const setTimer = (callback: () => void, delayMs: number) => {
    const timer = { callback, at: nowMs + delayMs };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const runState = stateOf([node('a')]);
  const owner = {
    runState,
    services: { now: () => nowMs, setTimer, pauseAfterMs: 1_000 },
    record: async () => {},
    onParked: () => {},
    onSatOut: () => {},
  };
  const running = new RunningAttempt(owner, runState.graph.get('a') as GraphNode, 1, 0, undefined);
  let isOver = false;
  running.limit(100, () => {
    isOver = true;
  });

  passTo(60);
  let wake = () => {};
  const woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const parked = running.park({ reason: 'signal', nodeId: 'a', name: 'go' }, woken);
  passTo(5_000);
  expect(isOver).toBe(false);
  expect(running.workedMs()).toBe(60);
  wake();
  await parked;
  passTo(5_039);
  expect(isOver).toBe(false);
  passTo(5_040);
  expect(isOver).toBe(true);
  expect(running.workedMs()).toBe(100);
});
