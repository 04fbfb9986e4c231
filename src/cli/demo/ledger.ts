import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A line of the ledger: what a provider's bill would say, and of which process. */
export interface Entry {
  readonly process: string;
  readonly what: 'begins' | 'did';
  readonly nodeId: string;
}

/** What happened to a node, as far as the ledger tells. */
export interface NodeHistory {
  readonly nodeId: string;
  /** For each process asked about: did it, was cut off in it, or never began it. */
  readonly by: readonly ('done' | 'cut off' | '-')[];
}

/** Written at once, so that a process that is killed has its line there. */
export function writeEntry(directory: string, entry: Entry): void {
  appendFileSync(fileIn(directory), `${JSON.stringify(entry)}\n`);
}

/** The nodes in the order in which they were first begun. */
export function readHistory(directory: string, processes: readonly string[]): NodeHistory[] {
  const lines = readFileSync(fileIn(directory), 'utf8').trimEnd().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as Entry);
  const has = (process: string, what: Entry['what'], nodeId: string) =>
    entries.some((entry) => entry.process === process && entry.what === what && entry.nodeId === nodeId);
  return [...new Set(entries.map(({ nodeId }) => nodeId))].map((nodeId) => ({
    nodeId,
    by: processes.map((process) => {
      if (has(process, 'did', nodeId)) return 'done';
      return has(process, 'begins', nodeId) ? 'cut off' : '-';
    }),
  }));
}

export function fileIn(directory: string): string {
  return join(directory, 'ledger.jsonl');
}
