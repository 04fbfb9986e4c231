import { link, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { LockCapability, LockRequest, PlanLease } from '../../checkpoint/persistence-manager.js';
import { PlanLockedError } from '../../errors.js';
import { errorCode, ignoreMissing, newTemporary, writeFlushed } from './documents.js';
import { remoteFileSystemOf } from './file-system.js';
import { waitForSilence } from './heartbeat.js';
import { FileLease } from './lease.js';
import { encodeOwner, heldTokens, holderOf, judgeOwner, type LockOwner, ownerHere, readOwner } from './lock-owner.js';
import {
  epochOfJournal,
  epochOfLock,
  epochOfLockFamily,
  highestEpoch,
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
    const progress = { isWaiting: false };
    for (let gone = 0; ; ) {
      request.signal?.throwIfAborted();
      try {
        const lease = await this.tryOnce(request, progress);
        if (lease !== undefined) return lease;
      } catch (error) {
        // Whoever removed the last of the plan has removed its directory: it is made anew.
        if (errorCode(error) !== 'ENOENT' || ++gone === maxGone) throw error;
      }
    }
  }

  /** `undefined` when somebody else was faster. */
  private async tryOnce(request: LockRequest, progress: { isWaiting: boolean }): Promise<FileLease | undefined> {
    const directory = await this.options.directoryOf(request.planId);
    const remote = await this.remoteFileSystem(directory, request.log);
    const holding = await look(directory);
    if (holding.verdict === 'alive') throw new PlanLockedError(request.planId, holderOf(holding.owner));
    if (holding.verdict === 'unknown') {
      await this.outwait(directory, holding, request, progress.isWaiting);
      progress.isWaiting = true;
    }
    return this.take(directory, request, holding, remote === undefined);
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
    seen: Holding,
    isLocal: boolean,
  ): Promise<FileLease | undefined> {
    const { planId, runId, since, log } = request;
    const owner = ownerHere({ token: this.options.newToken(), runId, since });
    const { token } = owner;
    const { takeoverMs } = this.options;
    heldTokens().add(token);
    let lease: FileLease | undefined;
    let isOurs = false;
    try {
      const epoch = await linkNext(directory, owner, seen, request.above);
      if (epoch === undefined) return undefined;
      lease = new FileLease({ directory, planId, epoch, token, isLocal, log, takeoverMs });
      await lease.identify();
      const names = await readdir(directory);
      if (highestEpoch(names, epochOfLock) === epoch && (await isAsSeen(directory, names, seen, epoch))) {
        await tidy(directory, names, epoch);
        if (seen.verdict === 'unknown') await setTimeout(settleMs);
        lease.start();
        isOurs = true;
        return lease;
      }
      await unlink(join(directory, lockName(epoch))).catch(ignoreMissing); // there is another one to look at: this one is nobody's
      return undefined;
    } catch (error) {
      await lease?.release();
      throw error;
    } finally {
      if (!isOurs) heldTokens().delete(token);
    }
  }
}

/**
 * An owner that was only silent may have looked at its lock just before it was taken over, and acknowledges on the
 * strength of that for less than this many milliseconds (`recentMs`): what it acknowledges is read then.
 */
const settleMs = 5;

/** How often in one call a directory may vanish before something else must be wrong. */
const maxGone = 20;

async function look(directory: string): Promise<Holding> {
  const names = await readdir(directory);
  const epoch = highestEpoch(names, epochOfLock);
  if (epoch === 0 || names.includes(releasedName(epoch))) return { epoch, owner: undefined, verdict: 'free' };
  const owner = await readOwner(directory, epoch);
  if (owner === 'gone') return look(directory); // somebody has taken it over meanwhile
  const verdict = owner === undefined ? 'unknown' : judgeOwner(owner);
  return { epoch, owner, verdict: verdict === 'dead' ? 'free' : verdict };
}

/**
 * Whether the highest lock, but for ours, is still the one that was judged. While we slept the plan may have been taken
 * and given back, and removed with its directory: what counts from 1 again then is somebody else's.
 */
async function isAsSeen(
  directory: string,
  names: readonly string[],
  { epoch, owner }: Holding,
  ours?: number,
): Promise<boolean> {
  const others = ours === undefined ? names : names.filter((name) => name !== lockName(ours));
  if (highestEpoch(others, epochOfLock) !== epoch) return false;
  if (epoch === 0 || names.includes(releasedName(epoch))) return true;
  const now = await readOwner(directory, epoch);
  return now !== 'gone' && now?.token === owner?.token;
}

/**
 * Makes the lock above the one that was judged. Its text is there before that one is looked at once more: while it is,
 * nobody removes the directory, and whoever takes the plan removes it. So no name is made in a directory in which
 * epochs have begun with 1 again, where it would be a higher one than that of whoever has the plan now.
 * @returns `undefined` when somebody else was faster
 */
async function linkNext(directory: string, owner: LockOwner, seen: Holding, above = 0): Promise<number | undefined> {
  const draft = join(directory, newTemporary());
  try {
    await writeFlushed(draft, [Buffer.from(encodeOwner(owner))]);
    const names = await readdir(directory);
    if (!(await isAsSeen(directory, names, seen))) return undefined;
    const epoch = Math.max(seen.epoch, highestEpoch(names, epochOfJournal), above) + 1;
    if (epochOfLock(lockName(epoch)) === undefined) throw new Error(`no epoch is left above ${epoch - 1}`);
    return (await linkLock(draft, directory, epoch, owner)) ? epoch : undefined;
  } finally {
    await unlink(draft).catch(() => {}); // swept by whoever takes the plan next
  }
}

/** A lock is there whole or not at all. @returns whether it is ours */
async function linkLock(draft: string, directory: string, epoch: number, owner: LockOwner): Promise<boolean> {
  try {
    await link(draft, join(directory, lockName(epoch)));
    return true;
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (code === 'EEXIST' || code === 'ENOENT') return false; // somebody was faster, or swept up behind us
    if (!withoutLinks.includes(code)) throw error;
    return openLock(directory, epoch, owner);
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

/**
 * With the plan ours: lower locks go, the lowest first, and what nobody finished; also what lay beside our lock before
 * it was made, and would give it back for us. What cannot go is in nobody's way.
 */
async function tidy(directory: string, names: readonly string[], epoch: number): Promise<void> {
  const remove = (name: string) => unlink(join(directory, name)).catch(() => {});
  const lower = names
    .map((name) => ({ name, epoch: epochOfLockFamily(name) ?? Number.POSITIVE_INFINITY }))
    .filter((entry) => entry.epoch <= epoch && entry.name !== lockName(epoch))
    .sort((a, b) => a.epoch - b.epoch || a.name.length - b.name.length);
  for (const { name } of lower) await remove(name);
  for (const name of names) if (isTemporary(name)) await remove(name);
}
