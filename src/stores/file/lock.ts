import { access, existsSync, lstat, lstatSync, type Stats } from 'node:fs';
import { link, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LockCapability, LockRequest, PlanLease } from '../../checkpoint/persistence-manager.js';
import { type LockHolder, PlanLockedError } from '../../errors.js';
import { errorCode, newTemporary, readDocument, writeFlushed } from './documents.js';
import { remoteFileSystemOf } from './file-system.js';
import { Heartbeat, waitForSilence } from './heartbeat.js';
import { decodeOwner, encodeOwner, heldTokens, judgeOwner, type LockOwner, ownerHere } from './lock-owner.js';
import {
  beatName,
  epochOfJournal,
  epochOfLock,
  epochOfLockFamily,
  isTemporary,
  lockName,
  releasedName,
} from './names.js';

export interface FileLockOptions {
  /** The directory of a plan, made when it is not there. */
  readonly directoryOf: (planId: string) => Promise<string>;
  /** Milliseconds after which a silent owner that cannot be judged loses its plan; `false`: never. */
  readonly takeoverMs: number | false;
  readonly newToken: () => string;
}

/** Who holds a plan, and how that looks from here. */
interface Holding {
  readonly epoch: number;
  readonly owner: LockOwner | undefined;
  readonly verdict: 'free' | 'alive' | 'unknown';
}

/**
 * One runner per plan, by a name that is made once: `.lock-<epoch>`. The highest is never deleted, so that whoever slept
 * while others took over finds a higher one than its own.
 */
export class FileLocks implements LockCapability {
  /** What the directories are on, where that is no local disk; looked at once. */
  private remote: Promise<string | undefined> | undefined;

  constructor(private readonly options: FileLockOptions) {}

  async acquire(request: LockRequest): Promise<PlanLease> {
    const directory = await this.options.directoryOf(request.planId);
    const remote = await this.remoteFileSystem(directory, request.log);
    for (let isWaiting = false; ; ) {
      request.signal?.throwIfAborted();
      const holding = await look(directory);
      if (holding.verdict === 'alive') throw new PlanLockedError(request.planId, holderOf(holding.owner));
      if (holding.verdict === 'unknown') {
        await this.outwait(directory, holding, request, isWaiting);
        isWaiting = true;
      }
      const lease = await this.take(directory, request, holding.epoch, remote === undefined);
      if (lease !== undefined) return lease;
    }
  }

  private remoteFileSystem(directory: string, log: LockRequest['log']): Promise<string | undefined> {
    if (this.remote !== undefined) return this.remote;
    const remote = remoteFileSystemOf(directory).then((name) => {
      const advice = 'a power cut and two machines at once are not covered there';
      if (name !== undefined) log('warn', `The checkpoint directory is on ${name}: ${advice}.`, { directory });
      return name;
    });
    this.remote = remote;
    remote.catch(() => {
      this.remote = undefined; // to be looked at again
    });
    return remote;
  }

  /** Resolves when an owner that cannot be judged has been silent for long enough, or the lock is another one. */
  private async outwait(
    directory: string,
    { owner, epoch }: Holding,
    { planId, onWaiting, signal }: LockRequest,
    isToldAlready: boolean,
  ): Promise<void> {
    const { takeoverMs } = this.options;
    const holder = holderOf(owner);
    if (takeoverMs === false || onWaiting === undefined) throw new PlanLockedError(planId, holder);
    if (!isToldAlready) onWaiting(holder);
    await waitForSilence(directory, epoch, takeoverMs, signal);
  }

  /** Makes the next lock; `undefined` when somebody else was faster. */
  private async take(
    directory: string,
    request: LockRequest,
    seen: number,
    isLocal: boolean,
  ): Promise<FileLease | undefined> {
    const names = await readdir(directory);
    if (highest(names, epochOfLock) !== seen) return undefined;
    const epoch = Math.max(seen, highest(names, epochOfJournal), request.above ?? 0) + 1;
    if (epochOfLock(lockName(epoch)) === undefined) throw new Error(`no epoch is left above ${epoch - 1}`);
    const { planId, runId, since, log } = request;
    const owner = await ownerHere({ token: this.options.newToken(), runId, since });
    heldTokens().add(owner.token);
    const lease = new FileLease({
      directory,
      planId,
      epoch,
      token: owner.token,
      isLocal,
      log,
      takeoverMs: this.options.takeoverMs,
    });
    let isLinked = false;
    try {
      isLinked = await linkLock(directory, epoch, owner);
      if (isLinked) {
        await lease.identify();
        const now = await readdir(directory);
        if (highest(now, epochOfLock) === epoch) {
          await tidy(directory, now, epoch);
          lease.start();
          return lease;
        }
        await unlink(join(directory, lockName(epoch))).catch(ignoreMissing); // a higher one is there: this one is nobody's
      }
    } catch (error) {
      if (isLinked) await lease.release();
      heldTokens().delete(owner.token);
      throw error;
    }
    heldTokens().delete(owner.token);
    return undefined;
  }
}

async function look(directory: string): Promise<Holding> {
  const names = await readdir(directory);
  const epoch = highest(names, epochOfLock);
  if (epoch === 0 || names.includes(releasedName(epoch))) return { epoch, owner: undefined, verdict: 'free' };
  const owner = await readOwner(directory, epoch);
  if (owner === 'gone') return look(directory); // somebody has taken it over meanwhile
  const verdict = owner === undefined ? 'unknown' : await judgeOwner(owner);
  return { epoch, owner, verdict: verdict === 'dead' ? 'free' : verdict };
}

async function readOwner(directory: string, epoch: number): Promise<LockOwner | 'gone' | undefined> {
  try {
    return decodeOwner(Buffer.from(await readDocument(join(directory, lockName(epoch)))).toString());
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? 'gone' : undefined; // whatever is wrong with it, its owner cannot be judged
  }
}

/** A lock is there whole or not at all. @returns whether it is ours */
async function linkLock(directory: string, epoch: number, owner: LockOwner): Promise<boolean> {
  const temporary = join(directory, newTemporary());
  try {
    await writeFlushed(temporary, [encodeOwner(owner)]);
    await link(temporary, join(directory, lockName(epoch)));
    return true;
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (code === 'EEXIST' || code === 'ENOENT') return false; // somebody was faster, or swept up behind us
    if (!withoutLinks.includes(code)) throw error;
    return openLock(directory, epoch, owner);
  } finally {
    await unlink(temporary).catch(() => {}); // swept by whoever takes the plan next
  }
}

/** Some file systems have no links: there the name is made first, and a lock that cannot be read counts as held. */
const withoutLinks = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'];

async function openLock(directory: string, epoch: number, owner: LockOwner): Promise<boolean> {
  try {
    await writeFile(join(directory, lockName(epoch)), encodeOwner(owner), { flag: 'wx', mode: 0o600, flush: true });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** With the plan ours: lower locks go, the lowest first, and what nobody finished. What cannot go is in nobody's way. */
async function tidy(directory: string, names: readonly string[], epoch: number): Promise<void> {
  const remove = (name: string) => unlink(join(directory, name)).catch(() => {});
  const lower = names
    .map((name) => ({ name, epoch: epochOfLockFamily(name) ?? Number.POSITIVE_INFINITY }))
    .filter((entry) => entry.epoch < epoch)
    .sort((a, b) => a.epoch - b.epoch || a.name.length - b.name.length);
  for (const { name } of lower) await remove(name);
  for (const name of names) if (isTemporary(name)) await remove(name);
}

interface FileLeaseOptions {
  readonly directory: string;
  readonly planId: string;
  readonly epoch: number;
  readonly token: string;
  readonly isLocal: boolean;
  readonly takeoverMs: number | false;
  readonly log: LockRequest['log'];
}

class FileLease implements PlanLease {
  readonly epoch: number;
  readonly checkNow: (() => void) | undefined;
  private readonly own: string;
  private readonly next: string;
  private readonly heartbeat: Heartbeat;
  private releasing: Promise<void> | undefined;
  private isLost = false;
  private identity: string | undefined;

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
    const [identity, isTaken] = await Promise.all([identityOf(this.own), exists(this.next)]);
    if (identity !== undefined && identity === this.identity && !isTaken) return;
    this.isLost = true;
    throw new PlanLockedError(this.options.planId, await this.successor());
  }

  private compareNow(): void {
    const own = lstatSync(this.own, { throwIfNoEntry: false });
    if (own !== undefined && identityIn(own) === this.identity && !existsSync(this.next)) return;
    this.isLost = true;
    throw new PlanLockedError(this.options.planId, holderOf(undefined));
  }

  /** Whoever took over last, also when the plan has been given back since. */
  private async successor(): Promise<LockHolder> {
    const { directory } = this.options;
    const names = await readdir(directory).catch(() => []);
    const owner = await readOwner(directory, highest(names, epochOfLock));
    return holderOf(owner === 'gone' ? undefined : owner);
  }

  release(): Promise<void> {
    this.releasing ??= this.giveBack();
    return this.releasing;
  }

  private async giveBack(): Promise<void> {
    const { directory, epoch, token, log } = this.options;
    await this.heartbeat.stop();
    try {
      this.isLost ||= (await identityOf(this.own)) !== this.identity;
      if (!this.isLost) await writeFile(join(directory, releasedName(epoch)), '', { flag: 'wx', mode: 0o600 });
      else await unlink(join(directory, beatName(epoch))).catch(ignoreMissing);
    } catch (error) {
      // The plan is free all the same for this process, and for others as soon as it ends.
      if (errorCode(error) !== 'EEXIST') log('warn', 'A lock could not be given back.', { directory, epoch, error });
    }
    heldTokens().delete(token);
  }
}

function identityIn({ ino, mtimeMs }: Stats): string {
  return `${ino} ${mtimeMs}`;
}

/** Which file stands under a name, also when its number was another's before; `undefined` when none does. */
function identityOf(path: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    lstat(path, (error, stats) => {
      if (error === null) resolve(identityIn(stats));
      else if (error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
  });
}

/** Faster than the promise of it, which makes an error for every file that is not there. */
function exists(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    access(path, (error) => {
      if (error === null) resolve(true);
      else if (error.code === 'ENOENT') resolve(false);
      else reject(error);
    });
  });
}

function highest(names: readonly string[], epochOf: (name: string) => number | undefined): number {
  return names.reduce((most, name) => Math.max(most, epochOf(name) ?? 0), 0);
}

function holderOf(owner: LockOwner | undefined): LockHolder {
  if (owner === undefined) return { pid: 0, runId: 'unknown', since: 'unknown' };
  const { pid, runId, since, host } = owner;
  return { pid, runId, since, host };
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}
