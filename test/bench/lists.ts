import { writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointIds } from '../../src/checkpoint/checkpoint-id.js';
import { checkpointParts } from '../../src/checkpoint/codec.js';
import { completeHost } from '../../src/host.js';
import { MetaPlanner } from '../../src/index.js';
import { newSha256 } from '../../src/stores/file/documents.js';
import { outputOf, shapes } from './plans.js';
import { freshDirectory, planDirectory, runPlan } from './recorded-run.js';
import { heading, interleaved, print, shown, timed } from './report.js';

const count = 10_000;

/** What a list costs where there are many checkpoints. */
export async function benchLists(): Promise<void> {
  heading('Lists of 10,000 checkpoints of one plan');
  const files = await manyFiles();
  const { bare, newest, all } = await measure(files);
  const overBare = `${shown(newest, 'ms')} over ${shown(bare, 'ms')}`;
  print('files: newest 10 / bare readdir', { value: newest / bare, unit: 'x', atMost: 4, note: overBare });
  print('files: all of them', { value: all, unit: 'ms', atMost: 500 });
  const output = outputOf(100);
  const options = { output, checkpointInterval: 1, durability: 'relaxed' } as const;
  const { checkpointDir } = await runPlan(shapes.wide(count), options);
  const positions = await measure(checkpointDir);
  print('positions in a journal: newest 10', { value: positions.newest, unit: 'ms' });
  print('positions in a journal: all of them', { value: positions.all, unit: 'ms', atMost: 500 });
}

async function measure(checkpointDir: string) {
  const planner = new MetaPlanner({ checkpointDir });
  const directory = await planDirectory(checkpointDir);
  const listed = await planner.listCheckpoints({ planId: 'bench' });
  if (listed.length < count) throw new Error(`${listed.length} are listed`);
  return interleaved<'bare' | 'newest' | 'all'>([
    async () => ({ bare: await timed(() => readdir(directory)) }),
    async () => ({ newest: await timed(() => planner.listCheckpoints({ planId: 'bench', limit: 10 })) }),
    async () => ({ all: await timed(() => planner.listCheckpoints({ planId: 'bench' })) }),
  ]);
}

/** One checkpoint of a small plan under many ids. */
async function manyFiles(): Promise<string> {
  const { checkpointDir } = await runPlan(shapes.chain(10), { output: outputOf(100) });
  const planner = new MetaPlanner({ checkpointDir });
  const [latest] = await planner.listCheckpoints();
  const checkpoint = await planner.getCheckpoint(latest?.checkpointId as string);
  const root = await freshDirectory();
  const directory = join(root, checkpoint.planId);
  await mkdir(directory);
  const ids = new CheckpointIds(completeHost({}));
  for (let index = 0; index < count; index++) {
    const named = { ...checkpoint, ...ids.next() };
    writeFileSync(join(directory, `${named.checkpointId}.json`), Buffer.concat([...checkpointParts(named, newSha256)]));
  }
  return root;
}
