import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ExecutionEvent,
  MemoryPersistenceManager,
  MetaPlanner,
  type NodeContext,
  type PersistenceManager,
  WorkflowPersistenceManager,
} from 'vibe-aigc';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { MapStore } from '../../examples/custom-store.js';
import { quiet } from '../helpers/execution-driven-run.js';
import { HandClock } from '../helpers/hand-clock.js';
import { tides } from '../helpers/scripted-run.js';
import { fileStore, temporaryDirectory } from '../helpers/stores.js';

const approval = z.object({ ok: z.boolean(), by: z.string().default('somebody') });

const plan = {
  id: 'film',
  sourceVibe: tides,
  rootNodes: [
    { id: 'script', type: 'generate' as const, description: 'Write it' },
    { id: 'check', type: 'validate' as const, description: 'Ask somebody', dependencies: ['script'] },
    { id: 'shoot', type: 'generate' as const, description: 'Shoot it', dependencies: ['check'] },
    { id: 'music', type: 'generate' as const, description: 'Score it' },
  ],
};

type Handle = (context: NodeContext) => unknown;
const ask: Handle = ({ waitFor }) => waitFor('approval', { schema: approval });

/** A planner as a process of its own would have one. */
function planner(store: PersistenceManager, handlers: Record<string, Handle> = { check: ask }, options: object = {}) {
  const calls: string[] = [];
  const run = ({ id }: { readonly id: string }, context: NodeContext) => {
    calls.push(id);
    return handlers[id]?.(context) ?? id;
  };
  return Object.assign(new MetaPlanner({ persistenceManager: store, handlers: { default: run }, ...options }), {
    calls,
  });
}

async function pausedRun(handlers?: Record<string, Handle>) {
  const store = await fileStore();
  const result = await planner(store, handlers).executeWithResume(tides, { plan });
  const other = () => new WorkflowPersistenceManager({ checkpointDir: store.checkpointDir });
  const messages = async () => (await readdir(join(store.checkpointDir, 'film'))).filter((name) => /inbox/.test(name));
  return { store, result, other, messages };
}

function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

describe('a handler that waits for somebody', () => {
  it('pauses the run when all else is done, and goes on with the answer that came meanwhile', async () => {
    const { result, other, messages } = await pausedRun();
    expect(result).toMatchObject({
      status: 'paused',
      pause: { reason: 'signal', nodeId: 'check', name: 'approval' },
      executionSummary: { completed: 2 },
    });
    const receipt = await planner(other()).signal({ planId: 'film', name: 'approval', payload: { ok: true } });
    expect(receipt).toMatchObject({ nodeId: 'check', isTaken: false });
    expect(await messages()).toHaveLength(1);
    expect((await planner(other()).listCheckpoints()).every(({ damaged }) => damaged === undefined)).toBe(true);

    const third = planner(other());
    const finished = await third.executeWithResume(tides);
    expect(finished).toMatchObject({ status: 'completed', outputs: { check: { ok: true, by: 'somebody' } } });
    expect(third.calls).toEqual(['check', 'shoot']);
    expect(await messages()).toEqual([]);
  });

  it('pauses again as long as nobody answers', async () => {
    const { store } = await pausedRun();
    const again = await planner(store).executeWithResume(tides);
    expect(again).toMatchObject({ status: 'paused', pause: { reason: 'signal' } });
  });

  it('goes on at once when the answer comes in the process that runs it', async () => {
    const { open, opened } = gate();
    const waiting = gate();
    const onProgress = ({ type }: ExecutionEvent) => type === 'node_waiting' && waiting.open();
    const handlers = { check: ask, music: () => opened };
    const store = new MemoryPersistenceManager();
    const running = planner(store, handlers, { onProgress });
    const ended = running.executeWithResume(tides, { plan });
    await waiting.opened;
    const receipt = await running.signal({ planId: 'film', name: 'approval', payload: { ok: false } });
    expect(receipt).toMatchObject({ nodeId: 'check', isTaken: true });
    open();
    expect(await ended).toMatchObject({ status: 'completed', outputs: { check: { ok: false } } });
    expect(await store.inbox.read('film')).toEqual([]);
  });

  it('goes on within a second when the answer comes from another process', async () => {
    const { open, opened } = gate();
    const waiting = gate();
    const onProgress = ({ type }: ExecutionEvent) => type === 'node_waiting' && waiting.open();
    const handlers = { check: ask, music: () => opened, shoot: () => open() };
    const { checkpointDir } = await fileStore();
    const stores = [1, 2].map(() => new WorkflowPersistenceManager({ checkpointDir }));
    const [ours, theirs] = stores as [WorkflowPersistenceManager, WorkflowPersistenceManager];
    const ended = planner(ours, handlers, { onProgress }).executeWithResume(tides, { plan });
    await waiting.opened;
    const { runId } = (await theirs.listCheckpoints())[0] as { runId: string };
    const sentAt = new Date().toISOString();
    const message = { run_id: runId, node_id: 'check', name: 'approval', payload: { ok: true }, sent_at: sentAt };
    await theirs.inbox.post('film', { id: 'from-elsewhere', text: JSON.stringify(message) });
    expect(await ended).toMatchObject({ status: 'completed', outputs: { check: { ok: true } } });
  });

  it('takes an answer that came just before the run would have paused', async () => {
    const store = new MemoryPersistenceManager();
    let looks = 0;
    const late: PersistenceManager = Object.assign(Object.create(store), {
      inbox: {
        ...store.inbox,
        read: async (planId: string) => {
          if (++looks === 2) await planner(store).signal({ planId, name: 'approval', payload: { ok: true } });
          return store.inbox.read(planId);
        },
      },
    });
    for (const name of ['saveCheckpoint', 'loadCheckpoint', 'listCheckpoints', 'deleteCheckpoint'] as const) {
      Object.assign(late, { [name]: store[name].bind(store) });
    }
    const result = await planner(late).executeWithResume(tides, { plan });
    expect(result).toMatchObject({ status: 'completed', outputs: { check: { ok: true } } });
  });

  it('gets its answer from the record when a later step fails, and when the process died before the message went', async () => {
    let isFailing = true;
    const check: Handle = async ({ waitFor }) => {
      const answer = await waitFor('approval');
      if (isFailing) throw new Error('offline');
      return answer;
    };
    const { store, other } = await pausedRun({ check });
    await planner(other()).signal({ planId: 'film', name: 'approval', payload: 'yes' });
    const [message] = await store.inbox.read('film');
    const failed = await planner(other(), { check }).executeWithResume(tides);
    expect(failed).toMatchObject({ status: 'failed', failures: [{ nodeId: 'check' }] });
    await store.inbox.post('film', message as { id: string; text: string }); // as a crash would have left it
    isFailing = false;
    expect(await planner(other(), { check }).executeWithResume(tides)).toMatchObject({ outputs: { check: 'yes' } });
  });

  it('leaves nothing behind when its handler goes on without what it waited for', async () => {
    const clock = new HandClock();
    const { now, setTimer } = clock;
    const poll = () => ({ status: 'pending' as const });
    const check: Handle = ({ waitFor, sleepUntil, job }) => {
      const clip = job({ name: 'clip', start: () => 1, poll, collect: () => 'clip' });
      return Promise.race([waitFor('approval'), sleepUntil(now() + 60_000), clip, quiet().then(() => 'no answer')]);
    };
    const store = new MemoryPersistenceManager();
    const result = await planner(store, { check }, { host: { now, setTimer } }).executeWithResume(tides, { plan });
    expect(result).toMatchObject({ status: 'completed', outputs: { check: 'no answer' } });
    await quiet();
    expect(clock.pending).toEqual([]);
  });

  it('waits for several answers, each by its name, and leaves what was sent ahead until it asks', async () => {
    const check: Handle = async ({ waitFor }) => [await waitFor('first'), await waitFor('second')];
    const { store, other, messages } = await pausedRun({ check });
    await planner(other()).signal({ planId: 'film', name: 'second', nodeId: 'check', payload: 2 });
    expect(await planner(other(), { check }).executeWithResume(tides)).toMatchObject({ pause: { name: 'first' } });
    expect(await messages()).toHaveLength(1);
    await planner(store).signal({ planId: 'film', name: 'first', payload: 1 });
    expect(await planner(other(), { check }).executeWithResume(tides)).toMatchObject({ outputs: { check: [1, 2] } });
    expect(await messages()).toEqual([]);
  });

  it('is not answered by what was sent to an earlier run of the plan', async () => {
    const { store, other, messages } = await pausedRun();
    await planner(store).signal({ planId: 'film', name: 'approval', payload: { ok: true } });
    const fresh = await planner(other()).executeWithResume(tides, { plan, fresh: true });
    expect(fresh).toMatchObject({ status: 'paused', pause: { name: 'approval' } });
    expect(await messages()).toEqual([]);
  });

  it('leaves no message behind when its run is complete, whomever it was for', async () => {
    const { store, other, messages } = await pausedRun();
    const send = planner(other());
    await send.signal({ planId: 'film', name: 'later', nodeId: 'shoot', payload: 1 }); // which never asks
    await send.signal({ planId: 'film', name: 'approval', payload: { ok: true } });
    const sentAt = new Date().toISOString();
    const message = { run_id: 'run-before', node_id: 'check', name: 'approval', payload: 1, sent_at: sentAt };
    await store.inbox.post('film', { id: 'of-an-earlier-run', text: JSON.stringify(message) });
    expect(await messages()).toHaveLength(3);
    expect(await planner(other()).executeWithResume(tides)).toMatchObject({ status: 'completed' });
    expect(await messages()).toEqual([]);
  });

  describe('whose run is complete and whose inbox a crash left full', () => {
    const emptiers: Record<string, (store: WorkflowPersistenceManager) => Promise<unknown>> = {
      'the next call': (store) => planner(store).executeWithResume(tides),
      'a pruning that has nothing else to do': (store) => planner(store).pruneCheckpoints({ keepLast: 100 }),
      'a pruning that leaves nothing of the plan': (store) =>
        planner(store).pruneCheckpoints({ deleteOnSuccess: true }),
    };
    for (const [what, empty] of Object.entries(emptiers)) {
      it(`has it emptied by ${what}`, async () => {
        const { store, other } = await pausedRun();
        await planner(other()).signal({ planId: 'film', name: 'approval', payload: { ok: true } });
        const [message] = await store.inbox.read('film');
        expect(await planner(other()).executeWithResume(tides)).toMatchObject({ status: 'completed' });
        await store.inbox.post('film', message as { id: string; text: string });
        await planner(other()).pruneCheckpoints({ deleteOnSuccess: true, dryRun: true });
        expect(await store.inbox.read('film')).toHaveLength(1);
        await empty(other());
        expect(await store.inbox.read('film')).toEqual([]);
      });
    }
  });

  it('completes its run also when the inbox cannot be emptied then, and says so', async () => {
    const store = new MemoryPersistenceManager();
    const read = () => Promise.reject(new Error('offline'));
    Object.assign(store, { inbox: { ...store.inbox, read } });
    const log = vi.fn();
    const result = await planner(store, {}, { host: { log } }).executeWithResume(tides, { plan });
    expect(result.status).toBe('completed');
    const told = { planId: 'film', error: expect.objectContaining({ code: 'PERSISTENCE_FAILED' }) };
    expect(log.mock.calls).toEqual([['warn', 'The inbox of a complete run could not be emptied.', told]]);
  });

  it('can only wait where a signal could reach it, and with a schema', async () => {
    const stores: Array<[PersistenceManager, 'execute' | 'executeWithResume']> = [
      [new MapStore(), 'executeWithResume'],
      [new MemoryPersistenceManager(), 'execute'],
    ];
    for (const [store, method] of stores) {
      const { failures } = await planner(store)[method](tides, { plan });
      expect(failures).toMatchObject([{ nodeId: 'check', error: { code: 'NO_INBOX' } }]);
    }
    await expect(planner(new MapStore()).signal({ planId: 'film', name: 'a' })).rejects.toMatchObject({
      code: 'NO_INBOX',
    });
    const check: Handle = ({ waitFor }) => waitFor('a', { schema: { type: 'nonsense' } });
    const { failures } = await planner(new MemoryPersistenceManager(), { check }).executeWithResume(tides, { plan });
    expect(failures[0]?.error.message).toContain('waitFor takes a schema');
  });
});

describe('a signal', () => {
  it('is refused when it does not fit what the handler asked for', async () => {
    const { store, messages } = await pausedRun();
    const sent = planner(store).signal({ planId: 'film', name: 'approval', payload: { ok: 'yes' } });
    await expect(sent).rejects.toMatchObject({
      code: 'SIGNAL_INVALID',
      planId: 'film',
      nodeId: 'check',
      signalName: 'approval',
      issues: [{ path: 'ok' }],
    });
    expect(await messages()).toEqual([]);
  });

  it('is refused by what only the running handler can tell, and dropped with a word where nobody can be told', async () => {
    const even = z.number().refine((number) => number % 2 === 0, 'expected an even number');
    const check: Handle = ({ waitFor }) => waitFor('approval', { schema: even });
    const { open, opened } = gate();
    const waiting = gate();
    const onProgress = ({ type }: ExecutionEvent) => type === 'node_waiting' && waiting.open();
    const store = new MemoryPersistenceManager();
    const running = planner(store, { check, music: () => opened }, { onProgress });
    const ended = running.executeWithResume(tides, { plan });
    await waiting.opened;
    const signal = (payload: number) => running.signal({ planId: 'film', name: 'approval', payload });
    await expect(signal(3)).rejects.toMatchObject({ code: 'SIGNAL_INVALID', issues: [{ message: /even/ }] });
    open();
    expect(await ended).toMatchObject({ status: 'paused' });

    await signal(5);
    const warnings: string[] = [];
    const host = { log: (_: string, message: string) => warnings.push(message) };
    const again = await planner(store, { check }, { host }).executeWithResume(tides);
    expect(again.status).toBe('paused');
    expect(warnings).toEqual(['A signal does not fit and is dropped.']);
    await signal(6);
    expect(await planner(store, { check }).executeWithResume(tides)).toMatchObject({ outputs: { check: 6 } });
  });

  it('is refused when nobody waits for it or will', async () => {
    const { store } = await pausedRun();
    const send = (request: object) =>
      planner(store)
        .signal({ planId: 'film', name: 'approval', ...request })
        .then(
          () => 'kept',
          ({ code, reason }) => `${code}: ${reason}`,
        );
    expect(await send({ planId: 'unknown' })).toBe('SIGNAL_REFUSED: nothing is stored of this plan');
    expect(await send({ name: 'aproval' })).toContain('no node waits for it');
    expect(await send({ nodeId: 'nobody' })).toBe('SIGNAL_REFUSED: no node is called nobody');
    expect(await send({ nodeId: 'script' })).toBe('SIGNAL_REFUSED: node "script" is done');
    expect(await send({ nodeId: 'shoot' })).toBe('kept');
    await planner(store).signal({ planId: 'film', name: 'approval', payload: { ok: true } });
    expect(await planner(store).executeWithResume(tides)).toMatchObject({ status: 'completed' });
    expect(await send({ payload: { ok: true } })).toBe('SIGNAL_REFUSED: the run has completed');
    await expect(planner(store).signal({ planId: 'film' } as never)).rejects.toThrow('Option "name" of signal');
    await expect(planner(store).signal({ planId: 'film', name: 'a', payload: new Date() })).rejects.toThrow(TypeError);
  });

  it('lies in a file of its own, and what is no message is no signal', async () => {
    const store = new WorkflowPersistenceManager({ checkpointDir: await temporaryDirectory() });
    await store.inbox.post('film', { id: 'a-1', text: '{}' });
    await expect(store.inbox.post('film', { id: '../a', text: '' })).rejects.toMatchObject({ code: 'INVALID_ID' });
    expect(await store.inbox.read('film')).toEqual([{ id: 'a-1', text: '{}' }]);
    expect(await store.listCheckpoints()).toEqual([]);
    const paused = await planner(store).executeWithResume(tides, { plan });
    expect(paused.status).toBe('paused');
    expect(await store.inbox.read('film')).toHaveLength(1);
    await store.inbox.remove('film', ['a-1', 'unknown']);
    expect(await store.inbox.read('film')).toEqual([]);
    expect(await store.inbox.read('unknown')).toEqual([]);
  });
});
