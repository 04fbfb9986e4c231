import { readFileSync } from 'node:fs';
import { mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExecuteOptions, MetaPlanner, type MetaPlannerOptions, type WorkflowPlanInput } from '../../src/index.js';

const root = await mkdtemp(join(tmpdir(), 'vibe-aigc-bench-'));

/** An empty directory on the disk that is measured; all of them go at the end. */
export function freshDirectory(): Promise<string> {
  return mkdtemp(join(root, 'run-'));
}

export async function removeDirectories(): Promise<void> {
  await rm(root, { recursive: true, force: true });
}

export interface RunTimes {
  /** From the call to its result. */
  readonly wholeMs: number;
  /** From `plan_created` to the result; `NaN` when nobody listened. */
  readonly afterPlanMs: number;
  /** From `plan_created` to the last `node_completed`; `NaN` when nobody listened. */
  readonly recordsMs: number;
  /** What this process has worked in all its threads: on a busy machine it says more than the clock. */
  readonly cpuMs: number;
  readonly checkpointDir: string;
}

export interface RunOptions extends Pick<MetaPlannerOptions, 'durability' | 'checkpointInterval' | 'concurrency'> {
  readonly output: unknown;
  /** Whether a listener takes the time of `plan_created`: events are made for it. */
  readonly isHeard?: boolean;
  /** `execute`: nothing is written. Default `executeWithResume`. */
  readonly mode?: 'execute' | 'executeWithResume';
  readonly onPlanCreated?: () => void;
}

/** Runs a plan of no-op handlers in a directory of its own. */
export async function runPlan(
  plan: WorkflowPlanInput,
  { output, isHeard = false, mode = 'executeWithResume', onPlanCreated, ...options }: RunOptions,
): Promise<RunTimes> {
  const checkpointDir = await freshDirectory();
  const handlers = { default: async () => output };
  const planner = new MetaPlanner({ ...options, checkpointDir, handlers });
  let createdAt = Number.NaN;
  let acknowledgedAt = Number.NaN;
  const onProgress: ExecuteOptions['onProgress'] = ({ type, progress }) => {
    if (type === 'node_completed' && progress.completed === progress.total) acknowledgedAt = performance.now();
    if (type !== 'plan_created') return;
    createdAt = performance.now();
    onPlanCreated?.();
  };
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  const result = await planner[mode](plan.sourceVibe, { plan, ...(isHeard && { onProgress }) });
  const end = performance.now();
  const { user, system } = process.cpuUsage(cpuBefore);
  if (result.status !== 'completed') throw new Error(`the run is ${result.status}`);
  return {
    wholeMs: end - begin,
    afterPlanMs: end - createdAt,
    recordsMs: acknowledgedAt - createdAt,
    cpuMs: (user + system) / 1_000,
    checkpointDir,
  };
}

/** The one directory of a plan in a checkpoint directory. */
export async function planDirectory(checkpointDir: string): Promise<string> {
  const [name] = await readdir(checkpointDir);
  return join(checkpointDir, name as string);
}

/** The lines that the library wrote for the nodes of a plan, in the order of the plan. */
export async function linesOf(plan: WorkflowPlanInput, checkpointDir: string): Promise<string[]> {
  const journal = readFileSync(join(await planDirectory(checkpointDir), '.journal-1'), 'utf8');
  const byId = new Map<string, string>();
  for (const line of journal.split('\n')) {
    const [, nodeId] = /"kind":"node_settled","result":\{"node_id":"([^"]*)"/.exec(line) ?? [];
    if (nodeId !== undefined) byId.set(nodeId, `${line}\n`);
  }
  if (byId.size !== plan.rootNodes.length) throw new Error('the journal lacks nodes');
  return plan.rootNodes.map(({ id }) => byId.get(id) as string);
}

/** Bytes of the newest checkpoint file: plan and results as such a file holds them. */
export async function checkpointBytes(checkpointDir: string): Promise<number> {
  const directory = await planDirectory(checkpointDir);
  const newest = (await readdir(directory))
    .filter((name) => name.startsWith('cp-'))
    .sort()
    .at(-1);
  return (await stat(join(directory, newest as string))).size;
}

/** Hands a new file that is open for appending to some work. */
export async function withNewFile<T>(use: (fd: number) => Promise<T>): Promise<T> {
  const file = await open(join(await freshDirectory(), 'raw'), 'a');
  try {
    return await use(file.fd);
  } finally {
    await file.close();
  }
}
