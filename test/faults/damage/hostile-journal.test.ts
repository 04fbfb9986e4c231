import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildState } from '../helpers/disk-state.js';
import { fastDirectory } from '../helpers/fast-directory.js';
import { posterPlanner } from '../helpers/poster-planner.js';
import { posterVibe } from '../helpers/poster-run.js';
import { tryDamaged } from './check-damaged.js';
import { bytesOf, journalIn, replaced } from './damages.js';
import { contents, corrupt, hostileMarks, hostileRecords, version } from './hostile-contents.js';
import { encodeJournal, type Line, readJournal } from './journal-lines.js';
import { type SoundStore, soundStores } from './sound-stores.js';

let base: string;
let store: SoundStore;
let path: string;
let lines: Line[];

beforeAll(async () => {
  base = await mkdtemp(join(fastDirectory, 'vibe-aigc-hostile-'));
  // With one checkpoint before the first node: nothing but the journal proves what was paid.
  store = (await soundStores(base)).find(({ name }) => name === 'killed with few checkpoints') as SoundStore;
  path = journalIn(store.files) ?? '';
  lines = path === '' ? [] : readJournal(bytesOf(store.files, path)).lines;
}, 120_000);

afterAll(async () => {
  if (base) await rm(base, { recursive: true, force: true });
});

function withLines(changed: readonly Line[]) {
  return replaced(store.files, path, encodeJournal(changed), 'hostile');
}

describe('a journal whose sums are right', () => {
  for (const { name, change, codes, isAnotherPlan } of contents) {
    it(`ends in an error when it has ${name}`, async () => {
      const { files } = withLines(change(lines));
      const { outputs, known } = store;
      const { problems } = await tryDamaged(base, files, { outputs, known, codes, isAnotherPlan });
      expect(problems).toEqual([]);
    });
  }

  for (const [name, json] of Object.entries(hostileRecords)) {
    it(`ends in an error with ${name} among its records`, async () => {
      const flushed = lines.length + 1;
      const { files } = withLines([...lines, { flushed, json }, { flushed, json: lines.at(-1)?.json ?? '' }]);
      const codes = [...corrupt, ...(json.includes('"kind":"node_') ? [] : version)];
      const { problems } = await tryDamaged(base, files, { outputs: store.outputs, known: store.known, codes });
      expect(problems).toEqual([]);
    });
  }

  for (const [name, json] of Object.entries(hostileMarks)) {
    it(`comes to the right end, or to an error, with ${name}`, async () => {
      const { files } = withLines([...lines, { flushed: lines.length + 1, json }]);
      const { problems } = await tryDamaged(base, files, { outputs: store.outputs, known: store.known });
      expect(problems).toEqual([]);
      const checkpointDir = join(base, name);
      buildState(checkpointDir, files);
      const planner = posterPlanner({ checkpointDir });
      for (const { checkpointId } of await planner.listCheckpoints()) expect(checkpointId).toMatch(/^cp-[a-z0-9-]+$/);
      expect(await planner.deleteCheckpoint('../../outside')).toBe(false);
      await planner.close();
    });
  }

  it('gives an output back that has keys which objects treat in their own way', async () => {
    const output = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1}';
    const changed = lines.map((line) =>
      line.json.includes('"node_id":"brief"')
        ? { ...line, json: line.json.replace(/"output":\{.*?\},"attempts"/s, `"output":${output},"attempts"`) }
        : line,
    );
    expect(changed).not.toEqual(lines);
    const checkpointDir = join(base, 'prototype');
    buildState(checkpointDir, withLines(changed).files);
    const planner = posterPlanner({ checkpointDir });
    const { outputs } = await planner.executeWithResume(posterVibe);
    expect(JSON.stringify(outputs.brief)).toBe(output);
    expect(Object.getPrototypeOf(outputs.brief)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    await planner.close();
  });
});
