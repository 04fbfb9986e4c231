import type { Moment, Operation } from '../child/protocol.js';

/** A moment of a run at which a process can die. */
export interface CrashPoint {
  readonly at: number;
  readonly when: Moment;
  /** What was done then in the run from which the points were taken. */
  readonly name: string;
}

/** Before and after each operation, and in the middle of each that writes. */
export function crashPointsOf(operations: readonly Operation[]): CrashPoint[] {
  return operations.flatMap(({ n, kind, file }) => {
    const moments: Moment[] =
      kind.startsWith('write') || kind === 'appendFile' ? ['before', 'in', 'after'] : ['before', 'after'];
    return moments.map((when) => ({ at: n, when, name: `${when} operation ${n}, ${kind} ${shapeOf(file)}` }));
  });
}

/** The name of a file without what is random in it: the same in every run. */
export function shapeOf(file: string): string {
  const name = file.split('/').at(-1) as string;
  const known = name.replace(/^\.tmp-[0-9a-f]+(\.\d+)?$/, '.tmp').replace(/^cp-.*\.json$/, 'checkpoint');
  return known.replace(/^(\.blob-[0-9a-f]{8})[0-9a-f]+$/, '$1');
}
