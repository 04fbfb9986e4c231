import type { WorkflowNode, WorkflowPlan } from 'vibe-aigc';
import { isOffline, offlineNote, openPlanner } from '../run/open-planner.js';
import type { ModelOptions } from '../run/options.js';
import { print, printJson, say, terminalColumns } from '../terminal/output.js';
import { oneLine, printable } from '../terminal/printable.js';
import { type Cell, type Column, tableLines } from '../terminal/table.js';
import type { VibeOptions } from '../vibe/options.js';
import { readVibe } from '../vibe/read-vibe.js';

export interface PlanCommandOptions extends VibeOptions, ModelOptions {
  readonly planId?: string;
  readonly json?: boolean;
  readonly trunc: boolean;
}

const columns: readonly Column[] = [
  { title: 'NODE', min: 16 },
  { title: 'TYPE' },
  { title: 'AFTER', min: 16 },
  { title: 'DESCRIPTION', min: 24 },
];

export async function plan(words: string | undefined, options: PlanCommandOptions): Promise<void> {
  const { planId, json, trunc } = options;
  const vibe = await readVibe(words, options);
  const planner = await openPlanner(options);
  if (isOffline(options)) say(offlineNote);
  const made = await planner.plan(vibe, planId === undefined ? {} : { planId });
  if (json) return printJson({ version: 1, plan: made });
  print(`Plan ${printable(made.id)}`);
  print('');
  for (const line of tableLines(columns, rowsOf(made), trunc ? terminalColumns() : undefined)) print(line);
}

/** Children below their parent, and further in. */
function rowsOf({ rootNodes }: WorkflowPlan): Cell[][] {
  const rows: Cell[][] = [];
  const add = (nodes: readonly WorkflowNode[], level: number) => {
    for (const { id, type, dependencies, description, children } of nodes) {
      const name = `${'  '.repeat(level)}${printable(id)}`;
      rows.push([name, type, dependencies.map(printable).join(', ') || '-', oneLine(description)]);
      add(children, level + 1);
    }
  };
  add(rootNodes, 0);
  return rows;
}
