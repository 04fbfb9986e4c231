import type { RunLog } from '../../src/run/run-log.js';
import type { RunRecord } from '../../src/run/run-record.js';

/** Keeps what it is given, at once. */
export class MemoryLog implements RunLog {
  /** One entry per append. */
  readonly groups: RunRecord[][] = [];

  get records(): RunRecord[] {
    return this.groups.flat();
  }

  append(records: readonly RunRecord[]): void | Promise<void> {
    this.groups.push([...records]);
  }
}

/** Keeps what it is given when the test says so, in order. */
export class HeldLog extends MemoryLog {
  readonly waiting: Array<{ records: readonly RunRecord[]; resolve: () => void; reject: (error: unknown) => void }> =
    [];

  override append(records: readonly RunRecord[]): Promise<void> {
    return new Promise((resolve, reject) => this.waiting.push({ records, resolve, reject }));
  }

  release(): void {
    const oldest = this.waiting.shift();
    if (oldest === undefined) throw new Error('nothing is waiting');
    super.append(oldest.records);
    oldest.resolve();
  }

  fail(error: unknown): void {
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}

/** Keeps nothing any more from the append with this number on; the first is 1. Answers at once or a little later. */
export class DyingLog extends MemoryLog {
  private appends = 0;

  constructor(
    private readonly deadAt: number,
    private readonly isAsync: boolean,
  ) {
    super();
  }

  override append(records: readonly RunRecord[]): void | Promise<void> {
    const isDead = ++this.appends >= this.deadAt;
    if (!this.isAsync) return this.keep(records, isDead);
    return Promise.resolve().then(() => this.keep(records, isDead));
  }

  private keep(records: readonly RunRecord[], isDead: boolean): void {
    if (isDead) throw new Error('power cut');
    super.append(records);
  }
}
