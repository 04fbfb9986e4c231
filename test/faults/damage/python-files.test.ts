import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CheckpointCorruptError, VibeError, WorkflowPersistenceManager } from 'vibe-aigc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastDirectory } from '../helpers/fast-directory.js';
import { atLevel, testSeed } from '../helpers/level.js';
import { randomFrom } from '../helpers/random.js';
import { tellCount } from '../helpers/tell-count.js';

const seed = testSeed();
const random = randomFrom(seed);
const checkpointId = 'film-plan_20261124_020702_38f953c3';
const original = fileURLToPath(new URL(`../../fixtures/python-1.0/${checkpointId}.json`, import.meta.url));
let base: string;
let sound: Buffer;
let cases = 0;
tellCount('files of the Python original', () => cases);

beforeAll(async () => {
  base = await mkdtemp(join(fastDirectory, 'vibe-aigc-python-'));
  sound = await readFile(original);
});

afterAll(() => rm(base, { recursive: true, force: true }));

/** `intact`, `damaged`, or what is wrong with how a file of these bytes is listed and loaded. */
async function seenAs(bytes: Uint8Array): Promise<string> {
  const checkpointDir = join(base, String(++cases));
  await mkdir(checkpointDir);
  await writeFile(join(checkpointDir, `${checkpointId}.json`), bytes);
  const store = new WorkflowPersistenceManager({ checkpointDir });
  const [summary] = await store.listCheckpoints();
  const loaded = await store.loadCheckpoint(checkpointId).catch((error: unknown) => error);
  await rm(checkpointDir, { recursive: true });
  if (!(loaded instanceof Error)) return summary?.damaged === undefined ? 'intact' : 'listed as damaged, and loads';
  if (!VibeError.is(loaded)) return `it threw ${loaded}`;
  if (summary?.damaged === undefined) return `listed as intact, and throws ${loaded}`;
  const { location = '', reason = '' } = loaded as CheckpointCorruptError;
  if (loaded.code === 'CHECKPOINT_VERSION_UNSUPPORTED') return 'damaged';
  return location.startsWith(checkpointDir) && reason !== '' ? 'damaged' : `it tells ${location}: ${reason}`;
}

/** They have no checksum: a changed letter in an output cannot be seen, a file that is not whole can. */
describe('a file of the Python original', () => {
  it('is damaged wherever it is cut off', async () => {
    const whole = sound.toString().trimEnd().length;
    const seen = new Set<string>();
    for (let length = 0; length < Buffer.byteLength(sound.toString().slice(0, whole)); length += atLevel(40, 1)) {
      seen.add(await seenAs(sound.subarray(0, length)));
    }
    expect([...seen]).toEqual(['damaged']);
  });

  it(`with a bit that flipped is read or refused, and nothing else, seed ${seed}`, async () => {
    const seen = new Set<string>();
    for (let flips = atLevel(250, 3_000); flips > 0; flips--) {
      const bytes = Buffer.from(sound);
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      seen.add(await seenAs(bytes));
    }
    expect([...seen].sort()).toEqual(['damaged', 'intact']);
  });
});
