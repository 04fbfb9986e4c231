import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertCompleted, composer, MetaPlanner, type NodeHandler } from 'vibe-aigc';
import { print } from '../terminal/output.js';
import { demoVibe } from './demo-vibe.js';
import { writeEntry } from './ledger.js';

/** How long each node takes, as a stand-in for a slow, paid call to a model. */
const callMs = 200;

/** What an app does: one planner, one call. It knows nothing of the crash. Each event is a line of JSON on stdout. */
export async function work(directory: string, name: string): Promise<void> {
  const slow = (handler: NodeHandler): NodeHandler => {
    return async (node, context) => {
      writeEntry(directory, { process: name, what: 'begins', nodeId: node.id });
      await sleep(callMs);
      const output = await handler(node, context);
      writeEntry(directory, { process: name, what: 'did', nodeId: node.id });
      return output;
    };
  };
  const { analyze, generate, validate, transform } = composer.handlers;
  const planner = new MetaPlanner({
    checkpointDir: checkpointsIn(directory),
    checkpointInterval: 2,
    concurrency: 2,
    handlers: {
      analyze: slow(analyze),
      generate: slow(generate),
      validate: slow(validate),
      transform: slow(transform),
    },
    onProgress: (event) => print(JSON.stringify(event)),
  });
  const result = await planner.executeWithResume(demoVibe);
  assertCompleted(result);
  await writeFile(join(directory, 'brief.md'), String(result.outputs.brief));
}

export function checkpointsIn(directory: string): string {
  return join(directory, 'checkpoints');
}
