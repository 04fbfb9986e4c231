import { type Checkpoint, MetaPlanner, VibeError } from 'vibe-aigc';
import { checkDir } from '../check-dir.js';
import { print, printJson, terminalColumns, usualColumns } from '../terminal/output.js';
import { oneLine, printable } from '../terminal/printable.js';
import { tableLines } from '../terminal/table.js';
import { pad } from '../terminal/width.js';
import { findCheckpoint } from './find-checkpoint.js';
import { nodeColumns, nodeRows } from './node-rows.js';
import { shortDuration, shortTime } from './words.js';

export interface ShowOptions {
  readonly dir: string;
  readonly json?: boolean;
}

export async function showCheckpoint(given: string, { dir, json }: ShowOptions): Promise<void> {
  const planner = new MetaPlanner({ checkpointDir: checkDir(dir) });
  const checkpoint = await load(given, planner, dir);
  if (json) return printJson({ version: 1, ...checkpoint });
  for (const [label, value] of factsOf(checkpoint)) print(`${pad(label, 13)}${value}`);
  print('');
  for (const line of tableLines(nodeColumns, nodeRows(checkpoint), terminalColumns() ?? usualColumns)) print(line);
}

/** By its whole id also what no list has: the rolling save of a run, which `resumedFrom` may name. */
async function load(given: string, planner: MetaPlanner, dir: string): Promise<Checkpoint> {
  try {
    if (given !== 'latest') return await planner.getCheckpoint(given);
  } catch (error) {
    if (!VibeError.is(error) || error.code !== 'CHECKPOINT_NOT_FOUND') throw error;
  }
  const { checkpointId } = findCheckpoint(given, await planner.listCheckpoints(), dir);
  return planner.getCheckpoint(checkpointId);
}

function factsOf(checkpoint: Checkpoint): [label: string, value: string][] {
  const { checkpointId, createdAt, planId, runId, state, activeMs, parent, vibe } = checkpoint;
  const completed = checkpoint.completedNodes.length;
  const total = completed + checkpoint.pendingNodes.length;
  const percent = total === 0 ? 100 : Math.floor((100 * completed) / total);
  const facts: [string, string | undefined][] = [
    ['Checkpoint', printable(checkpointId)],
    ['Created', shortTime(createdAt)],
    ['Plan', printable(planId)],
    ['Run', printable(runId)],
    ['Went on from', parent && `${printable(parent.checkpointId)} of run ${printable(parent.runId)}`],
    ['State', state],
    ['Progress', `${completed}/${total} nodes (${percent} %)`],
    ['Time spent', activeMs === undefined ? undefined : shortDuration(activeMs)],
    ['Vibe', oneLine(vibe.description)],
    ['Style', vibe.style && oneLine(vibe.style)],
    ['Domain', vibe.domain && oneLine(vibe.domain)],
    ...vibe.constraints.map((constraint): [string, string] => ['Constraint', oneLine(constraint)]),
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== '');
}
