import type { Pause } from 'vibe-aigc';
import type { LedgerEntry } from '../child/protocol.js';
import type { Fault, Scratch, Task } from './scratch.js';
import type { EndedProcess } from './victim-process.js';

/** Which process of a story something happens to, from 0. */
export interface Blow {
  readonly process: number;
  readonly fault: Fault;
}

/** No run needs so many processes. */
const most = 14;

/**
 * Starts one process after the other until the run is complete, and does in between what the pauses ask for: it moves
 * the clock on, raises the budget, answers. Whoever is killed is started again.
 */
export async function operate(scratch: Scratch, start: Task, blow?: Blow): Promise<EndedProcess[]> {
  const processes: EndedProcess[] = [];
  let task: Task | undefined = start;
  let run = start;
  while (task !== undefined && processes.length < most) {
    const process: EndedProcess = await scratch.run(task, blow?.process === processes.length ? blow.fault : {});
    processes.push(process);
    if (process.signal === 'SIGKILL') continue;
    const isAnswer: boolean = task.signal !== undefined;
    task = isAnswer ? run : nextTask(run, process, processes.length);
    if (!isAnswer && task !== undefined) run = { ...task, signal: undefined };
  }
  return processes;
}

/** `undefined` when there is nothing to be done any more. */
function nextTask(run: Task, { entries }: EndedProcess, processes: number): Task | undefined {
  const pauses = pausesOf(entries.findLast(({ type }) => type === 'finished'));
  let next: Task | undefined;
  for (const pause of pauses) next = { ...run, ...next, ...answerTo(pause, run, processes) };
  return next;
}

export function pausesOf(entry: LedgerEntry | undefined): readonly Pause[] {
  return entry?.type === 'finished' && entry.status === 'paused' ? (entry.pauses ?? []) : [];
}

function answerTo(pause: Pause, { aheadMs = 0 }: Task, by: number): Partial<Task> {
  switch (pause.reason) {
    case 'retry':
    case 'sleep':
    case 'rate_limit':
      return { aheadMs: Math.max(aheadMs, Date.parse(pause.resumeAt) - Date.now() + 1) };
    case 'budget':
      return { budget: { run: { [pause.currency]: pause.limit + 2 } } };
    case 'signal':
      return { signal: { name: pause.name, nodeId: pause.nodeId, payload: { ok: true, by } } };
    case 'drain':
      return { drainAt: undefined };
    case 'ambiguous_job':
      throw new Error(`Job ${pause.name} is in doubt, though its provider can be asked.`);
    default:
      return pause satisfies never;
  }
}
