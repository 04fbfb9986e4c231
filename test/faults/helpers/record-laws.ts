import { isDeepStrictEqual } from 'node:util';
import type { LedgerEntry } from '../child/protocol.js';
import { pausesOf } from './operator.js';
import type { EndedProcess } from './victim-process.js';

/** What some processes, one after the other, have against what handlers were promised of their records. */
export function brokenRecords(processes: readonly EndedProcess[]): string[] {
  const entries = processes.flatMap((process) => process.entries);
  return [
    ...doneAgain(entries),
    ...countedAgain(entries),
    ...askedAgain(processes),
    ...movedSleeps(entries),
    ...wrongSums(entries),
    ...processes.flatMap((process) => begunAfterDrain(process)),
  ];
}

/** What is kept stays as it is, and is never done again. */
function doneAgain(entries: readonly LedgerEntry[]): string[] {
  const kept = new Map<string, unknown>();
  return entries.flatMap((entry) => {
    if (entry.type === 'did') return kept.has(entry.what) ? [`${entry.what} was done again after it was kept`] : [];
    if (entry.type !== 'kept') return [];
    const { what, value } = entry;
    const isSame = !kept.has(what) || isDeepStrictEqual(kept.get(what), value);
    kept.set(what, value);
    return isSame ? [] : [`${what} was kept with another value`];
  });
}

/** An attempt that was told to have failed is not made again. */
function countedAgain(entries: readonly LedgerEntry[]): string[] {
  const failed = new Map<string, number>();
  return entries.flatMap((entry) => {
    if (entry.type === 'retrying') failed.set(entry.nodeId, entry.attempt);
    if (entry.type !== 'called') return [];
    const { nodeId, attempt = 1 } = entry;
    return attempt > (failed.get(nodeId) ?? 0) ? [] : [`attempt ${attempt} on ${nodeId} was made after it had failed`];
  });
}

/** Nobody is asked for an answer that was sent before. */
function askedAgain(processes: readonly EndedProcess[]): string[] {
  const sent = processes.findIndex(({ entries }) => entries.some(({ type }) => type === 'signalled'));
  if (sent === -1) return [];
  const later = processes.slice(sent + 1).flatMap(({ entries }) => entries);
  const asking = later.filter((entry) => pausesOf(entry).some(({ reason }) => reason === 'signal'));
  return asking.map(() => 'a run paused for a signal that had been sent');
}

function movedSleeps(entries: readonly LedgerEntry[]): string[] {
  const ends = new Set<string>();
  for (const pause of entries.flatMap(pausesOf)) {
    if (pause.reason === 'sleep' && pause.name.startsWith('sleep ')) ends.add(pause.resumeAt);
  }
  return ends.size > 1 ? [`one sleep was to end at ${[...ends].join(' and ')}`] : [];
}

/** All that was told to be recorded counts, and nothing that was not done; and no cap is passed. */
function wrongSums(entries: readonly LedgerEntry[]): string[] {
  const wrong: string[] = [];
  let [did, kept] = [0, 0];
  for (const entry of entries) {
    if (entry.type === 'did') did++;
    if (entry.type === 'kept' && entry.what.startsWith('spend ')) kept++;
    if (entry.type !== 'finished') continue;
    const { amount = 0, tokens = 0 } = entry.summary?.spend.USD ?? {};
    if (amount < kept || (kept > 0 && amount > did)) wrong.push(`${amount} was spent, after ${kept} to ${did} times 1`);
    if (tokens !== amount * 10) wrong.push(`${tokens} tokens were used for ${amount}`);
    for (const pause of pausesOf(entry)) {
      if (pause.reason === 'budget' && pause.spent > pause.limit) wrong.push(`the cap ${pause.limit} was passed`);
    }
  }
  return wrong;
}

function begunAfterDrain({ entries }: EndedProcess): string[] {
  const drained = entries.findIndex((entry) => entry.type === 'drained');
  if (drained === -1) return [];
  const called = entries.slice(drained).filter((entry) => entry.type === 'called');
  return called.map(({ nodeId }) => `${nodeId} was begun after the planner was drained`);
}
