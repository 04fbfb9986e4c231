import type { RepairReport } from 'vibe-aigc';
import { terminalColumns, usualColumns } from '../terminal/output.js';
import { oneLine, printable } from '../terminal/printable.js';
import { type Cell, type Column, tableLines } from '../terminal/table.js';
import { formatOfStatus } from './words.js';

const columns: readonly Column[] = [{ title: 'NODE', min: 16 }, { title: 'RESULT' }, { title: 'WHY', min: 24 }];

/** What was damaged, what becomes of each node, and where things are now. */
export function reportLines(report: RepairReport, { dryRun }: { readonly dryRun: boolean }): string[] {
  const { planId, runId, kept, paidAgain, toRun, damage, checkpointId } = report;
  const run = `plan ${printable(planId)}, run ${printable(runId)}`;
  const isDone = checkpointId !== undefined;
  if (damage.length === 0 && !isDone) return [`nothing to repair: ${run}`];
  const neverDone = toRun.length - paidAgain.length;
  const counts = `${kept.length} kept, ${paidAgain.length} to be paid again, ${neverDone} never done`;
  return [
    `${dryRun ? 'would repair' : 'repaired'} ${run}`,
    '',
    ...tableLines(columns, rowsOf(report), terminalColumns() ?? usualColumns),
    '',
    `nodes: ${counts}`,
    ...damage.flatMap((one) => damageLines(one, dryRun)),
    ...(isDone ? [`saved ${printable(checkpointId)}, which has all that is kept`] : []),
  ];
}

function rowsOf({ kept, paidAgain, toRun, staleInputs }: RepairReport): Cell[][] {
  const stale = new Map(staleInputs.map(({ nodeId, dependencies }) => [nodeId, dependencies]));
  const reasons = new Map(paidAgain.map(({ nodeId, reason }) => [nodeId, reason]));
  const keptRows = kept.map((nodeId): Cell[] => {
    const from = stale.get(nodeId);
    const why = from === undefined ? '' : `made from an earlier output of ${from.map(printable).join(', ')}`;
    return [printable(nodeId), { text: 'kept', format: formatOfStatus('completed') }, why];
  });
  const otherRows = toRun.map((nodeId): Cell[] => {
    const reason = reasons.get(nodeId);
    if (reason === undefined) return [printable(nodeId), { text: 'never done', format: formatOfStatus('pending') }, ''];
    return [printable(nodeId), { text: 'paid again', format: formatOfStatus('failed') }, oneLine(reason)];
  });
  return [...keptRows, ...otherRows];
}

function damageLines({ location, reason, movedTo, checkpointIds }: RepairReport['damage'][number], dryRun: boolean) {
  const what = `${printable(location)}: ${oneLine(reason)}`;
  const gone = checkpointIds.map((id) => `  no longer listed: ${printable(id)}`);
  if (movedTo === location) return [what];
  if (movedTo !== undefined) return [`damaged ${what}`, `  moved to ${printable(movedTo)}`, ...gone];
  return [`damaged ${what}`, ...(dryRun ? ['  would be moved aside', ...gone] : [])];
}
