import type { ExecutionResult, MetaPlanner } from 'vibe-aigc';
import { printable } from '../terminal/printable.js';

/**
 * What a run was for: the outputs of those nodes of its plan that no other node needs. One is printed as it is, several
 * each below their name. A terminal is shown nothing that it would obey; a file or a pipe gets what the nodes returned.
 */
export async function outputText(result: ExecutionResult, planner: MetaPlanner): Promise<string> {
  const ids = await lastNodes(result, planner);
  const texts = ids.map((id) => {
    const text = textOf(result.outputs[id]);
    return ids.length === 1 ? text : `${id}:\n${text}\n`;
  });
  const whole = texts.join('\n').replace(/\n+$/, '');
  return process.stdout.isTTY ? whole.split('\n').map(shown).join('\n') : whole;
}

async function lastNodes({ persistenceInfo, outputs }: ExecutionResult, planner: MetaPlanner): Promise<string[]> {
  const { lastCheckpointId } = persistenceInfo;
  if (lastCheckpointId === undefined) return Object.keys(outputs);
  const { workflowPlan } = await planner.getCheckpoint(lastCheckpointId);
  const needed = new Set(workflowPlan.rootNodes.flatMap(({ dependencies }) => dependencies));
  return workflowPlan.rootNodes.map(({ id }) => id).filter((id) => !needed.has(id));
}

function textOf(output: unknown): string {
  return typeof output === 'string' ? output : (JSON.stringify(output, null, 2) ?? '');
}

function shown(line: string): string {
  return printable(line.replaceAll('\t', '    '));
}
