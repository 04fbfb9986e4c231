import { constants } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../../host.js';
import { errorCode, ForeignFile, readDocument } from './documents.js';
import { beatName, epochOfLock, releasedName } from './names.js';

const beatMs = 5_000;
const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
const beatFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK;

/** Shows to those who cannot see this process that it lives: a counter, raised every 5 s, sooner where patience is short. */
export class Heartbeat {
  readonly everyMs: number;
  private timer: NodeJS.Timeout | undefined;
  private beating: Promise<void> = Promise.resolve();
  private beats = 0;

  constructor(
    private readonly path: string,
    takeoverMs: number | false,
    private readonly log: Host['log'],
  ) {
    this.everyMs = takeoverMs === false ? beatMs : Math.min(beatMs, Math.max(1, Math.floor(takeoverMs / 6)));
  }

  start(): void {
    this.timer = setInterval(() => {
      this.beating = this.beating.then(() => this.beat());
    }, this.everyMs);
    this.timer.unref();
  }

  /** Whether it has left a file. */
  get isHeard(): boolean {
    return this.beats > 0;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
  }

  /** Without a heartbeat somebody may take over, and then nothing more is acknowledged here: nothing is lost. */
  private async beat(): Promise<void> {
    try {
      await writeFile(this.path, `${++this.beats}\n`, { mode: 0o600, flag: beatFlags });
    } catch (error) {
      this.log('warn', 'The heartbeat of a lock could not be written.', { path: this.path, error });
    }
  }
}

/**
 * Resolves when the heartbeat of a lock has stood still for so long, by the clock of this process alone, or the lock was
 * given back or taken over by somebody else.
 * @throws the reason of `signal`
 */
export async function waitForSilence(
  directory: string,
  epoch: number,
  silentMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const napMs = Math.min(1_000, Math.max(1, silentMs / 10));
  let heard = await heartbeatOf(directory, epoch);
  let lastMs = performance.now();
  for (let silent = 0; silent < silentMs; ) {
    await nap(napMs, signal);
    const names = await readdir(directory);
    const isFree = names.includes(releasedName(epoch)) || names.some((name) => (epochOfLock(name) ?? 0) > epoch);
    if (isFree) return;
    const now = await heartbeatOf(directory, epoch);
    // When it was this process that stood still, it has not heard that the other one was silent.
    silent = now === heard ? silent + Math.min(performance.now() - lastMs, 2 * napMs) : 0;
    heard = now;
    lastMs = performance.now();
  }
}

async function nap(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function heartbeatOf(directory: string, epoch: number): Promise<string> {
  try {
    return Buffer.from(await readDocument(join(directory, beatName(epoch)))).toString();
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof ForeignFile) return '';
    throw error;
  }
}
