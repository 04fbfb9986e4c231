/**
 * What a program does to the files below a directory. A path is relative to it, and names an entry of a directory; a
 * number names a file itself, whatever its names.
 */
export type Operation =
  | { readonly kind: 'make directory'; readonly path: string }
  | { readonly kind: 'name'; readonly path: string; readonly file: number }
  | { readonly kind: 'rename'; readonly from: string; readonly path: string; readonly file: number }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'write'; readonly file: number; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'resize'; readonly file: number; readonly size: number }
  | { readonly kind: 'flush'; readonly file: number }
  | { readonly kind: 'flush directory'; readonly path: string };

/** Both moments lie on one line with those of all other operations and marks: at a cut in between it was under way. */
export type Timed<O = Operation> = O & { readonly startedAt: number; readonly endedAt: number };

/** What the program told its user. */
export type Told =
  /** A run is about to begin whatever there is already. */
  | { readonly told: 'starting over' }
  | { readonly told: 'planned'; readonly runId: string }
  | { readonly told: 'acknowledged'; readonly runId: string; readonly nodeId: string }
  /** With how many nodes complete, where the program was told. */
  | { readonly told: 'saved'; readonly checkpointId: string; readonly completedNodes?: number }
  | { readonly told: 'deleting'; readonly checkpointId: string }
  | { readonly told: 'deleted'; readonly checkpointId: string }
  | { readonly told: 'resolved'; readonly runId: string };

export type Mark = Told & { readonly at: number };

export interface Recording {
  /** In the order in which they ended. */
  readonly operations: readonly Timed[];
  readonly marks: readonly Mark[];
  /** How many moments there are: the power may be cut before each, and after the last. */
  readonly moments: number;
  /** The first number that no file has. */
  readonly nextFile: number;
}

export function parseRecording(text: string): Recording {
  return JSON.parse(text, (key, value) => (key === 'bytes' ? new Uint8Array(Buffer.from(value, 'base64')) : value));
}

export function stringifyRecording(recording: Recording): string {
  return JSON.stringify(recording, (key, value) =>
    key === 'bytes' ? Buffer.from(value as Uint8Array).toString('base64') : value,
  );
}

/** A process that died at a moment, and what a later one did with the files that it left: one story of one disk. */
export function continued(first: Recording, diedAt: number, then: Recording): Recording {
  const later = <T extends object>(item: T, ...names: readonly (keyof T)[]): T =>
    Object.assign({ ...item }, ...names.map((name) => ({ [name]: (item[name] as number) + diedAt })));
  return {
    operations: [
      ...first.operations.filter(({ endedAt }) => endedAt < diedAt),
      ...then.operations.map((operation) => later(operation, 'startedAt', 'endedAt')),
    ],
    marks: [...first.marks.filter(({ at }) => at < diedAt), ...then.marks.map((mark) => later(mark, 'at'))],
    moments: diedAt + then.moments,
    nextFile: then.nextFile,
  };
}
