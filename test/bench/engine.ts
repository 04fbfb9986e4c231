import { localDispatch } from '../../src/execution/attempt.js';
import { executeRun } from '../../src/execution/executor.js';
import { completeHost } from '../../src/host.js';
import { MetaPlanner, type WorkflowPlanInput } from '../../src/index.js';
import { buildPlanGraph } from '../../src/plan/plan-graph.js';
import { parsePlan } from '../../src/plan/workflow-plan.js';
import { unrecordedLog } from '../../src/run/run-log.js';
import { newRunState } from '../../src/run/run-state.js';
import { minimalLoop } from './minimal-loop.js';
import { shapes } from './plans.js';
import { grouped, heading, interleaved, print, rounds, shown, timed } from './report.js';

const noop = async () => null;

/**
 * What the engine costs besides its handlers, without a store: a hand-written minimal loop over the same graph (ids
 * resolved beforehand), our engine on a graph that is built, and a whole `executePlan` from plain objects, which checks
 * the plan first.
 */
export async function benchEngine(): Promise<void> {
  heading('Engine, nothing recorded: times over a minimal loop');
  for (const shape of Object.values(shapes)) await measure(shape(5_000), 100, 10); // warm-up
  for (const [name, shape] of Object.entries(shapes)) {
    for (const size of [1_000, 10_000]) {
      for (const concurrency of [8, 1_000]) {
        const { loop, engine, whole } = await measure(shape(size), concurrency, rounds);
        const each = (ms: number) => shown((1_000 * ms) / size, 'µs');
        const label = `${name} ${grouped(size)}, concurrency ${grouped(concurrency)}`;
        print(`${label}: engine`, {
          value: engine / loop,
          unit: 'x',
          note: `${each(engine)} over ${each(loop)} a node`,
        });
        print(`${label}: executePlan`, { value: whole / loop, unit: 'x', note: `${each(whole)} a node` });
      }
    }
  }
}

function measure(plan: WorkflowPlanInput, concurrency: number, times: number) {
  const whole = () => new MetaPlanner({ handlers: { default: noop }, concurrency }).executePlan(plan);
  return interleaved<'loop' | 'engine' | 'whole'>(
    [
      async () => ({ loop: await timed(minimalLoop(plan, { concurrency, output: null })) }),
      async () => ({ engine: await timed(engineRun(plan, concurrency)) }),
      async () => ({ whole: await timed(whole) }),
    ],
    times,
  );
}

function engineRun(input: WorkflowPlanInput, concurrency: number): () => Promise<unknown> {
  const plan = parsePlan(input);
  const graph = buildPlanGraph(plan, () => true);
  const names = { planId: plan.id, runId: 'run-bench', vibeKey: '', epoch: 1, parent: undefined };
  const handler = { identity: { name: 'default' }, run: noop };
  return () => {
    const state = newRunState({ ...names, vibe: plan.sourceVibe, plan, graph });
    const dispatch = localDispatch(() => handler, { idempotencyKeyOf: (id) => id });
    return executeRun(state, {
      log: unrecordedLog,
      dispatch,
      concurrency,
      maxUncommitted: 1_000,
      retry: {},
      random: Math.random,
      graceMs: 0,
      now: Date.now,
      setTimer: completeHost().setTimer,
      pauseAfterMs: 0,
    });
  };
}
