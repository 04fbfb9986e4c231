import { MetaPlanner } from '../../src/index.js';
import { outputOf, shapes } from './plans.js';
import { freshDirectory } from './recorded-run.js';
import { heading, print } from './report.js';

const nodes = 500;

/** How long a node is complete and not yet acknowledged: from its handler's return to `node_completed`, one at a time. */
export async function benchAcknowledgement(): Promise<void> {
  heading('Strict: from a handler’s return to node_completed, on this disk');
  await waits();
  const ms = (await waits()).sort((a, b) => a - b);
  const at = (share: number) => ms[Math.floor(share * ms.length)] as number;
  const note = `of ${ms.length} nodes of 1 KiB in a chain`;
  print('acknowledgement, p50', { value: at(0.5), unit: 'ms', atMost: 1, note });
  print('acknowledgement, p99', { value: at(0.99), unit: 'ms', atMost: 10, note });
}

async function waits(): Promise<number[]> {
  const plan = shapes.chain(nodes);
  const output = outputOf(1_024);
  const returnedAt = new Map<string, number>();
  const ms: number[] = [];
  const handler = async ({ id }: { readonly id: string }) => {
    returnedAt.set(id, performance.now());
    return output;
  };
  const planner = new MetaPlanner({ checkpointDir: await freshDirectory(), handlers: { default: handler } });
  await planner.executeWithResume(plan.sourceVibe, {
    plan,
    onProgress: (event) => {
      if (event.type === 'node_completed') ms.push(performance.now() - (returnedAt.get(event.nodeId) ?? 0));
    },
  });
  await planner.close();
  return ms;
}
