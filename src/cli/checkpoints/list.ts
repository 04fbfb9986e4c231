import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { MetaPlanner } from 'vibe-aigc';
import { checkDir } from '../check-dir.js';
import { commandLine } from '../command-line.js';
import { print, printJson, say, terminalColumns } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { summaryLines } from './summary-table.js';

export interface ListOptions {
  readonly plan?: string;
  readonly limit?: number;
  readonly dir: string;
  readonly json?: boolean;
  readonly trunc: boolean;
}

export async function listCheckpoints({ plan, limit, dir, json, trunc }: ListOptions): Promise<void> {
  const checkpointDir = resolve(checkDir(dir));
  const planner = new MetaPlanner({ checkpointDir });
  const checkpoints = await planner.listCheckpoints({ planId: plan, limit });
  if (json) return printJson({ version: 1, checkpointDir, checkpoints });
  if (checkpoints.length === 0) return sayThatThereAreNone(checkpointDir, plan);
  for (const line of summaryLines(checkpoints, trunc ? terminalColumns() : undefined)) print(line);
}

function sayThatThereAreNone(checkpointDir: string, plan: string | undefined): void {
  const what = plan === undefined ? 'No checkpoints' : `No checkpoints of plan ${JSON.stringify(plan)}`;
  const where = existsSync(checkpointDir) ? `in ${checkpointDir}` : `yet: ${checkpointDir} does not exist`;
  say(printable(`${what} ${where}. "${commandLine(['demo'])}" shows what they are good for.`));
}
