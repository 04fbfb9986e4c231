import type { LedgerEntry } from '../child/protocol.js';
import { brokenPromises, leftOvers, lostCheckpoints, unfinished } from './laws.js';
import type { Scratch } from './scratch.js';
import { type EndedProcess, operationsOf } from './victim-process.js';

/** All that is wrong, with what is known already, after some processes of which the last was not hindered by anything. */
export async function verdictOn(
  scratch: Scratch,
  processes: readonly EndedProcess[],
  calm: EndedProcess,
  known: readonly string[] = [],
): Promise<string[]> {
  const entries = processes.flatMap((process) => process.entries);
  const wrong = [
    ...known,
    ...brokenPromises(entries),
    ...unfinished(processes.at(-1) as EndedProcess, calm),
    ...(await lostCheckpoints(scratch, entries)),
    ...(await leftOvers(scratch)),
  ];
  return withStory(wrong, scratch, processes);
}

/** What is wrong, and what happened, for whoever has to find out why. Nothing when nothing is wrong. */
async function withStory(
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
