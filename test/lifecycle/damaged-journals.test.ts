import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CheckpointCorruptError, type ExecuteOptions, type ExecutionEvent, MetaPlanner } from 'vibe-aigc';
import { describe, expect, it } from 'vitest';
import { parseLine } from '../../src/stores/file/journal-lines.js';
import { frameLine } from '../helpers/journal-files.js';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';
import { fileStore } from '../helpers/stores.js';

const plan = filmPlan();

/** A run that failed after three of five nodes; its files and its journal. */
async function failedRun(options: { checkpointInterval?: number } = {}) {
  const store = await fileStore();
  const provider = new Provider().failAt('cut');
  const make = () =>
    new MetaPlanner({ persistenceManager: store, concurrency: 1, handlers: { default: provider.handler }, ...options });
  const failed = await make().executeWithResume(tides, { plan });
  provider.mend();
  provider.calls.length = 0;
  const directory = join(store.checkpointDir, 'film');
  const path = join(directory, '.journal-1');
  const events: ExecutionEvent[] = [];
  const resume = (more: ExecuteOptions = {}) =>
    make().executeWithResume(tides, { plan, onProgress: (event) => void events.push(event), ...more });
  const names = async () => (await readdir(directory)).filter((name) => !name.startsWith('.lock')).sort();
  const removeFiles = async () => {
    for (const name of await names()) if (name.endsWith('.json')) await rm(join(directory, name));
  };
  return { store, provider, make, failed, directory, path, events, resume, names, removeFiles };
}

async function changeLines(path: string, change: (lines: string[]) => string[]): Promise<void> {
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  await writeFile(
    path,
    change(lines)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

/** A journal with right checksums, as somebody who knows the format would write it. */
async function rewriteJournal(path: string, change: (texts: string[]) => string[]): Promise<void> {
  await changeLines(path, (lines) => {
    let prev = 'head';
    return change(lines.map((line) => parseLine(line)?.text ?? '')).map((text, index) => {
      const { line, sum } = frameLine(index + 1, index, prev, text);
      prev = sum;
      return line.slice(0, -1);
    });
  });
}

const rot = (lines: string[], at: number) => lines.map((line, index) => (index === at ? line.replace('"', "'") : line));

describe('a damaged journal', () => {
  it('that may have held more than any checkpoint stops the run, names the place, and nothing is changed', async () => {
    const { provider, path, resume, names, removeFiles } = await failedRun();
    await removeFiles();
    await changeLines(path, (lines) => rot(lines, 4));
    const [before, text] = [await names(), await readFile(path, 'utf8')];
    const error = (await resume().catch((thrown) => thrown)) as CheckpointCorruptError;
    expect(error).toMatchObject({ code: 'CHECKPOINT_CORRUPT', planId: 'film', location: path });
    expect(error.reason).toContain('line 5 is not as it was written');
    expect(provider.calls).toEqual([]);
    expect(await names()).toEqual(before);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('is gone on from with fallback as far as it is intact, and kept for whoever may mend it', async () => {
    const { provider, path, resume, names, removeFiles, failed, events } = await failedRun();
    await removeFiles();
    await changeLines(path, (lines) => rot(lines, 4)); // header, start mark, run_started, script, here
    const result = await resume({ onCorrupt: 'fallback' });
    expect(result).toMatchObject({ status: 'completed', runId: failed.runId, executionSummary: { reused: 1 } });
    expect(provider.calls).toEqual(['shots', 'music', 'cut', 'review']);
    expect(events[1]).toMatchObject({ type: 'checkpoint_corrupt', damagedPlanId: 'film' });
    expect((await names())[0]).toMatch(/^\.damaged-journal-1-/);
    expect((await resume()).executionSummary.reused).toBe(5);
  });

  it('costs nothing when the last checkpoint has everything that it can have held', async () => {
    for (const line of [0, 1, 4]) {
      const { provider, path, resume, failed, events } = await failedRun({ checkpointInterval: 1 });
      await changeLines(path, (lines) => rot(lines, line));
      const result = await resume();
      expect(result).toMatchObject({ status: 'completed', runId: failed.runId, executionSummary: { reused: 3 } });
      expect(provider.calls).toEqual(['cut', 'review']);
      expect(events[1]).toMatchObject({ type: 'checkpoint_corrupt', damagedPlanId: 'film' });
    }
  });

  it('of a run that is complete, as its checkpoint shows, returns the result', async () => {
    const { path, resume, make, provider } = await failedRun();
    await resume();
    await changeLines(path.replace(/1$/, '2'), (lines) => rot(lines, 3));
    provider.calls.length = 0;
    expect((await resume()).status).toBe('completed');
    expect(provider.calls).toEqual([]);
    expect((await make().listCheckpoints())[0]).toMatchObject({ state: 'completed' });
  });

  it('without its last record is a crash in the middle of an append', async () => {
    const { provider, path, resume, removeFiles } = await failedRun();
    await removeFiles();
    const text = await readFile(path, 'utf8');
    const end = text.indexOf('"node_id":"music"');
    await writeFile(path, text.slice(0, end));
    expect((await resume()).executionSummary.reused).toBe(2);
    expect(provider.calls).toEqual(['music', 'cut', 'review']);
  });

  it('that was cut off below what it began with is damaged', async () => {
    const { path, resume, removeFiles } = await failedRun();
    await resume();
    await removeFiles();
    await changeLines(path.replace(/1$/, '2'), (lines) => lines.slice(0, 3));
    await expect(resume()).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
  });

  it('of an earlier run changes nothing for the latest', async () => {
    const { path, make, resume, provider, names } = await failedRun({ checkpointInterval: 1 });
    const fresh = await resume({ fresh: true });
    expect(await names()).not.toContain('.journal-1'); // all its checkpoints are files
    await cp(path.replace(/1$/, '2'), path);
    provider.calls.length = 0;
    expect((await resume()).runId).toBe(fresh.runId);
    expect(provider.calls).toEqual([]);
    expect((await make().listCheckpoints()).every(({ damaged }) => damaged === undefined)).toBe(true);
  });

  it('that is the journal of another plan proves nothing', async () => {
    const { path, make, resume, removeFiles, store } = await failedRun();
    await make().executePlan(filmPlan('twin'), { planId: 'twin' });
    await make().executeWithResume(tides, { plan: filmPlan('twin'), planId: 'twin' });
    await removeFiles();
    await cp(join(store.checkpointDir, 'twin', '.journal-1'), path);
    await expect(resume()).rejects.toMatchObject({ reason: expect.stringContaining('another plan') });
  });
});

describe('a journal of a newer version', () => {
  const changes: Record<string, (texts: string[]) => string[]> = {
    'with another format': ([header, ...rest]) => [(header as string).replace('"v":1', '"v":2'), ...rest],
    'with a record of an unknown kind': (texts) => [...texts, '{"kind":"node_paused","node_id":"cut"}'],
  };
  for (const [name, change] of Object.entries(changes)) {
    it(`${name} is left alone, whatever onCorrupt says`, async () => {
      const { path, resume, provider, names } = await failedRun();
      await rewriteJournal(path, change);
      const [before, text] = [await names(), await readFile(path, 'utf8')];
      for (const onCorrupt of ['throw', 'fallback'] as const) {
        await expect(resume({ onCorrupt })).rejects.toMatchObject({ code: 'CHECKPOINT_VERSION_UNSUPPORTED' });
      }
      expect(provider.calls).toEqual([]);
      expect(await names()).toEqual(before);
      expect(await readFile(path, 'utf8')).toBe(text);
    });
  }
});

describe('a journal with right checksums and wrong contents', () => {
  const strangers: Record<string, string> = {
    'a result for a node that the plan lacks': JSON.stringify({
      kind: 'node_settled',
      result: {
        node_id: 'x',
        status: 'skipped',
        attempts: 0,
        started_at: '',
        completed_at: '',
        duration_ms: 0,
        blocked_by: 'y',
      },
    }),
    'a result without a node': '{"kind":"node_settled"}',
    'no record at all': '7',
    'a result nested too deep': `{"kind":"node_settled","result":{"node_id":"cut","status":"completed","attempts":1,"started_at":"","completed_at":"","duration_ms":0,"output":${'['.repeat(4_000)}${']'.repeat(4_000)}}}`,
  };
  for (const [name, text] of Object.entries(strangers)) {
    it(`such as ${name} is damaged`, async () => {
      const { path, resume, removeFiles, provider } = await failedRun();
      await removeFiles();
      await rewriteJournal(path, (texts) => [...texts.slice(0, 4), text, ...texts.slice(4)]);
      await expect(resume()).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT', location: path });
      expect(provider.calls).toEqual([]);
      expect((await resume({ onCorrupt: 'fallback' })).status).toBe('completed');
    });
  }

  it('reaches no prototype', async () => {
    const { path, resume, removeFiles } = await failedRun();
    await removeFiles();
    const evil = (text: string) =>
      text.replace('"did":"shots"', '"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}');
    await rewriteJournal(path, (texts) => texts.map(evil));
    const result = await resume();
    expect(result.status).toBe('completed');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.keys(result.outputs.shots as object)).toContain('__proto__');
  });
});
