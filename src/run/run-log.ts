import type { RunRecord } from './run-record.js';

/**
 * Where the records of a run go before anything reacts to them. Appends may overlap and are answered in order; each is
 * all or none.
 */
export interface RunLog {
  /**
   * Resolves when the records are kept as well as this log can and the run is still ours; a log that is done at once
   * returns nothing. After a failure, nothing more of this log may be relied on.
   * @param others how many attempts are under way, whose records may come in the same turn and are worth to be waited for
   */
  append(records: readonly RunRecord[], others: number): void | Promise<void>;

  /** Throws what this log has failed with since the last append, so that nothing more is started that it cannot keep. */
  check?(): void;
}

/** The log of a run that is not to outlive its process. */
export const unrecordedLog: RunLog = { append() {} };
