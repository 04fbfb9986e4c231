import type { Checkpoint, NodeResult, WorkflowNode } from 'vibe-aigc';
import { oneLine, printable } from '../terminal/printable.js';
import type { Cell, Column } from '../terminal/table.js';
import { formatOfStatus, shortDuration } from './words.js';

export const nodeColumns: readonly Column[] = [
  { title: 'NODE', min: 16 },
  { title: 'TYPE' },
  { title: 'STATUS' },
  { title: 'ATTEMPTS' },
  { title: 'DURATION' },
  { title: 'OUTPUT OR ERROR', min: 24 },
];

/** Long enough for any terminal; a book need not be turned into columns to show its first words. */
const previewLength = 300;

/** A row for each node in the order of the plan, children below their parent. */
export function nodeRows(checkpoint: Checkpoint): Cell[][] {
  const completed = new Set(checkpoint.completedNodes);
  const rows: Cell[][] = [];
  const add = (nodes: readonly WorkflowNode[], level: number) => {
    for (const node of nodes) {
      const { nodeResults } = checkpoint;
      const result = Object.hasOwn(nodeResults, node.id) ? nodeResults[node.id] : undefined;
      rows.push(rowOf(node, result, { level, isCompleted: completed.has(node.id) }));
      add(node.children, level + 1);
    }
  };
  add(checkpoint.workflowPlan.rootNodes, 0);
  return rows;
}

function rowOf(
  { id, type }: WorkflowNode,
  result: NodeResult | undefined,
  { level, isCompleted }: { readonly level: number; readonly isCompleted: boolean },
): Cell[] {
  const name = `${'  '.repeat(level)}${printable(id)}`;
  const status = statusOf(result, isCompleted);
  const styled = { text: status, format: formatOfStatus(status) };
  if (result === undefined) return [name, type, styled, '-', '-', ''];
  const { attempts, durationMs } = result;
  const wasAsked = attempts > 0;
  return [
    name,
    type,
    styled,
    wasAsked ? `${attempts}` : '-',
    wasAsked ? shortDuration(durationMs) : '-',
    previewOf(result),
  ];
}

/** A parent has its own output before its children are done: it is not complete until then. */
function statusOf(result: NodeResult | undefined, isCompleted: boolean): string {
  if (result === undefined) return isCompleted ? 'completed' : 'pending';
  return result.status === 'completed' && !isCompleted ? 'own part done' : result.status;
}

function previewOf(result: NodeResult): string {
  switch (result.status) {
    case 'completed':
      return result.fromChildren ? '(those of its children)' : previewOfOutput(result.output);
    case 'failed': {
      const { name, message, code } = result.error;
      return beginningOf(`${code ?? name}: ${message}`);
    }
    case 'skipped':
      return `blocked by ${printable(result.blockedBy)}`;
    default:
      return result satisfies never;
  }
}

function previewOfOutput(output: unknown): string {
  const text = typeof output === 'string' ? output : (JSON.stringify(output) ?? '');
  return beginningOf(text);
}

function beginningOf(text: string): string {
  if (text.length <= previewLength) return oneLine(text);
  return `${oneLine(text.slice(0, previewLength).replace(/[\ud800-\udbff]$/, ''))}…`;
}
