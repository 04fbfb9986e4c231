import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type RepairReport, VibeError } from 'vibe-aigc';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLine } from '../../../src/stores/file/journal-lines.js';
import { buildState, type DiskState, readState } from '../helpers/disk-state.js';
import { fastDirectory } from '../helpers/fast-directory.js';
import { atLevel, testSeed } from '../helpers/level.js';
import { posterPlanner } from '../helpers/poster-planner.js';
import { paidNodes, posterVibe } from '../helpers/poster-run.js';
import { randomFrom } from '../helpers/random.js';
import { bytesOf, cutAt, type Damage, filesIn, flipBit, journalIn, rearranged, zeroBlock } from './damages.js';
import { nodesIn, splitLines } from './journal-lines.js';
import { type SoundStore, soundStores } from './sound-stores.js';

const seed = testSeed();
const random = randomFrom(seed);
let base: string;
let stores: SoundStore[];
let directories = 0;

beforeAll(async () => {
  base = await mkdtemp(join(fastDirectory, 'vibe-aigc-repair-'));
  stores = await soundStores(base);
}, 120_000);

afterAll(async () => {
  if (base) await rm(base, { recursive: true, force: true });
});

describe('a repair after damage', () => {
  it(`keeps every intact result, and a resume runs exactly the others, seed ${seed}`, {
    timeout: 1_800_000,
  }, async () => {
    const problems: string[] = [];
    for (let round = 0; round < atLevel(50, 1_500); round++) {
      const store = random.pick(stores);
      let damage = anyDamage(store.files);
      if (random.chance(0.5)) damage = second(damage, anyDamage(damage.files));
      for (const problem of await problemsOf(store, damage))
        problems.push(`${store.name}, ${damage.label}: ${problem}`);
    }
    expect(problems.slice(0, 20)).toEqual([]);
  });
});

function anyDamage(files: DiskState): Damage {
  const journal = journalIn(files);
  const kinds = [
    () => flipBit(files, random),
    () => zeroBlock(files, random),
    () => {
      const path = random.pick(filesIn(files));
      return cutAt(files, path, random.below(bytesOf(files, path).length));
    },
    () => (journal === undefined ? flipBit(files, random) : random.pick([...rearranged(files, journal)])),
  ];
  return random.pick(kinds)();
}

function second(first: Damage, next: Damage): Damage {
  return { ...next, label: `${first.label}, and ${next.label}` };
}

async function problemsOf({ outputs }: SoundStore, { files }: Damage): Promise<string[]> {
  const checkpointDir = join(base, `repair-${++directories}`);
  buildState(checkpointDir, files);
  const calls: string[] = [];
  const planner = posterPlanner({ checkpointDir, onCall: (nodeId) => calls.push(nodeId) });
  try {
    const [summary] = await planner.listCheckpoints();
    const planId = summary?.planId ?? planIdIn(files);
    const before = readState(checkpointDir);
    let report: RepairReport;
    try {
      report = await planner.repairCheckpoints({ planId });
    } catch (error) {
      return refusalProblems(error, files, before, readState(checkpointDir));
    }
    const problems = intactNodes(files)
      .filter((nodeId) => !report.kept.includes(nodeId))
      .map((nodeId) => `${nodeId} is intact and not kept`);
    const result = await planner.executeWithResume(posterVibe);
    if (!isDeepStrictEqual(result.outputs, outputs)) problems.push('the outputs differ');
    const paid = report.toRun.filter((nodeId) => paidNodes.includes(nodeId));
    if ([...calls].sort().join() !== [...paid].sort().join()) problems.push(`told to run ${paid}, and called ${calls}`);
    const damaged = (await planner.listCheckpoints()).filter((one) => one.damaged !== undefined);
    if (damaged.length > 0) problems.push(`still damaged: ${damaged.map(({ checkpointId }) => checkpointId)}`);
    return problems;
  } finally {
    await planner.close();
    rmSync(checkpointDir, { recursive: true });
  }
}

function refusalProblems(error: unknown, files: DiskState, before: DiskState, after: DiskState): string[] {
  const code = VibeError.is(error) ? error.code : String(error);
  const names = (state: DiskState) =>
    [...state.keys()]
      .filter((path) => !/\/\.(lock|tmp)-/.test(path))
      .sort()
      .join();
  const problems = names(before) === names(after) ? [] : ['it was refused and changed files'];
  if (code === 'CHECKPOINT_VERSION_UNSUPPORTED') return problems; // the bit that flipped is in the version
  if (code !== 'CHECKPOINT_CORRUPT') return [...problems, `it threw ${error}`];
  if (hasPlan(files)) problems.push(`it was refused, though there is a plan: ${error}`);
  return problems;
}

/** Nodes with a completed result in a line, or in a file, that is as it was written. */
function intactNodes(files: DiskState): string[] {
  const nodes = new Set<string>();
  for (const line of linesOf(files)) for (const nodeId of nodesIn([{ flushed: 0, json: line }])) nodes.add(nodeId);
  for (const results of intactFiles(files)) {
    for (const [nodeId, { status }] of Object.entries(results)) if (status === 'completed') nodes.add(nodeId);
  }
  return paidNodes.filter((nodeId) => nodes.has(nodeId));
}

function hasPlan(files: DiskState): boolean {
  return intactFiles(files).length > 0 || linesOf(files).some((text) => text.startsWith('{"format"'));
}

function linesOf(files: DiskState): string[] {
  const journal = journalIn(files);
  const lines = journal === undefined ? [] : splitLines(bytesOf(files, journal));
  return lines.flatMap((line) => {
    const isWhole = line.at(-1) === 0x0a;
    return (isWhole && parseLine(Buffer.from(line.subarray(0, -1)))?.text) || [];
  });
}

type Results = Record<string, { status: string }>;

/** By another way than the library: those of the sound stores, byte for byte. */
function intactFiles(files: DiskState): Results[] {
  const sound = new Set(stores.flatMap((store) => [...store.files].map(([path, bytes]) => keyOf(path, bytes))));
  return [...files].flatMap(([path, bytes]) => {
    if (!bytes || !path.endsWith('.json') || !sound.has(keyOf(path, bytes))) return [];
    return [(JSON.parse(Buffer.from(bytes).toString()) as { node_results: Results }).node_results];
  });
}

function keyOf(path: string, bytes: Uint8Array | null): string {
  return `${path} ${bytes && Buffer.from(bytes).toString('latin1')}`;
}

function planIdIn(files: DiskState): string {
  return ([...files.keys()][0] as string).split('/')[0] as string;
}
