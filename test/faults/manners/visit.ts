/** What a run of the program `guest.ts` is to be like. */
export interface Visit {
  readonly checkpointDir: string;
  readonly durability: 'strict' | 'relaxed';
  /** How its run is to end. `timed out`: by the time that an attempt may take. `retrying`: cancelled while it waits. */
  readonly ending: 'completed' | 'failed' | 'cancelled' | 'timed out' | 'retrying' | 'store fails';
  /** `nothing`: a run that is not recorded. */
  readonly recordsTo: 'files' | 'memory' | 'nothing';
  /** Runs at once. */
  readonly runs: number;
  readonly closes: boolean;
  /** Its lock has a quick heartbeat, and one node waits for it. */
  readonly waitsForHeartbeat?: boolean;
  /** The program itself does what its guest must not do. */
  readonly isRude?: boolean;
}

/** What can be seen of a process from inside. */
export interface Sight {
  /** Listeners on the process, by event. */
  readonly listeners: Readonly<Record<string, number>>;
  /** Whether somebody has replaced `process.emit`. */
  readonly isEmitReplaced: boolean;
  /** What keeps the process alive. */
  readonly resources: readonly string[];
  /** What is open, as Linux tells it. */
  readonly descriptors: readonly string[];
}

/** What the program tells when it has nothing more to do. */
export interface Report {
  readonly status: string;
  readonly before: Sight;
  readonly after: Sight;
  /** `<name> <file>` of whoever read the environment. */
  readonly reads: readonly string[];
  /** `<event> <file>` of whoever listened to the process. */
  readonly listens: readonly string[];
}
