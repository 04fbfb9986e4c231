import { lstat, lstatSync, type Stats } from 'node:fs';
import { readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LockRequest, PlanLease } from '../../checkpoint/persistence-manager.js';
import { type LockHolder, PlanLockedError } from '../../errors.js';
import { errorCode, ignoreMissing } from './documents.js';
import { removeEmptyPlan } from './empty-plan.js';
import { Heartbeat } from './heartbeat.js';
import { heldTokens, holderOf, readOwner } from './lock-owner.js';
import { beatName, epochOfLock, highestEpoch, lockName, releasedName } from './names.js';

interface FileLeaseOptions {
  readonly directory: string;
  readonly planId: string;
  readonly epoch: number;
  readonly token: string;
  readonly isLocal: boolean;
  readonly takeoverMs: number | false;
  readonly log: LockRequest['log'];
}

/** A plan that is ours for as long as our lock stands and no higher one does. */
export class FileLease implements PlanLease {
  readonly epoch: number;
  readonly checkNow: (() => void) | undefined;
  private readonly own: string;
  private readonly next: string;
  private readonly heartbeat: Heartbeat;
  private releasing: Promise<void> | undefined;
  private isLost = false;
  private identity: Identity | undefined;

  constructor(private readonly options: FileLeaseOptions) {
    const { directory, epoch, takeoverMs, log } = options;
    this.epoch = epoch;
    this.own = join(directory, lockName(epoch));
    this.next = join(directory, lockName(epoch + 1));
    this.heartbeat = new Heartbeat(join(directory, beatName(epoch)), takeoverMs, log);
    // Where a look at a file may take as long as a server likes, nothing else shall wait for it.
    this.checkNow = options.isLocal ? () => this.compareNow() : undefined;
  }

  start(): void {
    this.heartbeat.start();
  }

  /** A sleeper may make the name of this lock once more, long after: it is another file then. */
  async identify(): Promise<void> {
    this.identity = await identityOf(this.own);
  }

  /** Data that was durable before this was durable before a successor could look for it. */
  async check(): Promise<void> {
    const [identity, next] = await Promise.all([identityOf(this.own), identityOf(this.next)]);
    if (isSame(identity, this.identity) && next === undefined) return;
    this.isLost = true;
    throw new PlanLockedError(this.options.planId, await this.successor());
  }

  private compareNow(): void {
    const own = lstatSync(this.own, { throwIfNoEntry: false });
    // Not existsSync: it takes a name that cannot be looked at for one that is not there.
    const isTaken = lstatSync(this.next, { throwIfNoEntry: false }) !== undefined;
    if (isSame(own, this.identity) && !isTaken) return;
    this.isLost = true;
    throw new PlanLockedError(this.options.planId, holderOf(undefined));
  }

  /** Whoever took over last, also when the plan has been given back since. */
  private async successor(): Promise<LockHolder> {
    const { directory } = this.options;
    const names = await readdir(directory).catch(() => []);
    const owner = await readOwner(directory, highestEpoch(names, epochOfLock)).catch(() => undefined);
    return holderOf(owner === 'gone' ? undefined : owner);
  }

  release(): Promise<void> {
    this.releasing ??= this.giveBack();
    return this.releasing;
  }

  /** For this process the plan is free in any case. */
  private async giveBack(): Promise<void> {
    await this.heartbeat.stop();
    const failure = await this.sayReleased();
    heldTokens().delete(this.options.token);
    if (failure === undefined) return;
    const { directory, epoch, log } = this.options;
    log('warn', 'A lock could not be given back; it is tried again.', { directory, epoch, error: failure.error });
    this.sayReleasedSoon();
  }

  /** Others would be refused for as long as this process lives, although it has nothing to do with the plan any more. */
  private sayReleasedSoon(): void {
    const tryAgain = async () => {
      if ((await this.sayReleased()) !== undefined) this.sayReleasedSoon();
    };
    setTimeout(tryAgain, this.heartbeat.everyMs).unref();
  }

  /** @returns why it could not be said */
  private async sayReleased(): Promise<{ readonly error: unknown } | undefined> {
    const { directory, epoch } = this.options;
    try {
      this.isLost ||= !isSame(await identityOf(this.own), this.identity);
      if (!this.isLost && (await this.removeEmptyPlan())) return undefined;
      if (!this.isLost) await writeFile(join(directory, releasedName(epoch)), '', { flag: 'wx', mode: 0o600 });
      if (this.isLost || this.heartbeat.isHeard) await unlink(join(directory, beatName(epoch))).catch(ignoreMissing);
      return undefined;
    } catch (error) {
      return errorCode(error) === 'EEXIST' ? undefined : { error };
    }
  }

  private removeEmptyPlan(): Promise<boolean> {
    const isStillOurs = async () => isSame(await identityOf(this.own), this.identity);
    return removeEmptyPlan(this.options.directory, this.epoch, isStillOurs);
  }
}

type Identity = Pick<Stats, 'ino' | 'mtimeMs'>;

function isSame(a: Identity | undefined, b: Identity | undefined): boolean {
  return a !== undefined && b !== undefined && a.ino === b.ino && a.mtimeMs === b.mtimeMs;
}

/**
 * Which file stands under a name, also when its number was another's before; `undefined` when none does. Faster than
 * the promise of it, which makes an error for every file that is not there.
 */
function identityOf(path: string): Promise<Identity | undefined> {
  return new Promise((resolve, reject) => {
    lstat(path, (error, stats) => {
      if (error === null) resolve(stats);
      else if (error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
  });
}
