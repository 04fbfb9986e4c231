import { readFileSync } from 'node:fs';
import type { WorkflowPlanInput } from '../../src/index.js';
import { outputOf, shapes } from './plans.js';
import { checkpointBytes, type RunOptions, runPlan } from './recorded-run.js';
import { grouped, heading, interleaved, print, shown } from './report.js';

/** What a run writes, temporary files included, over what its last checkpoint file holds: its plan and results. */
export async function benchJournalBytes(): Promise<void> {
  heading('Bytes written over plan and results');
  if (bytesWritten() === undefined) console.log('  this system does not say what a process writes');
  for (const [bytes, size] of [
    [100, 1_000],
    [100, 10_000],
    [1_024, 1_000],
    [1_024, 10_000],
  ] as const) {
    const label = `${grouped(size)} nodes of ${grouped(bytes)} bytes`;
    const plan = shapes.wide(size);
    await printBytes(`${label}, no interval`, plan, { output: outputOf(bytes) }, 2);
    const atMost = size === 10_000 && bytes === 1_024 ? 4 : undefined;
    await printBytes(`${label}, interval 1`, plan, { output: outputOf(bytes), checkpointInterval: 1 }, atMost);
  }
  heading('Time a node with interval 1 and 1 KB outputs');
  for (const name of ['wide', 'layered'] as const) await printGrowth(name);
}

async function printBytes(label: string, plan: WorkflowPlanInput, options: RunOptions, atMost?: number): Promise<void> {
  const before = bytesWritten();
  if (before === undefined) return;
  const { checkpointDir } = await runPlan(plan, options);
  const written = (bytesWritten() as number) - before;
  const held = await checkpointBytes(checkpointDir);
  const note = `${shown(written / 1e6, 'MB')} over ${shown(held / 1e6, 'MB')}`;
  print(label, { value: written / held, unit: 'x', atMost, note });
}

async function printGrowth(name: keyof typeof shapes): Promise<void> {
  const options = { output: outputOf(1_024), checkpointInterval: 1 };
  const eachOf = async (size: number) => (1_000 * (await runPlan(shapes[name](size), options)).wholeMs) / size;
  const { few, many } = await interleaved<'few' | 'many'>([
    async () => ({ few: await eachOf(1_000) }),
    async () => ({ many: await eachOf(10_000) }),
  ]);
  const note = `${shown(many, 'µs')} over ${shown(few, 'µs')}`;
  print(`${name}: 10,000 over 1,000 nodes`, { value: many / few, unit: 'x', atMost: 1.5, note });
}

/** Bytes that this process has passed to write calls so far; `undefined` where the system does not count them. */
function bytesWritten(): number | undefined {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}
