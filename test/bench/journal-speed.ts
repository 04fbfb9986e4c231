import type { WorkflowPlanInput } from '../../src/index.js';
import { bareRecordingMs, recordingIn } from './bare-recording.js';
import { appendEach, groupCommit, minimalLoop } from './minimal-loop.js';
import { outputOf, shapes } from './plans.js';
import { linesOf, type RunOptions, runPlan, withNewFile } from './recorded-run.js';
import { grouped, heading, interleaved, print, shown, timed } from './report.js';

const output = outputOf(100);
const concurrency = 8;

/** What it costs to record a run, at both levels of durability. */
export async function benchJournalSpeed(): Promise<void> {
  for (const shape of Object.values(shapes)) {
    await runPlan(shape(2_000), { output, durability: 'relaxed' }); // warm-up
    for (let round = 0; round < 3; round++) await runPlan(shape(2_000), { output, isHeard: true });
  }
  heading(
    'Strict, 100-byte outputs, a listener: times over a minimal loop that appends the same records with group commit',
  );
  for (const name of ['wide', 'layered'] as const) {
    for (const size of [1_000, 10_000]) await compareStrict(`${name} ${grouped(size)}`, shapes[name](size));
  }
  heading('Strict chain: times over one append and flush a node, and over the minimal loop');
  await compareChain('chain 1,000', shapes.chain(1_000));
  heading('Relaxed, 100-byte outputs: what recording adds to a run that records nothing');
  for (const [name, shape] of Object.entries(shapes)) {
    const linesAtOnce = name === 'chain' ? 1 : 96;
    for (const size of [1_000, 10_000]) await compareRelaxed(`${name} ${grouped(size)}`, shape(size), linesAtOnce);
  }
}

async function compareStrict(label: string, plan: WorkflowPlanInput): Promise<void> {
  const { whole, records, loop } = await interleaved<'whole' | 'records' | 'loop'>([
    async () => ({ whole: (await runPlan(plan, { output })).wholeMs }),
    async () => ({ loop: await loopMs(plan) }),
    async () => ({ records: (await runPlan(plan, { output, isHeard: true })).recordsMs }),
  ]);
  const over = `over ${shown(loop, 'ms')}`;
  const target = { unit: 'x', atMost: 3, aim: 1.5 } as const;
  print(`${label}: records`, { value: records / loop, ...target, note: `${shown(records, 'ms')} ${over}` });
  print(`${label}: whole call`, { value: whole / loop, unit: 'x', note: `${shown(whole, 'ms')} ${over}` });
}

async function compareChain(label: string, plan: WorkflowPlanInput): Promise<void> {
  const { checkpointDir } = await runPlan(plan, { output });
  const lines = await linesOf(plan, checkpointDir);
  const { whole, afterPlan, loop, raw } = await interleaved<'whole' | 'afterPlan' | 'loop' | 'raw'>([
    async () => ({ whole: (await runPlan(plan, { output })).wholeMs }),
    async () => ({ raw: await withNewFile((fd) => timed(() => appendEach(fd, lines))) }),
    async () => ({ afterPlan: (await runPlan(plan, { output, isHeard: true })).afterPlanMs }),
    async () => ({ loop: await loopMs(plan) }),
  ]);
  const target = { unit: 'x', atMost: 1.6, aim: 1.3 } as const;
  const over = `over ${shown(raw, 'ms')}`;
  print(`${label}: whole call / raw appends`, { value: whole / raw, ...target, note: `${shown(whole, 'ms')} ${over}` });
  const note = `${shown(afterPlan, 'ms')} ${over}`;
  print(`${label}: from plan_created / raw appends`, { value: afterPlan / raw, ...target, note });
  const overLoop = `${shown(whole, 'ms')} over ${shown(loop, 'ms')}`;
  print(`${label}: whole call / minimal loop`, { value: whole / loop, unit: 'x', note: overLoop });
}

interface RelaxedFigures {
  readonly whole: number;
  readonly cpu: number;
  readonly records: number;
  readonly afterPlan: number;
}

/**
 * The records have a time of their own. The whole, with the journal's header and the file at the end, is held to what
 * recording the same takes by hand: on a machine without instructions for SHA-256, that alone is more than 20 µs a node.
 */
async function compareRelaxed(label: string, plan: WorkflowPlanInput, linesAtOnce: number): Promise<void> {
  const relaxed = { output, durability: 'relaxed' } as const;
  const recording = await recordingIn((await runPlan(plan, relaxed)).checkpointDir);
  const nothing = { output, mode: 'execute' } as const;
  const figuresOf = async (options: RunOptions) => {
    const { wholeMs: whole, cpuMs: cpu } = await runPlan(plan, options);
    const { recordsMs: records, afterPlanMs: afterPlan } = await runPlan(plan, { ...options, isHeard: true });
    return { whole, cpu, records, afterPlan };
  };
  const figures = await interleaved<keyof RelaxedFigures | `bare-${keyof RelaxedFigures}` | 'byHand'>([
    () => figuresOf(relaxed),
    async () => ({ byHand: await bareRecordingMs(recording, linesAtOnce) }),
    async () => {
      const bare = await figuresOf(nothing);
      return {
        'bare-whole': bare.whole,
        'bare-cpu': bare.cpu,
        'bare-records': bare.records,
        'bare-afterPlan': bare.afterPlan,
      };
    },
  ]);
  const added = (what: string, key: keyof RelaxedFigures, atMost?: number) =>
    printAdded(`${label}: ${what}, a node`, figures[key], figures[`bare-${key}`], plan, atMost);
  added('records', 'records', 20);
  added('records and the file at the end', 'afterPlan');
  added('whole call', 'whole');
  added('processor time', 'cpu');
  const addedMs = figures.whole - figures['bare-whole'];
  const target = { unit: 'x', atMost: 3, aim: 1.5 } as const;
  const note = `${shown(addedMs, 'ms')} over ${shown(figures.byHand, 'ms')}`;
  print(`${label}: whole call / recorded by hand`, { value: addedMs / figures.byHand, ...target, note });
}

function printAdded(
  label: string,
  recorded: number,
  bare: number,
  { rootNodes }: WorkflowPlanInput,
  atMost?: number,
): void {
  const value = (1_000 * (recorded - bare)) / rootNodes.length;
  print(label, { value, unit: 'µs', atMost, note: `${shown(recorded, 'ms')}, ${shown(bare, 'ms')} without` });
}

function loopMs(plan: WorkflowPlanInput): Promise<number> {
  return withNewFile((fd) => timed(minimalLoop(plan, { concurrency, output, keep: groupCommit(fd, plan, output) })));
}
