// A process of its own on a disk of 64 KiB, which it fills, frees and fills again.
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Checkpoint, type ExecutionState, WorkflowPersistenceManager } from 'vibe-aigc';
import { brokenRun, brokenStore, resultProblems, untypedEnd } from '../failing-calls/laws.js';
import { endOf, Witness } from '../failing-calls/witness.js';
import { type Durability, posterPlanner } from '../helpers/poster-planner.js';
import { posterOutputs, posterVibe } from '../helpers/poster-run.js';

export interface SmallDiskReport {
  readonly cases: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

const [disk = '', reportFile = ''] = process.argv.slice(2);
const blockBytes = 4_096;
const ends: Record<string, number> = {};
const problems: string[] = [];
let cases = 0;

const outputs = await posterOutputs();
for (let free = 0; free <= 12; free++) {
  for (const isReplaced of [true, false]) await inNewDirectory((directory) => save(directory, free, isReplaced));
  for (const durability of ['strict', 'relaxed'] as const) await inNewDirectory((dir) => run(dir, free, durability));
  await inNewDirectory((directory) => freeByDeleting(directory, free));
}
writeFileSync(reportFile, JSON.stringify({ cases, ends, problems } satisfies SmallDiskReport));

async function inNewDirectory(tryIt: (directory: string) => Promise<string[]>): Promise<void> {
  const directory = join(disk, 'checkpoints');
  mkdirSync(directory);
  const found = await tryIt(directory);
  problems.push(...found);
  cases++;
  for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
}

/** Nothing but so many blocks is free from now on. */
function fill(free: number): void {
  const left = statfsSync(disk).bavail - free;
  if (left > 0) writeFileSync(join(disk, 'filler'), new Uint8Array(left * blockBytes));
}

function makeRoom(): void {
  rmSync(join(disk, 'filler'), { force: true });
}

/** A checkpoint of several blocks, over an older one or beside it. */
async function save(checkpointDir: string, free: number, isReplaced: boolean): Promise<string[]> {
  const where = `${isReplaced ? 'replacing' : 'adding'} a checkpoint with ${free} blocks free`;
  const store = new WorkflowPersistenceManager({ checkpointDir });
  const old = await smallCheckpoint(checkpointDir);
  const larger: Checkpoint = {
    ...old,
    ...(!isReplaced && { checkpointId: 'cp-another' }),
    vibe: { ...old.vibe, metadata: { ...old.vibe.metadata, notes: 'ü'.repeat(4_000) } },
  };
  fill(free);
  const saved = await endOf(() => store.saveCheckpoint(larger));
  count(`save: ${saved.error === undefined ? 'resolved' : 'rejected'}`);
  const found: string[] = [];
  const expected = saved.error === undefined ? larger : isReplaced ? old : undefined;
  const loaded = await endOf(() => store.loadCheckpoint(larger.checkpointId));
  if (saved.error !== undefined) found.push(...untypedEnd(saved.error));
  if (loaded.error !== undefined) found.push(`it does not load: ${loaded.error}`);
  if (!isDeepStrictEqual(loaded.value, expected)) found.push('what is loaded is neither the old one nor the new one');
  makeRoom();
  await store.saveCheckpoint(larger);
  if (!isDeepStrictEqual(await store.loadCheckpoint(larger.checkpointId), larger))
    found.push('saved again, it differs');
  const left = readdirSync(checkpointDir, { recursive: true }).filter((name) => String(name).includes('.tmp-'));
  return [...found, ...left.map((name) => `${name} was left over`)].map((problem) => `${where}: ${problem}`);
}

async function smallCheckpoint(checkpointDir: string): Promise<Checkpoint> {
  const state = await finishedState();
  const planner = posterPlanner({ checkpointDir });
  const checkpointId = await planner.createCheckpoint({ planId: state.planId, executionState: state });
  const checkpoint = await planner.getCheckpoint(checkpointId);
  await planner.close();
  return checkpoint;
}

async function finishedState(): Promise<ExecutionState> {
  let state: ExecutionState | undefined;
  const directory = join(disk, 'elsewhere');
  const planner = posterPlanner({
    checkpointDir: directory,
    onProgress: ({ planId, type }) => {
      if (type === 'node_completed') state = planner.getExecutionState(planId);
    },
  });
  await planner.executeWithResume(posterVibe);
  await planner.close();
  rmSync(directory, { recursive: true });
  return state as ExecutionState;
}

/** A whole run, whose journal or checkpoints do not fit. */
async function run(checkpointDir: string, free: number, durability: Durability): Promise<string[]> {
  let witness = new Witness();
  const planner = posterPlanner({
    checkpointDir,
    durability,
    onCall: (nodeId) => witness.onCall(nodeId),
    onReturn: (nodeId, output) => witness.onReturn(nodeId, output),
    onPlanned: () => witness.onPlanned(),
    onProgress: (event) => witness.see(event),
  });
  fill(free);
  const first = witness;
  const ended = await endOf(() => planner.executeWithResume(posterVibe));
  count(`run: ${ended.error === undefined ? 'resolved' : 'rejected'}`);
  const found = ended.error === undefined ? resultProblems(ended, outputs) : untypedEnd(ended.error, first);
  if (first.busy > 0) found.push(`it ended with ${first.busy} handlers at work`);
  makeRoom();
  witness = new Witness();
  found.push(...resultProblems(await endOf(() => planner.executeWithResume(posterVibe)), outputs));
  found.push(...brokenRun([first, witness], []), ...first.surprises, ...witness.surprises);
  found.push(...(await brokenStore(checkpointDir, planner, [...first.saved, ...witness.saved])));
  await planner.close();
  return found.map((problem) => `a run at ${durability} with ${free} blocks free: ${problem}`);
}

/** A user who deletes a checkpoint because the disk is full. */
async function freeByDeleting(checkpointDir: string, free: number): Promise<string[]> {
  const planner = posterPlanner({ checkpointDir });
  await planner.executeWithResume(posterVibe);
  const [newest, oldest] = await planner.listCheckpoints();
  fill(free);
  const deleted = await endOf(() => planner.deleteCheckpoint(oldest?.checkpointId as string));
  count(`delete: ${deleted.error === undefined ? 'resolved' : 'rejected'}`);
  const listed = (await planner.listCheckpoints()).map(({ checkpointId }) => checkpointId);
  const found = deleted.value === true ? [] : [`it ended with ${deleted.error ?? deleted.value}`];
  if (!isDeepStrictEqual(listed, [newest?.checkpointId])) found.push(`${listed} are listed`);
  found.push(...resultProblems(await endOf(() => planner.executeWithResume(posterVibe)), outputs));
  await planner.close();
  return found.map((problem) => `deleting a checkpoint with ${free} blocks free: ${problem}`);
}

function count(end: string): void {
  ends[end] = (ends[end] ?? 0) + 1;
}
