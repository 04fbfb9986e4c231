import type { FileHandle } from 'node:fs/promises';
import type { Durability, JournalWriter, PlanLease } from '../../checkpoint/persistence-manager.js';
import { VibeError } from '../../errors.js';
import { inTurns, nextTurn } from '../../turns.js';
import { writeAll, writeAllNow } from './documents.js';
import { type LineFramer, mostBytesAround } from './line-framer.js';

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
 * So many bytes are handed to the system without going through a thread, which takes longer than the writing: nothing
 * that waits for the records could go on meanwhile. The flush goes through one.
 */
const bytesAtOnce = 256 * 1024;

/** So many appends in a row are written at once before the event loop has its turn. */
const mostInARow = 128;

/**
 * At relaxed, the lease was looked at so many milliseconds ago at the most when a write is acknowledged: to look each
 * time costs more than the write. Whoever takes a plan over lets more time pass before it reads (`settleMs`), and so
 * reads all that was acknowledged.
 */
const recentMs = 1;

/** A group takes no more once it is so long. */
const charactersInGroup = 256_000;

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
  /** What went wrong with a write at once, for the append that is told of it. */
  private failed: { readonly error: unknown } | undefined;
  private written: number;
  private inARow = 0;
  private checkedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly file: FileHandle,
    private readonly framer: LineFramer,
    private readonly lease: PlanLease,
    private readonly durability: Durability,
  ) {
    this.written = this.flushed = framer.number;
  }

  /** All that share a write share the promise. */
  append(texts: readonly string[], others?: number): Promise<void> {
    const group = this.openGroup();
    for (const text of texts) {
      group.texts.push(text);
      group.characters += text.length;
    }
    if (!this.isWorking) {
      this.isWorking = true;
      // Relaxed, nothing but the next turn would keep a chain of appends from going on for ever.
      this.working = this.work(others !== 0 || this.durability === 'relaxed');
    }
    return group.acknowledged;
  }

  /** Nothing is grouped where there is no flush to share. */
  appendNow(texts: readonly string[]): boolean {
    const { checkNow } = this.lease;
    if (this.durability === 'strict' || checkNow === undefined || this.isWorking) return false;
    if (this.inARow === mostInARow || this.failed !== undefined || this.failure !== undefined) return false;
    if (!isShort(texts)) return false;
    this.inARow++;
    try {
      this.writeNow(this.framer.frame(texts, this.flushed), checkNow);
      return true;
    } catch (error) {
      this.failed = { error };
      return false;
    }
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

  /**
   * Never rejects: whoever appended is told.
   * @param waitsForTurn whether the first group does; those after it always do
   */
  private async work(waitsForTurn: boolean): Promise<void> {
    for (let waits = waitsForTurn; this.queue.length > 0; waits = true) {
      // What settles in the same turn shares the flush; and what was acknowledged is told before anything else is done.
      if (waits) await nextTurn();
      this.inARow = 0;
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
    if (last !== undefined && last.characters < charactersInGroup) return last;
    const group = newGroup();
    this.queue.push(group);
    return group;
  }

  private async write(group: Group): Promise<void> {
    const bytes = await inTurns(this.framer.framing(group.texts, this.flushed));
    const failed = this.failure ?? this.failed;
    if (failed !== undefined) throw failed.error;
    const { number } = this.framer;
    const { checkNow } = this.lease;
    const isAtOnce = bytes.length <= bytesAtOnce && checkNow !== undefined;
    if (this.durability === 'relaxed' && isAtOnce) return this.writeNow(bytes, checkNow);
    if (isAtOnce) writeAllNow(this.file.fd, bytes);
    else await writeAll(this.file, bytes);
    this.written = number;
    if (this.durability === 'strict') {
      await this.file.datasync();
      this.flushed = number;
    } else this.flushSoon();
    if (checkNow === undefined) await this.lease.check();
    else checkNow();
  }

  private writeNow(bytes: Buffer, checkNow: () => void): void {
    writeAllNow(this.file.fd, bytes);
    this.written = this.framer.number;
    this.flushSoon();
    const now = performance.now();
    if (now - this.checkedAt < recentMs) return;
    checkNow();
    this.checkedAt = now;
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

/** Whether they are written at once, judged by the most bytes that they may come to. */
function isShort(texts: readonly string[]): boolean {
  let most = 0;
  for (const text of texts) most += mostBytesAround + 3 * text.length;
  return most <= bytesAtOnce;
}

function newGroup(): Group {
  let [resolve, reject] = [() => {}, (_: unknown) => {}];
  const acknowledged = new Promise<void>((onResolved, onRejected) => {
    resolve = onResolved;
    reject = onRejected;
  });
  return { texts: [], characters: 0, acknowledged, resolve, reject };
}
