import { describe, expect, it } from 'vitest';
import type { FaultCode, LedgerEntry } from './child/protocol.js';
import { brokenPromises, lostCheckpoints, unfinished } from './helpers/laws.js';
import { type Fault, Scratch, type Task } from './helpers/scratch.js';
import { type EndedProcess, operationsOf } from './helpers/victim-process.js';

/** What the other tests rely on: a test that cannot fail proves nothing. */
const task: Task = { plan: 'short', planner: { checkpointInterval: 2, concurrency: 3 } };

function run(fault: Fault, more: Partial<Task> = {}): Promise<EndedProcess> {
  return Scratch.during((scratch) => scratch.run({ ...task, ...more }, fault));
}

function lastOf({ entries }: EndedProcess): LedgerEntry | undefined {
  return entries.at(-1);
}

describe.concurrent('the process that is made to fail', () => {
  it('tells of every operation, and ends by itself', async () => {
    const process = await run({});
    expect(process).toMatchObject({ exitCode: 0, printed: '' });
    const kinds = new Set(operationsOf(process).map(({ kind }) => kind));
    expect([...kinds]).toEqual(expect.arrayContaining(['mkdir', 'open', 'write', 'fsync', 'close', 'rename', 'sync']));
  });

  it('tells of what only reads when it is asked to', async () => {
    const kinds = new Set(operationsOf(await run({ counts: 'looks' })).map(({ kind }) => kind));
    expect([...kinds]).toEqual(expect.arrayContaining(['readdir', 'open', 'read']));
    expect(kinds).not.toContain('write');
  });

  it('dies before an operation, in the middle of it, and after it', async () => {
    const only = { kind: 'write' };
    const sizes: number[] = [];
    for (const when of ['before', 'in', 'after'] as const) {
      await Scratch.during(async (scratch) => {
        const killed = await scratch.run(task, { action: 'kill', at: 1, when, only });
        expect(killed.signal).toBe('SIGKILL');
        expect(lastOf(killed)).toMatchObject({ type: 'operation', kind: 'write' });
        sizes.push(await scratch.sizeOf((lastOf(killed) as { file: string }).file));
      });
    }
    const [before, half, whole] = sizes as [number, number, number];
    expect(before).toBe(0);
    expect(half).toBeGreaterThan(0);
    expect(Math.abs(whole - 2 * half)).toBeLessThan(40); // a run id differs, the length of a text with times in it hardly
  });

  it.each<FaultCode>(['ENOSPC', 'EIO', 'EMFILE', 'EACCES', 'EROFS'])('sees %s', async (code) => {
    const process = await run({ action: 'fail', at: 1, code, only: { kind: 'rename' } });
    expect(lastOf(process)).toMatchObject({ type: 'rejected', name: 'PersistenceError' });
    expect((lastOf(process) as { message: string }).message).toContain(code);
  });

  it('is told that a write was short', async () => {
    const process = await run({ action: 'fail', at: 1, code: 'SHORT', only: { kind: 'write' } });
    const next = process.entries.slice(
      process.entries.findIndex((entry) => 'kind' in entry && entry.kind === 'write') + 1,
    );
    expect(next[0]).toBeDefined();
    expect(process.signal).toBe(null);
  });

  it('stops, and goes on where it stopped', async () => {
    await Scratch.during(async (scratch) => {
      const process = scratch.start(task, { action: 'stop', at: 3, when: 'before' });
      expect(await process.freeze()).toBe(true);
      expect(process.entries.some((entry) => entry.type === 'continued')).toBe(false);
      process.thaw();
      const ended = await process.ended;
      expect(ended.entries.map((entry) => entry.type)).toContain('continued');
      expect(lastOf(ended)).toMatchObject({ type: 'finished', status: 'completed' });
    });
  });

  it('fails from one operation on until its disk is repaired', async () => {
    const fault: Fault = { action: 'fail', at: 8, code: 'ENOSPC', isLasting: true };
    const { entries } = await run(fault, { calls: 2 });
    const ends = entries.filter((entry) => entry.type === 'rejected' || entry.type === 'finished');
    expect(ends.map((entry) => entry.type)).toEqual(['rejected', 'finished']);
  });

  it('is taken for a stranger when it believes to be on another machine', async () => {
    expect(await run({ hostname: 'elsewhere' })).toMatchObject({ exitCode: 0 });
  });
});

describe('what is counted as a broken promise', () => {
  const called = (nodeId: string, runId = 'r', key = `${runId}:${nodeId}`): LedgerEntry => ({
    type: 'called',
    runId,
    nodeId,
    key,
  });
  const acknowledged = (nodeId: string): LedgerEntry => ({ type: 'acknowledged', runId: 'r', nodeId });
  const calling: LedgerEntry = { type: 'calling' };
  const planned: LedgerEntry = { type: 'planned', runId: 'r' };

  it.each<[string, LedgerEntry[], string]>([
    ['a call after the acknowledgement', [called('a'), acknowledged('a'), calling, called('a')], 'a was called again'],
    ['two acknowledgements', [called('a'), acknowledged('a'), acknowledged('a')], 'a was acknowledged twice'],
    ['two calls in one call', [calling, called('a'), called('a')], 'a was called twice'],
    ['two keys', [called('a'), calling, called('a', 'r', 'other')], 'a was called with the keys'],
    ['another run after the plan was saved', [planned, calling, called('a', 'other')], 'a was called in other'],
    ['a second plan', [planned, { type: 'planned', runId: 'other' }], 'run other was planned'],
    [
      'a call after the end',
      [calling, { type: 'finished', status: 'completed', outputs: {} }, calling, called('a')],
      'a was called after the run was complete',
    ],
    ['damage where there is none', [{ type: 'corrupt', reason: 'x' }], 'a checkpoint was called damaged'],
  ])('%s', (_, entries, message) => {
    expect(brokenPromises(entries)).toEqual([expect.stringContaining(message)]);
  });

  it('not a call that is made again because nobody knows how it ended', () => {
    expect(brokenPromises([calling, planned, called('a'), calling, called('a'), acknowledged('a')])).toEqual([]);
  });

  it('a checkpoint that was announced and is not there', async () => {
    await Scratch.during(async (scratch) => {
      const process = await scratch.run(task);
      expect(await lostCheckpoints(scratch, process.entries)).toEqual([]);
      const saved: LedgerEntry = { type: 'saved', checkpointId: 'cp-0mwuz00000-00000000000000000000', listed: true };
      expect(await lostCheckpoints(scratch, [saved])).not.toEqual([]);
    });
  });

  it('an end that is none, and other outputs', async () => {
    const calm = await run({});
    expect(unfinished(calm, calm)).toEqual([]);
    expect(unfinished(await run({ action: 'kill', at: 5, when: 'before' }), calm)).toEqual([
      expect.stringContaining('SIGKILL'),
    ]);
    expect(unfinished(await run({}, { plan: 'long' }), calm)).toEqual(['the outputs differ']);
  });
});
