import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { z } from 'zod';
import type { LockHolder } from '../../errors.js';
import { isPlainObject } from '../../plan/json-value.js';
import { errorCode, ForeignFile, readDocument } from './documents.js';
import { lockName } from './names.js';

/** Who made a lock. Process ids alone name nobody: they come again, and every container counts its own. */
const lockOwnerSchema = z.object({
  host: z.string(),
  /** Changes with every start of the machine. Empty where the system does not tell. */
  bootId: z.string(),
  /** Empty where the system does not tell. */
  pidNamespace: z.string(),
  pid: z.number().int().positive(),
  /** In ticks since the machine started. Empty where the system does not tell. */
  processStart: z.string(),
  threadId: z.number().int().nonnegative(),
  /** Of this lock alone. */
  token: z.string(),
  runId: z.string(),
  since: z.string(),
});
export type LockOwner = z.infer<typeof lockOwnerSchema>;

export type Verdict = 'alive' | 'dead' | 'unknown';

/** Tokens of the locks that this thread holds, in all copies of this library. */
const tokensKey = Symbol.for('vibe-aigc.lock-tokens');

export function heldTokens(): Set<string> {
  const shared = globalThis as { [tokensKey]?: Set<string> };
  shared[tokensKey] ??= new Set();
  return shared[tokensKey];
}

/**
 * The owner of a lock; `undefined` when it is damaged or no file: its owner cannot be judged.
 * @throws the error of a system that cannot read now what it may read later: that says nothing of the owner
 */
export async function readOwner(directory: string, epoch: number): Promise<LockOwner | 'gone' | undefined> {
  try {
    return decodeOwner(Buffer.from(await readDocument(join(directory, lockName(epoch)))).toString());
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'gone';
    if (error instanceof ForeignFile) return undefined;
    throw error;
  }
}

/** What others are told of an owner. */
export function holderOf(owner: LockOwner | undefined): LockHolder {
  if (owner === undefined) return { pid: 0, runId: 'unknown', since: 'unknown' };
  const { pid, runId, since, host } = owner;
  return { pid, runId, since, host };
}

/** This thread, as the owner of a lock. */
export function ownerHere(lock: Pick<LockOwner, 'token' | 'runId' | 'since'>): LockOwner {
  const { pid } = process;
  return { ...machineHere(), pid, processStart: processStartOf(pid) ?? '', threadId, ...lock };
}

/** Whether the owner of a lock is at work. `unknown`: it cannot be judged from here. */
export function judgeOwner(owner: LockOwner): Verdict {
  const here = machineHere();
  if (owner.host !== here.host) return 'unknown';
  if (owner.bootId !== here.bootId) return owner.bootId === '' || here.bootId === '' ? 'unknown' : 'dead';
  if (owner.pidNamespace !== here.pidNamespace) return 'unknown';
  if (owner.pid === process.pid && owner.threadId === threadId && isSameProcess(owner)) {
    return heldTokens().has(owner.token) ? 'alive' : 'dead'; // an own run that is over, although it could not say so
  }
  return isSameProcess(owner) ? 'alive' : 'dead';
}

export function encodeOwner(owner: LockOwner): string {
  const { host, bootId, pidNamespace, pid, processStart, token, runId, since } = owner;
  const process = { pid, process_start: processStart, thread_id: owner.threadId };
  const machine = { host, boot_id: bootId, pid_namespace: pidNamespace };
  return `${JSON.stringify({ ...machine, ...process, token, run_id: runId, since })}\n`;
}

/** `undefined` for a lock that is damaged: its owner cannot be judged. */
function decodeOwner(text: string): LockOwner | undefined {
  try {
    const lock: unknown = JSON.parse(text);
    if (!isPlainObject(lock)) return undefined;
    const { boot_id, pid_namespace, process_start, thread_id, run_id, ...same } = lock;
    const names = { bootId: boot_id, pidNamespace: pid_namespace, processStart: process_start };
    const parsed = lockOwnerSchema.safeParse({ ...same, ...names, threadId: thread_id, runId: run_id });
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isSameProcess({ pid, processStart }: LockOwner): boolean {
  if (!exists(pid)) return false;
  const start = processStartOf(pid);
  return start === undefined || processStart === '' || start === processStart;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0); // asks, sends nothing
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // there, and somebody else's
  }
}

function machineHere(): Pick<LockOwner, 'host' | 'bootId' | 'pidNamespace'> {
  const bootId = whereTold(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const pidNamespace = whereTold(() => readlinkSync('/proc/self/ns/pid'));
  return { host: hostname(), bootId: bootId?.trim() ?? '', pidNamespace: pidNamespace ?? '' };
}

/** Field 22 of /proc/<pid>/stat, counted behind the name, which may hold anything. */
function processStartOf(pid: number): string | undefined {
  const stat = whereTold(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/**
 * Outside Linux there is no /proc, and a process may end while it is looked at. What is there is in memory: asking a
 * thread for it would take longer than reading it.
 */
function whereTold(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
