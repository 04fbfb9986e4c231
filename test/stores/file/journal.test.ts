import { readFileSync } from 'node:fs';
import { appendFile, open, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type JournalOpening, type PlanLease, WorkflowPersistenceManager } from 'vibe-aigc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodePosition } from '../../../src/checkpoint/journal-codec.js';
import { encodingHeader } from '../../../src/checkpoint/journal-header.js';
import { parsePlan } from '../../../src/plan/workflow-plan.js';
import { parseLine } from '../../../src/stores/file/journal-lines.js';
import { atOnce } from '../../../src/turns.js';
import { frameLine } from '../../helpers/journal-files.js';
import { temporaryDirectory } from '../../helpers/stores.js';

const planId = 'film';
const opening = (lines: readonly string[], more: Partial<JournalOpening> = {}): JournalOpening => ({
  lines,
  durability: 'strict',
  replaces: [],
  setsAside: [],
  ...more,
});

const opened: Array<{ close(): Promise<void> }> = [];
const leases: PlanLease[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const writer of opened.splice(0)) await writer.close().catch(() => {});
  for (const lease of leases.splice(0)) await lease.release();
});

/** A store whose plan is ours, and whose journal has begun with "header". */
async function begun(more: Partial<JournalOpening> = {}, header = 'header') {
  const store = new WorkflowPersistenceManager({ checkpointDir: await temporaryDirectory() });
  const lease = await acquire(store);
  const writer = await store.journal.begin(planId, lease, opening([header], more));
  opened.push(writer);
  const path = join(store.checkpointDir, planId, `.journal-${lease.epoch}`);
  return { store, lease, writer, path, read: () => store.journal.read(planId) };
}

/** The first line of a run's journal. */
function headerText(): string {
  const sourceVibe = { description: 'A film about tides' };
  const plan = parsePlan({ id: planId, sourceVibe, rootNodes: [{ id: 'cut', type: 'generate', description: '' }] });
  const names = { planId, runId: 'run-1', epoch: 1, carried: 0, vibeKey: 'v1:0' };
  return atOnce(encodingHeader({ ...names, vibe: plan.sourceVibe, plan }, 'strict'));
}

function positionText(checkpointId: string): string {
  const at = { createdAt: '2026-02-05T10:30:00.000Z', state: 'running' as const, seq: 0, completed: 0 };
  return encodePosition({ checkpointId, ...at, hasFile: false });
}

async function acquire(store: WorkflowPersistenceManager): Promise<PlanLease> {
  const lease = await store.locks.acquire({ planId, runId: 'run-1', since: '2026-02-05T10:30:00.000Z', log() {} });
  leases.push(lease);
  return lease;
}

const unknown = Number.MAX_SAFE_INTEGER;

/** A line that is right in itself, and of another journal. */
function foreign(number: number): string {
  return frameLine(number, 1, '0'.repeat(32), '{"z":1}').line.trimEnd();
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1);
}

describe('a journal', () => {
  it('gives back what was appended, in order, whatever the text', async () => {
    const { writer, read, lease } = await begun();
    const texts = ['{"a":1}', '{"b":"\u2028 é 🌊"}', `{"c":"${'x'.repeat(1_200_000)}"}`];
    await Promise.all(texts.map((text) => writer.append([text])));
    expect(await read()).toEqual([
      { epoch: lease.epoch, location: expect.any(String), lines: ['header', ...texts], isTorn: false },
    ]);
  });

  it('is listed as it stands in the file, whatever was read of it before', async () => {
    const { store, writer, read } = await begun({}, headerText());
    const ids = async () => (await store.listCheckpoints({ planId })).map(({ checkpointId }) => checkpointId);
    await writer.append([positionText('cp-1')]);
    await read();
    expect(await ids()).toEqual(['cp-1']);
    await read();
    await writer.append([positionText('cp-2')]);
    expect(await ids()).toEqual(['cp-2', 'cp-1']);
    await writer.append([positionText('cp-3')]);
    expect(await ids()).toEqual(['cp-3', 'cp-2', 'cp-1']);
  });

  it('has one line for each record: number, flushed, sum before, sum, text', async () => {
    const { writer, path } = await begun();
    await writer.append(['{"a":1}']);
    await writer.append(['{"b":1}', '{"c":1}']);
    const lines = await linesOf(path);
    expect(lines[0]).toMatch(/^1 1 head [0-9a-f]{32} header$/);
    expect(lines[1]).toMatch(/^2 1 [0-9a-f]{32} [0-9a-f]{32} \{"a":1\}$/);
    expect(lines.map((line) => line.split(' ').slice(0, 2))).toEqual([
      ['1', '1'],
      ['2', '1'],
      ['3', '2'],
      ['4', '2'],
    ]);
    for (const [index, line] of lines.entries()) {
      if (index > 0) expect(parseLine(line)?.prev).toBe(parseLine(lines[index - 1] as string)?.sum);
    }
  });

  it('flushes once for all that is appended in one turn, and once for all that is appended meanwhile', async () => {
    const { writer } = await begun();
    const prototype = Object.getPrototypeOf(await openedAny()) as { datasync(): Promise<void> };
    const flushes = vi.spyOn(prototype, 'datasync');
    const first = Array.from({ length: 50 }, (_, index) => writer.append([`{"n":${index}}`]));
    await first[0];
    await Promise.all(first);
    expect(flushes).toHaveBeenCalledTimes(1);
  });

  it('waits for nothing where nothing can come that would share the flush', async () => {
    const { writer, path, lease, read } = await begun();
    const isWrittenInThisTurn = async (text: string) => {
      await new Promise((resolve) => process.nextTick(resolve));
      return readFileSync(path, 'utf8').includes(text);
    };
    const alone = writer.append(['alone'], 0);
    expect(await isWrittenInThisTurn('alone')).toBe(true);
    await alone;
    const first = writer.append(['first'], 1);
    expect(await isWrittenInThisTurn('first')).toBe(false);
    await Promise.all([first, writer.append(['second'], 0)]);
    expect(await read()).toMatchObject([{ epoch: lease.epoch, lines: ['header', 'alone', 'first', 'second'] }]);
  });

  it('drops a tail that was torn off in an append, and says so', async () => {
    const { writer, path, read } = await begun();
    await writer.append(['{"a":1}']);
    const whole = (await readFile(path)).length;
    await writer.append(['{"b":1}']);
    const end = (await readFile(path)).length;
    for (let size = whole + 1; size < end; size++) {
      await truncate(path, size);
      expect(await read()).toMatchObject([{ lines: ['header', '{"a":1}'], isTorn: true }]);
      await appendFile(path, Buffer.alloc(end - size));
      expect(await read()).toMatchObject([{ lines: ['header', '{"a":1}'], isTorn: true }]);
      await truncate(path, whole);
      await appendFile(
        path,
        `${frameLine(3, 2, parseLine((await linesOf(path))[1] as string)?.sum ?? '', '{"b":1}').line}`,
      );
    }
    await truncate(path, whole);
    expect(await read()).toMatchObject([{ lines: ['header', '{"a":1}'], isTorn: false }]);
  });

  const changes: Record<string, (lines: string[]) => string[]> = {
    'a letter changed': ([one, two, ...rest]) => [one as string, (two as string).replace('"a"', '"z"'), ...rest],
    'a line missing': ([one, , ...rest]) => [one as string, ...rest],
    'a line doubled': ([one, two, ...rest]) => [one, two, two, ...rest] as string[],
    'two lines swapped': ([one, two, three, ...rest]) => [one, three, two, ...rest] as string[],
    'a line that another journal had in its place': ([one, two, , ...rest]) => {
      return [one, two, foreign(3), ...rest] as string[];
    },
    'a line emptied': ([one, , ...rest]) => [one as string, '', ...rest],
    'its header changed': ([one, ...rest]) => [`${one}!`, ...rest],
  };
  for (const [name, change] of Object.entries(changes)) {
    it(`with ${name} is damaged when a later line shows that the place had been flushed`, async () => {
      const { writer, path, read } = await begun();
      for (const letter of ['a', 'b', 'c', 'd', 'e']) await writer.append([`{"${letter}":1}`]);
      await writeFile(path, `${change(await linesOf(path)).join('\n')}\n`);
      const [journal] = await read();
      expect(journal).toMatchObject({ isTorn: false, damage: { reason: expect.stringMatching(/^line \d is not/) } });
      expect(journal?.damage?.linesWritten).toBeGreaterThanOrEqual(6);
      expect(journal?.lines.length).toBeLessThan(4);
    });
  }

  const ends: Record<string, [change: (lines: string[]) => string[], linesWritten: number]> = {
    'a line missing': [(lines) => lines.toSpliced(2, 1), 6],
    'two lines swapped': [(lines) => lines.toSpliced(2, 2, lines[3] as string, lines[2] as string), 6],
    'a line doubled': [(lines) => lines.toSpliced(2, 0, lines[1] as string), 6],
    'a line of another journal in the place of one': [(lines) => lines.toSpliced(2, 1, foreign(3)), unknown],
    'an earlier line of another journal in the place of one': [(lines) => lines.toSpliced(2, 1, foreign(2)), unknown],
    'a later line of another journal at its end': [(lines) => [...lines.toSpliced(2, 1), foreign(7)], unknown],
  };
  for (const [name, [change, linesWritten]] of Object.entries(ends)) {
    it(`with ${name} is known to have ended somewhere only where its own lines say so`, async () => {
      const { writer, path, read } = await begun();
      for (const letter of ['a', 'b', 'c', 'd', 'e']) await writer.append([`{"${letter}":1}`]);
      await writeFile(path, `${change(await linesOf(path)).join('\n')}\n`);
      expect(await read()).toMatchObject([{ damage: { linesWritten } }]);
    });
  }

  it('is damaged when what it was opened with is cut off: that was never torn', async () => {
    const { path, read, store } = await begun();
    const lease = await acquire(store).catch((error) => error);
    expect(lease).toMatchObject({ code: 'PLAN_LOCKED' });
    const line = frameLine(1, 3, 'head', 'header');
    await writeFile(path, line.line);
    expect(await read()).toMatchObject([
      { damage: { reason: 'it ends before line 3', linesWritten: Number.MAX_SAFE_INTEGER } },
    ]);
    await writeFile(path, '');
    expect(await read()).toMatchObject([{ lines: [], damage: { linesWritten: Number.MAX_SAFE_INTEGER } }]);
  });

  it('lost in the middle of what shared one flush is torn there: nothing behind it was promised', async () => {
    const { writer, path, read } = await begun();
    await writer.append(['{"a":1}', '{"b":1}', '{"c":1}']);
    const [one, two, , four] = await linesOf(path);
    await writeFile(path, `${[one, two, '\0\0\0\0\0', four].join('\n')}\n`);
    expect(await read()).toMatchObject([{ lines: ['header', '{"a":1}'], isTorn: true }]);
  });

  it('refuses everything after a failed flush, and keeps what it had acknowledged', async () => {
    const { writer, read } = await begun();
    await writer.append(['{"a":1}']);
    const prototype = Object.getPrototypeOf(await openedAny()) as { datasync(): Promise<void> };
    vi.spyOn(prototype, 'datasync').mockRejectedValueOnce(Object.assign(new Error('EIO'), { code: 'EIO' }));
    await expect(writer.append(['{"b":1}'])).rejects.toThrow('EIO');
    await expect(writer.append(['{"c":1}'])).rejects.toThrow('EIO');
    expect((await read())[0]?.lines.slice(0, 2)).toEqual(['header', '{"a":1}']);
    await writer.close();
  });

  it('goes on reading after a short read', async () => {
    const { writer, read } = await begun();
    await writer.append(['{"one":1}', '{"two":2}']);
    const prototype = Object.getPrototypeOf(await openedAny()) as {
      read(bytes: Uint8Array, from: number, length: number, at: number): Promise<{ bytesRead: number }>;
    };
    const whole = prototype.read;
    const short = vi.spyOn(prototype, 'read').mockImplementation(function (this: never, bytes, from, length, at) {
      return whole.call(this, bytes, from, Math.min(length, 50), at);
    });
    expect((await read())[0]?.lines).toEqual(['header', '{"one":1}', '{"two":2}']);
    expect(short.mock.calls.length).toBeGreaterThan(2);
  });

  it('goes on writing after a short write', async () => {
    const { writer, read } = await begun();
    const prototype = Object.getPrototypeOf(await openedAny()) as {
      write(bytes: Uint8Array, from: number, length: number, at: null): Promise<{ bytesWritten: number }>;
    };
    const write = prototype.write;
    const short = vi.spyOn(prototype, 'write').mockImplementation(function (this: never, bytes, from, length) {
      return write.call(this, bytes, from, Math.min(length, 20_000), null);
    });
    await writer.append([`{"a":"${'x'.repeat(300_000)}"}`]); // too much to be written at once
    expect(short.mock.calls.length).toBeGreaterThan(10);
    expect((await read())[0]?.lines[1]).toHaveLength(300_008);
  });

  it('at relaxed is acknowledged once written, and flushed by the end', async () => {
    const { writer } = await begun({ durability: 'relaxed' });
    const prototype = Object.getPrototypeOf(await openedAny()) as { datasync(): Promise<void> };
    const flushes = vi.spyOn(prototype, 'datasync');
    for (const letter of ['a', 'b', 'c']) await writer.append([`{"${letter}":1}`]);
    expect(flushes).toHaveBeenCalledTimes(0);
    await writer.flush();
    expect(flushes).toHaveBeenCalledTimes(1);
    await writer.flush();
    expect(flushes).toHaveBeenCalledTimes(1);
  });

  it('replaces the one before it only when it is complete, and sets a damaged one aside', async () => {
    const { store, lease, writer } = await begun();
    await writer.close();
    await lease.release();
    const next = await acquire(store);
    await (await store.journal.begin(planId, next, opening(['header 2'], { replaces: [lease.epoch] }))).close();
    await next.release();
    const last = await acquire(store);
    await (await store.journal.begin(planId, last, opening(['header 3'], { setsAside: [next.epoch] }))).close();
    const names = (await readdir(join(store.checkpointDir, planId))).filter((name) => !name.startsWith('.lock'));
    expect(names.sort()).toEqual([expect.stringMatching(/^\.damaged-journal-2-[0-9a-f]+$/), '.journal-3']);
  });

  it('that cannot be written leaves the one before it', async () => {
    const { store, lease, writer } = await begun();
    await writer.append(['{"a":1}']);
    await writer.close();
    await lease.release();
    const next = await acquire(store);
    const prototype = Object.getPrototypeOf(await openedAny()) as { sync(): Promise<void> };
    vi.spyOn(prototype, 'sync').mockRejectedValueOnce(new Error('ENOSPC'));
    const begin = store.journal.begin(planId, next, opening(['header 2'], { replaces: [lease.epoch] }));
    await expect(begin).rejects.toThrow('ENOSPC');
    expect(await store.journal.read(planId)).toMatchObject([{ epoch: 1, lines: ['header', '{"a":1}'] }]);
  });

  it('that is a link or a directory is damage, and is not followed', async () => {
    const { store, path } = await begun();
    const directory = join(store.checkpointDir, planId);
    await symlink(path, join(directory, '.journal-7'));
    const [linked] = await store.journal.read(planId);
    expect(linked).toMatchObject({ epoch: 7, lines: [], damage: { reason: 'it is a link' } });
    expect(basename(linked?.location ?? '')).toBe('.journal-7');
  });
});

async function openedAny() {
  const file = await open(import.meta.filename, 'r');
  await file.close();
  return file;
}
