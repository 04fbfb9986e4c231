import type { FileHandle } from 'node:fs/promises';
import type { Durability, JournalWriter, PlanLease } from '../../checkpoint/persistence-manager.js';
import { VibeError } from '../../errors.js';
import { writeAll, writeAllNow } from './documents.js';
import type { LineFramer } from './line-framer.js';

/** Texts that go out in one write, and whoever waits for them. */
interface Group {
  readonly texts: string[];
  characters: number;
  readonly acknowledged: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What is written in relaxed mode reaches the disk at the latest after so many milliseconds. */
const flushDelayMs = 100;

/**
 * At relaxed, where nothing waits for the disk, so many bytes are handed to the system without going through a thread:
 * that takes a tenth of the time, and a chain of nodes would pay it for each.
 */
const bytesAtOnce = 16 * 1024;

/** A group takes no more once it is so long: its lines are made in one breath. */
const charactersAtOnce = 256_000;

/**
 * Appends in groups: whatever is queued goes out in one write and, when strict, one flush; what is queued meanwhile is
 * the next group. Acknowledged is what was written so and then found to be still ours. After a failed write or flush
 * nothing is tried again on this file: the system may have dropped the page and report success next time.
 */
export class FileJournalWriter implements JournalWriter {
  private readonly queue: Group[] = [];
  private isWorking = false;
  private working: Promise<void> = Promise.resolve();
  private flushed: number;
  private flushTimer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;
  private written: number;

  constructor(
    private readonly file: FileHandle,
    private readonly framer: LineFramer,
    private readonly lease: PlanLease,
    private readonly durability: Durability,
  ) {
    this.written = this.flushed = framer.end.number;
  }

  /** All that share a write share the promise. */
  append(texts: readonly string[]): Promise<void> {
    const group = this.openGroup();
    for (const text of texts) {
      group.texts.push(text);
      group.characters += text.length;
    }
    if (!this.isWorking) {
      this.isWorking = true;
      this.working = this.work();
    }
    return group.acknowledged;
  }

  async flush(): Promise<void> {
    await this.working;
    clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    await this.flushNow();
    if (this.failure !== undefined) throw this.failure.error;
  }

  async close(): Promise<void> {
    await this.working;
    clearTimeout(this.flushTimer);
    await this.flushNow(); // what was acknowledged reaches the disk, however the run ended
    this.failure ??= { error: new Error('the journal is closed') };
    await this.file.close();
  }

  /** Never rejects: whoever appended is told. */
  private async work(): Promise<void> {
    while (this.queue.length > 0) {
      // What settles in the same turn shares the flush; and what was acknowledged is told before anything else is done.
      await new Promise((resolve) => setImmediate(resolve));
      const group = this.queue.shift() as Group;
      try {
        await this.write(group);
        group.resolve();
      } catch (error) {
        this.failure ??= { error: await this.causeOf(error) };
        group.reject(this.failure.error);
      }
    }
    this.isWorking = false;
  }

  private openGroup(): Group {
    const last = this.queue.at(-1);
    if (last !== undefined && last.characters < charactersAtOnce) return last;
    const group = newGroup();
    this.queue.push(group);
    return group;
  }

  private async write(group: Group): Promise<void> {
    if (this.failure !== undefined) throw this.failure.error;
    const bytes = this.framer.frame(group.texts, this.flushed);
    const { number } = this.framer.end;
    const { checkNow } = this.lease;
    if (this.durability === 'relaxed' && bytes.length <= bytesAtOnce && checkNow !== undefined) {
      writeAllNow(this.file.fd, bytes);
    } else await writeAll(this.file, bytes);
    this.written = number;
    if (this.durability === 'strict') {
      await this.file.datasync();
      this.flushed = number;
    } else this.flushSoon();
    if (checkNow === undefined) await this.lease.check();
    else checkNow();
  }

  private flushSoon(): void {
    if (this.flushTimer !== undefined) return;
    this.flushTimer = setTimeout(() => {
      this.flushTimer = undefined;
      void this.flushNow();
    }, flushDelayMs);
    this.flushTimer.unref();
  }

  private async flushNow(): Promise<void> {
    await this.flushing;
    const { written } = this;
    if (written === this.flushed || this.failure !== undefined) return;
    this.flushing = this.file.datasync().then(
      () => {
        this.flushed = written;
      },
      (error) => {
        this.failure ??= { error };
      },
    );
    await this.flushing;
  }

  /** A file that fails because somebody else has the plan and tidied up: that is the thing to say. */
  private async causeOf(error: unknown): Promise<unknown> {
    return this.lease.check().then(
      () => error,
      (lost) => (VibeError.is(lost) ? lost : error),
    );
  }
}

function newGroup(): Group {
  let [resolve, reject] = [() => {}, (_: unknown) => {}];
  const acknowledged = new Promise<void>((onResolved, onRejected) => {
    resolve = onResolved;
    reject = onRejected;
  });
  return { texts: [], characters: 0, acknowledged, resolve, reject };
}
