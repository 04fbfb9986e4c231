import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointCorruptError } from 'vibe-aigc';
import { sampleCheckpoint } from 'vibe-aigc/testing';
import { expect, it } from 'vitest';
import { fileStore } from '../../helpers/stores.js';

const word = 'tide ';
const vibe = { ...sampleCheckpoint().vibe, description: word.repeat(12_000) };

it('a list checks the newest 8 MiB as a whole: damage in an older file shows when the file is read', async () => {
  const store = await fileStore();
  const ids = Array.from({ length: 160 }, (_, index) => `cp-0sample${String(index).padStart(4, '0')}-1`);
  for (const checkpointId of ids) await store.saveCheckpoint(sampleCheckpoint({ checkpointId, vibe }));
  const [oldest, newest] = [ids[0], ids.at(-1)] as [string, string];
  for (const checkpointId of [oldest, newest]) {
    const path = join(store.checkpointDir, 'plan-001', `${checkpointId}.json`);
    const bytes = await readFile(path);
    bytes.write('T', bytes.indexOf(word, bytes.length / 2));
    await writeFile(path, bytes);
  }
  const listed = await store.listCheckpoints();
  const reasons = listed.map(({ checkpointId, damaged }) => [checkpointId, damaged?.reason]);
  expect(reasons.filter(([, reason]) => reason !== undefined)).toEqual([[newest, 'its checksum does not match']]);
  await expect(store.loadCheckpoint(oldest)).rejects.toBeInstanceOf(CheckpointCorruptError);
  const alone = await store.listCheckpoints({ before: ids[1], limit: 1 });
  expect(alone.map(({ damaged }) => damaged?.reason)).toEqual(['its checksum does not match']);
});
