import { hash } from 'node:crypto';
import { fdatasync, write } from 'node:fs';
import type { WorkflowPlanInput } from '../../src/index.js';

/** What happens between the return of a handler and the start of what waited for it. */
export type Keep = (settle: (index: number) => void, fail: (error: unknown) => void) => (index: number) => void;

export interface LoopOptions {
  readonly concurrency: number;
  readonly output: unknown;
  /** Left out: nothing is kept, and what waited starts at once. */
  readonly keep?: Keep;
}

/** The least that runs a graph in dependency order with a limit, hands on inputs by id, and keeps outputs by id. */
export function minimalLoop(plan: WorkflowPlanInput, options: LoopOptions): () => Promise<unknown> {
  const work = async (_node: unknown, _inputs: Readonly<Record<string, unknown>>) => options.output;
  const nodes = plan.rootNodes;
  const indexOf = new Map(nodes.map(({ id }, index) => [id, index]));
  const dependents: number[][] = nodes.map(() => []);
  for (const [index, node] of nodes.entries()) {
    for (const dependency of node.dependencies ?? []) dependents[indexOf.get(dependency) as number]?.push(index);
  }
  return () =>
    new Promise((resolve, reject) => {
      const waiting = nodes.map((node) => node.dependencies?.length ?? 0);
      const ready = waiting.flatMap((count, index) => (count === 0 ? [index] : []));
      const outputs = new Map<string, unknown>();
      let next = 0;
      let running = 0;
      let settled = 0;
      const settle = (index: number) => {
        settled++;
        for (const dependent of dependents[index] as number[]) {
          if (--(waiting[dependent] as number) === 0) ready.push(dependent);
        }
        if (settled === nodes.length) resolve(outputs);
        else start();
      };
      const keep = options.keep?.(settle, reject) ?? settle;
      const start = () => {
        while (running < options.concurrency && next < ready.length) {
          const index = ready[next++] as number;
          running++;
          const inputs: Record<string, unknown> = {};
          for (const id of nodes[index]?.dependencies ?? []) inputs[id] = outputs.get(id);
          work(nodes[index], inputs).then((output) => {
            running--;
            outputs.set(nodes[index]?.id as string, output);
            keep(index);
            start();
          }, reject);
        }
      };
      start();
    });
}

/**
 * Appends the lines that the library would write for the nodes, by hand: a record, its place and its sum. One write and
 * flush under way; the lines of what settles meanwhile are the next group.
 */
export function groupCommit(fd: number, { rootNodes }: WorkflowPlanInput, output: unknown): Keep {
  return (settle, fail) => {
    let [number, flushed, prev] = [0, 0, 'head'];
    const lineOf = (index: number) => {
      const text = JSON.stringify({ kind: 'node_settled', result: resultOf(rootNodes[index]?.id, output) });
      const start = `${++number} ${flushed} ${prev}`;
      prev = hash('sha256', `${start} ${text}`, 'hex').slice(0, 32);
      return `${start} ${prev} ${text}\n`;
    };
    let queue: number[] = [];
    let isWriting = false;
    const writeNext = () => {
      isWriting = queue.length > 0;
      if (!isWriting) return;
      const group = queue;
      queue = [];
      const bytes = Buffer.from(group.map(lineOf).join(''));
      const last = number;
      appendFlushed(fd, bytes, (error) => {
        if (error !== null) return fail(error);
        flushed = last;
        group.forEach(settle);
        writeNext();
      });
    };
    return (index) => {
      queue.push(index);
      if (isWriting) return;
      isWriting = true;
      setImmediate(writeNext); // what settles in the same turn shares the flush
    };
  };
}

function resultOf(nodeId: string | undefined, output: unknown): object {
  const now = isoNow();
  const times = { attempts: 1, started_at: now, completed_at: now, duration_ms: 0 };
  return { node_id: nodeId, status: 'completed', output, ...times, handler: { name: 'default' } };
}

let [lastMs, lastIso] = [0, ''];

function isoNow(): string {
  const ms = Date.now();
  if (ms !== lastMs) [lastMs, lastIso] = [ms, new Date(ms).toISOString()];
  return lastIso;
}

/** One line after the other, each appended and flushed. */
export async function appendEach(fd: number, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    await new Promise<void>((resolve, reject) => {
      appendFlushed(fd, Buffer.from(line), (error) => (error === null ? resolve() : reject(error)));
    });
  }
}

function appendFlushed(fd: number, bytes: Buffer, done: (error: Error | null) => void): void {
  write(fd, bytes, (error, written) => {
    if (error !== null) done(error);
    else if (written < bytes.length) done(new Error('the disk is full'));
    else fdatasync(fd, done);
  });
}
