import type { CheckpointSummary } from 'vibe-aigc';
import { oneLine, printable } from '../terminal/printable.js';
import { type Cell, type Column, naturalWidth, tableLines } from '../terminal/table.js';
import { formatOfStatus, shortTime } from './words.js';

/** At their narrowest they fit into 80 columns. */
const head: readonly Column[] = [
  { title: 'CHECKPOINT' },
  { title: 'CREATED' },
  { title: 'PLAN', min: 10 },
  { title: 'STATE' },
  { title: 'NODES' },
  { title: 'VIBE', min: 12 },
];

/** The part of an id that tells the time: two ids rarely have it in common. */
const shortId = 14;

/** A line for each checkpoint. With `columns`, made to fit where that is possible. */
export function summaryLines(summaries: readonly CheckpointSummary[], columns?: number): string[] {
  const whole = summaries.map((summary) => rowOf(summary, summary.checkpointId));
  if (columns === undefined || naturalWidth(head, whole) <= columns) return tableLines(head, whole);
  const prefixes = uniquePrefixes(summaries.map(({ checkpointId }) => checkpointId));
  const short = summaries.map((summary) => rowOf(summary, prefixes.get(summary.checkpointId) as string));
  return tableLines(head, short, columns);
}

function rowOf(summary: CheckpointSummary, id: string): Cell[] {
  const { createdAt, planId } = summary;
  const start = [printable(id), shortTime(createdAt), printable(planId)];
  if (summary.damaged !== undefined) {
    const { reason } = summary.damaged;
    return [...start, { text: 'damaged', format: formatOfStatus('damaged') }, '-', oneLine(reason)];
  }
  const { state, completedNodes, totalNodes, vibeDescription } = summary;
  const progress = `${completedNodes}/${totalNodes}`;
  return [...start, { text: state, format: formatOfStatus(state) }, progress, oneLine(vibeDescription)];
}

/** As much of each id as no other id of the list begins with; every command takes it for the id. */
export function uniquePrefixes(ids: readonly string[]): Map<string, string> {
  const sorted = [...new Set(ids)].sort();
  const commonLength = (a: string, b = '') => {
    let length = 0;
    while (length < a.length && a[length] === b[length]) length++;
    return length;
  };
  return new Map(
    sorted.map((id, index) => {
      const common = Math.max(commonLength(id, sorted[index - 1]), commonLength(id, sorted[index + 1]));
      return [id, id.slice(0, Math.max(shortId, common + 1))];
    }),
  );
}
