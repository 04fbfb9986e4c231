import type { RunLog } from '../run/run-log.js';
import type { RunRecord } from '../run/run-record.js';

/** Records on their way into the log. */
export interface Commit {
  readonly records: readonly RunRecord[];
  /** A handler that goes on when they are there. */
  readonly waiter?: Waiter | undefined;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface CommitListener {
  /** They were there at once. */
  onCommitted(commit: Commit): void;
  /** The same of some that were waited for together, in the order of the log. */
  onCommittedLater(commits: readonly Commit[]): void;
  onFailed(error: unknown, commit: Commit): void;
}

/** Appends records to the log, and tells when they are there. */
export class Commits {
  private pending = 0;
  private newest: { readonly appended: Promise<void>; readonly commits: Commit[] } | undefined;

  constructor(
    private readonly log: RunLog,
    private readonly listener: CommitListener,
  ) {}

  /** How many are on their way. */
  get count(): number {
    return this.pending;
  }

  /** @param others attempts under way: also the one that the records come from, while it is at work */
  append(commit: Commit, others: number): void {
    let appended: void | Promise<void>;
    try {
      appended = this.log.append(commit.records, others);
    } catch (error) {
      return this.listener.onFailed(error, commit);
    }
    if (appended === undefined) return this.listener.onCommitted(commit);
    this.pending++;
    if (this.newest?.appended === appended) this.newest.commits.push(commit);
    else this.waitFor(appended, [commit]);
  }

  /** Appends that share a promise, as those do that share a flush, are waited for together. */
  private waitFor(appended: Promise<void>, commits: Commit[]): void {
    this.newest = { appended, commits };
    const forget = () => {
      this.pending -= commits.length;
      if (this.newest?.appended === appended) this.newest = undefined;
    };
    appended.then(
      () => {
        forget();
        this.listener.onCommittedLater(commits);
      },
      (error) => {
        forget();
        for (const commit of commits) this.listener.onFailed(error, commit);
      },
    );
  }
}
