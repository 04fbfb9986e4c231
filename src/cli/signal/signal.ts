import { MetaPlanner } from 'vibe-aigc';
import { checkDir } from '../check-dir.js';
import { CommandError } from '../command-error.js';
import { commandLine, dirWords } from '../command-line.js';
import { exit } from '../exit-codes.js';
import { parseJson, readJson } from '../read-json.js';
import { findPlan } from '../run/find-run.js';
import { print, printJson, say } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';

export interface SignalOptions {
  readonly payload?: string;
  readonly payloadFile?: string;
  readonly node?: string;
  readonly dir: string;
  readonly json?: boolean;
}

export async function signal(given: string, name: string, options: SignalOptions): Promise<void> {
  const { node: nodeId, dir, json } = options;
  const planner = new MetaPlanner({ checkpointDir: checkDir(dir) });
  const payload = await readPayload(options);
  const planId = findPlan(given, await planner.listCheckpoints(), dir);
  const receipt = await planner.signal({ planId, name, payload, ...(nodeId !== undefined && { nodeId }) });
  if (json) return printJson({ version: 1, planId, name, ...receipt });
  print(`kept for node ${printable(receipt.nodeId)} of plan ${printable(planId)}`);
  say('A run that is under way takes it by itself. One that is paused goes on with:');
  say(commandLine(['resume', planId, ...dirWords(dir)]));
}

async function readPayload({ payload, payloadFile }: SignalOptions): Promise<unknown> {
  if (payload !== undefined && payloadFile !== undefined) {
    const what = 'The answer is given twice, as --payload and as --payload-file.';
    throw new CommandError(exit.usage, { what, next: ['leave one of them out'] });
  }
  if (payloadFile !== undefined) return readJson(payloadFile, '--payload-file');
  return payload === undefined ? null : parseJson(payload, '--payload');
}
