import type { LedgerEntry } from '../child/protocol.js';
import { brokenPromises, callsOf, leftOvers, lostCheckpoints, unfinished } from './laws.js';
import type { Scratch } from './scratch.js';
import { type EndedProcess, operationsOf } from './victim-process.js';

/** All that is wrong after some processes, of which the last two were to finish the run and to find it finished. */
export async function verdictOn(
  scratch: Scratch,
  processes: readonly EndedProcess[],
  calm: EndedProcess,
): Promise<string[]> {
  const entries = processes.flatMap((process) => process.entries);
  const again = processes.at(-1) as EndedProcess;
  const wrong = [
    ...brokenPromises(entries),
    ...processes.slice(-2).flatMap((process) => unfinished(process, calm)),
    ...callsOf(again).map(({ nodeId }) => `${nodeId} was called after the run was complete`),
    ...(await lostCheckpoints(scratch, entries)),
    ...(await leftOvers(scratch)),
  ];
  return withStory(wrong, scratch, processes);
}

/** What is wrong, and what happened, for whoever has to find out why. Nothing when nothing is wrong. */
export async function withStory(
  wrong: readonly string[],
  scratch: Scratch,
  processes: readonly EndedProcess[],
): Promise<string[]> {
  if (wrong.length === 0) return [];
  const steps = processes.flatMap((process, index) => [
    `-- process ${index + 1}, the last of ${operationsOf(process).length} operations and what else it told:`,
    ...process.entries.slice(-12).map((entry) => `   ${lineOf(entry)}`),
    `   ended with ${process.signal ?? `code ${process.exitCode}`}`,
  ]);
  const files = (await scratch.files()).map((file) => `   ${file}`);
  return [...new Set(wrong), ...steps, '-- files left:', ...files];
}

function lineOf({ thread, ...entry }: LedgerEntry): string {
  if (entry.type === 'finished') return `finished ${entry.status}`;
  return Object.values(entry)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join(' ');
}
