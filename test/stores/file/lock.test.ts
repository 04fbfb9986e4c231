import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, type FSWatcher, mkdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  type LockHolder,
  type LockRequest,
  type PlanLease,
  type PlanLockedError,
  WorkflowPersistenceManager,
} from 'vibe-aigc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileLocks } from '../../../src/stores/file/lock.js';
import { temporaryDirectory } from '../../helpers/stores.js';

const planId = 'film';
const since = '2026-02-05T10:30:00.000Z';
const request = (more: Partial<LockRequest> = {}): LockRequest => ({
  planId,
  runId: 'run-1',
  since,
  log() {},
  ...more,
});

/** What a lock says of a machine that tells nothing of itself but its name. */
const lockHere = { host: hostname(), boot_id: '', pid_namespace: '' };

const leases: PlanLease[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const lease of leases.splice(0)) await lease.release();
});

async function take(store: WorkflowPersistenceManager, asked: LockRequest): Promise<PlanLease> {
  const lease = await store.locks.acquire(asked);
  leases.push(lease);
  return lease;
}

async function setUp(lockTakeoverMs: number | false = 60) {
  const store = new WorkflowPersistenceManager({ checkpointDir: await temporaryDirectory(), lockTakeoverMs });
  const directory = join(store.checkpointDir, planId);
  await mkdir(directory);
  await writeFile(join(directory, 'a note'), 'a directory with nothing in it but locks goes with the last of them');
  const names = async () => (await readdir(directory)).filter((name) => name !== 'a note').sort();
  /** Changes what the lock says of its owner, as if somebody else had made it. */
  const disguise = async (epoch: number, owner: Record<string, unknown>) => {
    const path = join(directory, `.lock-${epoch}`);
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), ...owner }));
  };
  /** A lock that somebody left without giving it back, with no heart beating any more. */
  const abandon = async (owner: Record<string, unknown> = {}) => {
    const lease = await take(store, request());
    await lease.release();
    await rm(join(directory, `.lock-${lease.epoch}.released`));
    await disguise(lease.epoch, owner);
    return lease;
  };
  return { store, directory, names, disguise, abandon };
}

/** Every name that anything in a directory has, also for a moment. */
function watchNames(directory: string, seen: Set<string>): FSWatcher {
  return watch(directory, (_event, name) => void (name !== null && seen.add(name)));
}

describe('the lock of a plan', () => {
  it('is a file with a higher epoch each time, and tells who has it', async () => {
    const { store, names, directory } = await setUp();
    const first = await take(store, request());
    expect(first.epoch).toBe(1);
    const owner = JSON.parse(await readFile(join(directory, '.lock-1'), 'utf8'));
    expect(owner).toMatchObject({
      host: hostname(),
      pid: process.pid,
      thread_id: expect.any(Number),
      run_id: 'run-1',
      since,
    });
    await first.release();
    await first.release();
    expect(await names()).toEqual(['.lock-1', '.lock-1.released']);
    const second = await take(store, request({ runId: 'run-2' }));
    expect(second.epoch).toBe(2);
    expect(await names()).toEqual(['.lock-2']);
    const refused = await take(store, request()).catch((error: PlanLockedError) => error);
    expect(refused).toMatchObject({
      code: 'PLAN_LOCKED',
      holder: { pid: process.pid, runId: 'run-2', since, host: hostname() },
    });
    await second.release();
  });

  it('is above what was stored while nobody counted', async () => {
    const { store } = await setUp();
    expect((await take(store, request({ above: 41 }))).epoch).toBe(42);
  });

  it('is given to one of many who ask at once', async () => {
    const { store } = await setUp();
    const asked = await Promise.allSettled(Array.from({ length: 12 }, () => take(store, request())));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of asked) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'PLAN_LOCKED' });
  });

  it('of a process that has ended is taken over at once', async () => {
    const { store, abandon } = await setUp();
    const child = fork('-e', ['0'], { execArgv: [], stdio: 'ignore' });
    await once(child, 'exit');
    await abandon({ pid: child.pid, process_start: '1' });
    expect((await take(store, request())).epoch).toBe(2);
  });

  it('of a process whose number another one has by now is taken over at once', async () => {
    const { store, abandon } = await setUp();
    await abandon({ pid: process.ppid, process_start: '1' });
    expect((await take(store, request())).epoch).toBe(2);
  });

  it('from before the machine started is taken over at once', async () => {
    const { store, abandon } = await setUp();
    await abandon({ boot_id: 'another' });
    expect((await take(store, request())).epoch).toBe(2);
  });

  it('of an own run that is over is no obstacle, although it could not be given back', async () => {
    const { store, abandon } = await setUp();
    await abandon();
    expect((await take(store, request())).epoch).toBe(2);
  });

  for (const [name, owner] of Object.entries({
    'on another machine': { host: 'elsewhere' },
    'in another container': { pid_namespace: 'pid:[1]' },
  })) {
    it(`of somebody ${name} is waited for, and taken over when its heartbeat stands still`, async () => {
      const { store, abandon } = await setUp();
      const lease = await abandon(owner);
      const waits: LockHolder[] = [];
      const next = await take(store, request({ onWaiting: (holder) => void waits.push(holder) }));
      expect(next.epoch).toBe(2);
      expect(waits).toHaveLength(1);
      expect(waits[0]).toMatchObject({ runId: 'run-1' });
      await expect(lease.check()).rejects.toMatchObject({ code: 'PLAN_LOCKED' });
      await next.check();
    });
  }

  it('is not taken from somebody whose heartbeat goes on', async () => {
    const { store, disguise, directory } = await setUp(300);
    const beats = new Set<string>();
    await take(store, request());
    await disguise(1, { host: 'elsewhere' });
    const gaveUp = new Error('waited long enough');
    const controller = new AbortController();
    const poll = setInterval(async () => {
      beats.add(await readFile(join(directory, '.lock-1.beat'), 'utf8').catch(() => ''));
      if (beats.size > 15) controller.abort(gaveUp); // more than twice the patience of the other
    }, 10);
    const waiting = take(store, request({ onWaiting() {}, signal: controller.signal }));
    await expect(waiting).rejects.toBe(gaveUp);
    clearInterval(poll);
  });

  it('is not waited for where nobody listens, or take-over is off', async () => {
    for (const [takeover, more] of [
      [60, {}],
      [false, { onWaiting() {} }],
    ] as const) {
      const { store, abandon } = await setUp(takeover);
      await abandon({ host: 'elsewhere' });
      await expect(take(store, request(more))).rejects.toMatchObject({ holder: { host: 'elsewhere' } });
    }
  });

  it('that was given back while somebody waits is free at once', async () => {
    const { store, abandon, directory } = await setUp(60_000);
    await abandon({ host: 'elsewhere' });
    const giveBack = () => void writeFile(join(directory, '.lock-1.released'), '');
    expect((await take(store, request({ onWaiting: giveBack }))).epoch).toBe(2);
  });

  it('that is damaged counts as that of somebody who cannot be judged', async () => {
    for (const text of ['', 'rotten', '{"pid":-1}', '[]', `{"a":${'['.repeat(100_000)}`]) {
      const { store, directory, abandon } = await setUp();
      await abandon();
      await writeFile(join(directory, '.lock-1'), text);
      await expect(take(store, request())).rejects.toMatchObject({ holder: { runId: 'unknown' } });
      expect((await take(store, request({ onWaiting() {} }))).epoch).toBe(2);
    }
  });

  it('that cannot be read just now is left alone: the error is told, and the holder keeps it', async () => {
    const { store } = await setUp();
    const lease = await take(store, request());
    const handle = await open(join(store.checkpointDir, planId, 'a note'));
    const prototype = Object.getPrototypeOf(handle) as { read(): Promise<unknown> };
    await handle.close();
    const reading = vi.spyOn(prototype, 'read').mockRejectedValueOnce(Object.assign(new Error('EIO'), { code: 'EIO' }));
    const other = new WorkflowPersistenceManager({ checkpointDir: store.checkpointDir, lockTakeoverMs: 60 });
    await expect(other.locks.acquire(request({ runId: 'run-2' }))).rejects.toMatchObject({ code: 'EIO' });
    expect(reading).toHaveBeenCalled();
    await lease.check();
  });

  it('is lost to whoever has the next epoch, even when the old name is made again', async () => {
    const { store, directory, abandon } = await setUp();
    const sleeper = await abandon({ boot_id: 'another' });
    const lock = await readFile(join(directory, '.lock-1'));
    await take(store, request());
    await expect(sleeper.check()).rejects.toMatchObject({ code: 'PLAN_LOCKED', holder: { pid: process.pid } });
    await writeFile(join(directory, '.lock-1'), lock);
    await expect(sleeper.check()).rejects.toMatchObject({ code: 'PLAN_LOCKED' });
  });

  it('is lost for good when two others have had the plan since, and only the last of their locks is left', async () => {
    const { store, directory, names, abandon } = await setUp();
    const sleeper = await abandon({ boot_id: 'another' });
    const lock = await readFile(join(directory, '.lock-1'));
    await (await take(store, request())).release();
    await take(store, request());
    await writeFile(join(directory, '.lock-1'), lock);
    expect(await names()).toEqual(['.lock-1', '.lock-3']);
    await expect(sleeper.check()).rejects.toMatchObject({ code: 'PLAN_LOCKED', holder: { pid: process.pid } });
    expect(() => sleeper.checkNow?.()).toThrow(expect.objectContaining({ code: 'PLAN_LOCKED' }));
  });

  it('held by another thread of this process is held', async () => {
    const { store, abandon } = await setUp();
    const worker = new Worker(
      `const { parentPort, threadId } = require('node:worker_threads'); parentPort.postMessage(threadId); setInterval(() => {}, 1e6);`,
      { eval: true },
    );
    const [threadId] = await once(worker, 'message');
    await abandon({ thread_id: threadId });
    await expect(take(store, request({ onWaiting() {} }))).rejects.toMatchObject({ code: 'PLAN_LOCKED' });
    await worker.terminate();
  });

  it('is not given back by a file that was there before it', async () => {
    const { store, directory, names } = await setUp();
    await (await take(store, request())).release();
    await writeFile(join(directory, '.lock-2.released'), '');
    await take(store, request());
    expect(await names()).toEqual(['.lock-2']);
    await expect(take(store, request())).rejects.toMatchObject({ code: 'PLAN_LOCKED' });
  });

  it('sweeps what nobody finished, and leaves everything else', async () => {
    const { store, directory, names } = await setUp();
    await (await take(store, request())).release();
    const swept = [`.tmp-${'0'.repeat(32)}`, `.tmp-${'a'.repeat(32)}.123456`];
    const kept = ['.tmp-notes', 'notes.txt', `.tmp-${'g'.repeat(32)}`];
    for (const name of [...swept, ...kept]) await writeFile(join(directory, name), '');
    const lease = await take(store, request());
    expect(await names()).toEqual(['.lock-2', ...kept].sort());
    await lease.release();
  });

  it('takes the directory of its plan along when nothing else is there, and begins with 1 again', async () => {
    const { store, directory } = await setUp();
    await rm(join(directory, 'a note'));
    for (let round = 0; round < 2; round++) {
      const lease = await take(store, request());
      expect(lease.epoch).toBe(1);
      await lease.release();
      expect(await readdir(store.checkpointDir)).toEqual([]);
    }
    const lease = await take(store, request());
    await writeFile(join(directory, '.damaged-journal-1-x'), ''); // somebody may still look at it
    await lease.release();
    expect(await readdir(directory)).toEqual(['.damaged-journal-1-x', '.lock-1', '.lock-1.released']);
  });

  it('takes messages along that are for nobody any more, and nothing that only looks like one', async () => {
    const { store, directory } = await setUp();
    await rm(join(directory, 'a note'));
    const first = await take(store, request());
    await store.inbox.post(request().planId, { id: 'late', text: '{}' });
    await first.release();
    expect(await readdir(store.checkpointDir)).toEqual([]);
    const second = await take(store, request());
    await mkdir(join(directory, '.inbox-foreign'));
    await second.release();
    expect(await readdir(directory)).toEqual(['.inbox-foreign', '.lock-1', '.lock-1.released']);
  });

  it('is given to one at a time, also while the directory of the plan comes and goes', async () => {
    const { store, directory } = await setUp();
    await rm(join(directory, 'a note'));
    let holders = 0;
    let turns = 0;
    const other = new WorkflowPersistenceManager({ checkpointDir: store.checkpointDir });
    const ask = async ({ locks }: WorkflowPersistenceManager) => {
      for (let mine = 0; mine < 25; ) {
        const lease = await locks.acquire(request()).catch((error: PlanLockedError) => error);
        if (lease instanceof Error) {
          expect(lease).toMatchObject({ code: 'PLAN_LOCKED' });
          continue;
        }
        expect(++holders).toBe(1);
        await lease.check();
        holders--;
        await lease.release();
        mine++;
        turns++;
      }
    };
    await Promise.all([store, other, store, other].map(ask));
    expect(turns).toBe(100);
    expect(await readdir(store.checkpointDir)).toEqual([]);
  });

  it('is not shaken by a sleeper who has in mind what it saw before the directory was made anew', async () => {
    const { store, directory, names } = await setUp();
    await (await take(store, request())).release();
    const seen = new Set<string>();
    let watching: FSWatcher | undefined;
    const locks = new FileLocks({
      directoryOf: async () => directory,
      takeoverMs: false,
      newToken: () => {
        const { ppid } = process;
        rmSync(directory, { recursive: true });
        mkdirSync(directory);
        watching = watchNames(directory, seen);
        const lock = { ...lockHere, pid: ppid, process_start: '', thread_id: 0, token: 't', run_id: 'run-2', since };
        writeFileSync(join(directory, '.lock-1'), JSON.stringify(lock));
        return 'sleeper';
      },
    });
    await expect(locks.acquire(request())).rejects.toMatchObject({ code: 'PLAN_LOCKED', holder: { runId: 'run-2' } });
    await writeFile(join(directory, 'the end'), '');
    await expect.poll(() => seen.has('the end')).toBe(true);
    watching?.close();
    expect([...seen].filter((name) => name.startsWith('.lock'))).toEqual(['.lock-1']); // a higher one would be a lost plan
    expect(await names()).toEqual(['.lock-1', 'the end']);
  });

  it('is not taken from somebody who began anew while a sleeper had in mind what it had seen before', async () => {
    const directory = await temporaryDirectory();
    for (const name of ['.lock-5', '.lock-5.released']) await writeFile(join(directory, name), '{}');
    const { ppid } = process;
    const locks = new FileLocks({
      directoryOf: async () => directory,
      takeoverMs: false,
      newToken: () => {
        rmSync(directory, { recursive: true });
        mkdirSync(directory);
        const owner = { ...lockHere, pid: ppid, process_start: '', thread_id: 0, token: 't', run_id: 'run-2', since };
        writeFileSync(join(directory, '.lock-1'), JSON.stringify(owner));
        return 'sleeper';
      },
    });
    await expect(locks.acquire(request())).rejects.toMatchObject({ code: 'PLAN_LOCKED', holder: { pid: ppid } });
    expect(existsSync(join(directory, '.lock-1'))).toBe(true);
    expect(await readdir(directory)).toEqual(['.lock-1']);
  });
});
