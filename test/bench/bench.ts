/**
 * What a run costs besides its handlers. Run: npm run bench
 *
 * Each row runs one plan of no-op nodes three ways in turn, five times, and prints medians: a hand-written minimal loop
 * over the same graph (ids resolved beforehand; it hands each handler its inputs, awaits it and collects outputs), our engine on a graph
 * that is built, and a whole `executePlan` from plain objects, which checks the plan first.
 */
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import { localDispatch } from '../../src/execution/attempt.js';
import { executeRun } from '../../src/execution/executor.js';
import { MetaPlanner, type WorkflowPlanInput } from '../../src/index.js';
import { buildPlanGraph } from '../../src/plan/plan-graph.js';
import { parsePlan } from '../../src/plan/workflow-plan.js';
import { unrecordedLog } from '../../src/run/run-log.js';
import { newRunState } from '../../src/run/run-state.js';
import { shapes } from './plans.js';

const rounds = 5;
const noop = async () => null;
const work = async (_node: unknown, _inputs: Readonly<Record<string, unknown>>) => null;

console.log(
  `Node ${process.version}, ${cpus()[0]?.model}, ${cpus().length} cores; medians of ${rounds}, µs per node\n`,
);
console.log('shape     nodes  concurrency   minimal loop    engine   ratio   executePlan   ratio');
for (const shape of Object.values(shapes)) await measure(shape(5_000), 100, 10); // warm-up
for (const [name, shape] of Object.entries(shapes)) {
  for (const size of [1_000, 10_000]) {
    for (const concurrency of [8, 1_000]) await compare(name, shape(size), size, concurrency);
  }
}

async function compare(name: string, plan: WorkflowPlanInput, size: number, concurrency: number): Promise<void> {
  const times = await measure(plan, concurrency, rounds);
  const [loop, engine, whole] = [times.loop, times.engine, times.whole].map((all) => (1_000 * median(all)) / size) as [
    number,
    number,
    number,
  ];
  const cells = [
    name.padEnd(8),
    String(size).padStart(6),
    String(concurrency).padStart(12),
    loop.toFixed(2).padStart(14),
    engine.toFixed(2).padStart(9),
    `${(engine / loop).toFixed(1)}x`.padStart(7),
    whole.toFixed(2).padStart(13),
    `${(whole / loop).toFixed(1)}x`.padStart(7),
  ];
  console.log(cells.join(' '));
}

async function measure(plan: WorkflowPlanInput, concurrency: number, times: number) {
  const loop: number[] = [];
  const engine: number[] = [];
  const whole: number[] = [];
  for (let round = 0; round < times; round++) {
    loop.push(await timed(minimalLoop(plan, concurrency)));
    engine.push(await timed(engineRun(plan, concurrency)));
    whole.push(await timed(() => new MetaPlanner({ handlers: { default: noop }, concurrency }).executePlan(plan)));
  }
  return { loop, engine, whole };
}

/** The least that runs a graph in dependency order with a limit, hands on inputs by id, and keeps outputs by id. */
function minimalLoop(plan: WorkflowPlanInput, concurrency: number): () => Promise<unknown> {
  const nodes = plan.rootNodes;
  const indexOf = new Map(nodes.map(({ id }, index) => [id, index]));
  const dependents: number[][] = nodes.map(() => []);
  for (const [index, node] of nodes.entries()) {
    for (const dependency of node.dependencies ?? []) dependents[indexOf.get(dependency) as number]?.push(index);
  }
  return () =>
    new Promise((resolve, reject) => {
      const waiting = nodes.map((node) => node.dependencies?.length ?? 0);
      const ready = waiting.flatMap((count, index) => (count === 0 ? [index] : []));
      const outputs = new Map<string, unknown>();
      let next = 0;
      let running = 0;
      const start = () => {
        while (running < concurrency && next < ready.length) {
          const index = ready[next++] as number;
          running++;
          const inputs: Record<string, unknown> = {};
          for (const id of nodes[index]?.dependencies ?? []) inputs[id] = outputs.get(id);
          work(nodes[index], inputs).then((output) => {
            running--;
            outputs.set(nodes[index]?.id as string, output);
            for (const dependent of dependents[index] as number[]) {
              if (--(waiting[dependent] as number) === 0) ready.push(dependent);
            }
            if (outputs.size === nodes.length) resolve(outputs);
            else start();
          }, reject);
        }
      };
      start();
    });
}

function engineRun(input: WorkflowPlanInput, concurrency: number): () => Promise<unknown> {
  const plan = parsePlan(input);
  const graph = buildPlanGraph(plan, () => true);
  const names = { planId: plan.id, runId: 'run-bench', vibeKey: '', epoch: 1, parent: undefined };
  const handler = { identity: { name: 'default' }, run: noop };
  return () => {
    const state = newRunState({ ...names, vibe: plan.sourceVibe, plan, graph });
    const dispatch = localDispatch(state, () => handler, { idempotencyKeyOf: (id) => id });
    const retry = { maxAttempts: 1, delayMs: 0 };
    return executeRun(state, {
      log: unrecordedLog,
      dispatch,
      concurrency,
      maxUncommitted: 1_000,
      retry,
      now: Date.now,
    });
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
