import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowPlanInput } from '../../src/index.js';
import { outputOf, shapes } from './plans.js';
import { type RunOptions, runPlan } from './recorded-run.js';
import { heading, interleaved, print, shown } from './report.js';

/** How long the program around a run is kept waiting for its turn. */
export async function benchEventLoop(): Promise<void> {
  heading('Longest stall of the event loop, 10,000 nodes, 1 KB outputs, no-op handlers');
  for (const name of ['wide', 'layered'] as const) {
    for (const [level, options] of [
      ['strict', {}],
      ['relaxed', { durability: 'relaxed' }],
      ['strict, interval 1', { checkpointInterval: 1 }],
    ] as const) {
      await printStalls(`${name}, ${level}`, shapes[name](10_000), { ...options, output: outputOf(1_024) });
    }
  }
}

async function printStalls(label: string, plan: WorkflowPlanInput, options: RunOptions): Promise<void> {
  await runPlan(plan, options); // warm-up
  const stalls = await interleaved<'whole' | 'wholeWall' | 'afterPlan' | 'afterPlanWall'>([
    async () => {
      const { ours, wall } = await longestStalls('call', plan, options);
      return { whole: ours, wholeWall: wall };
    },
    async () => {
      const { ours, wall } = await longestStalls('plan_created', plan, options);
      return { afterPlan: ours, afterPlanWall: wall };
    },
  ]);
  const note = (wall: number) => `${shown(wall, 'ms')} by the clock`;
  print(`${label}: from plan_created`, {
    value: stalls.afterPlan,
    unit: 'ms',
    atMost: 10,
    note: note(stalls.afterPlanWall),
  });
  print(`${label}: whole call`, { value: stalls.whole, unit: 'ms', note: note(stalls.wholeWall) });
}

/**
 * The longest stall by the clock, and the longest on our account: on a busy machine others have the processor for most
 * of a long one, so that a stall counts for no more than what this process has worked in it.
 */
async function longestStalls(from: 'call' | 'plan_created', plan: WorkflowPlanInput, options: RunOptions) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let timer: NodeJS.Timeout | undefined;
  let ours = 0;
  let first: number | undefined; // the monitor itself counts from its first turn on
  const watch = () => {
    delay.enable();
    let last = { at: performance.now(), cpu: process.cpuUsage() };
    timer = setInterval(() => {
      const now = { at: performance.now(), cpu: process.cpuUsage() };
      const { user, system } = process.cpuUsage(last.cpu);
      ours = Math.max(ours, Math.min(now.at - last.at, (user + system) / 1_000));
      first ??= now.at - last.at;
      last = now;
    }, 1);
  };
  if (from === 'call') watch();
  await runPlan(plan, from === 'call' ? options : { ...options, isHeard: true, onPlanCreated: watch });
  await sleep(5); // a stall is known when the next turn comes
  clearInterval(timer);
  delay.disable();
  return { ours, wall: Math.max(first ?? 0, delay.max / 1e6) };
}
