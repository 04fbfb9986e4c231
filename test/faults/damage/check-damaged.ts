import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ExecutionResult, type MetaPlanner, VibeError } from 'vibe-aigc';
import { buildState, type DiskState, readState } from '../helpers/disk-state.js';
import { posterPlanner } from '../helpers/poster-planner.js';
import { posterVibe } from '../helpers/poster-run.js';

/** The errors that damage may end in. */
const damageCodes = ['CHECKPOINT_CORRUPT', 'CHECKPOINT_VERSION_UNSUPPORTED', 'CHECKPOINT_MISMATCH'];

const hangsAfterMs = 20_000;

export interface Expected {
  /** Of a run that nothing happened to. */
  readonly outputs: ExecutionResult['outputs'];
  /** Nodes that may not be called again by a call that succeeds. */
  readonly known: readonly string[];
  /** Nodes that may not be called again even with `onCorrupt: 'fallback'`: an intact checkpoint has them. */
  readonly provenElsewhere?: readonly string[];
  /** Codes of the error that must follow; unset: it may succeed. */
  readonly codes?: readonly string[];
  /** Whether what is intact may be of another plan, with other outputs. */
  readonly isAnotherPlan?: boolean | undefined;
  /** Puts into the checkpoint directory what is no file. */
  readonly prepare?: (checkpointDir: string) => void;
}

export interface Tried {
  /** What is wrong. */
  readonly problems: readonly string[];
  /** `completed`, or the code of the error. */
  readonly ended: string;
}

let directories = 0;

/** Resumes on damaged files, then once more with what is left when the caller says so. */
export async function tryDamaged(base: string, files: DiskState, expected: Expected): Promise<Tried> {
  const problems: string[] = [];
  const first = await tryOnce(base, files, 'throw', expected.prepare);
  if (first.result !== undefined) {
    if (expected.codes !== undefined) problems.push('it was accepted');
    problems.push(...resultProblems(first, expected, expected.known));
    return { problems, ended: 'completed' };
  }
  if (!(expected.codes ?? damageCodes).includes(first.code)) problems.push(`it threw ${first.code}: ${first.error}`);
  if (first.calls.length > 0) problems.push(`it threw after it had called ${first.calls}`);
  problems.push(...first.changed.map((path) => `it threw and changed ${path}`));

  const second = await tryOnce(base, files, 'fallback', expected.prepare);
  problems.push(...fallbackProblems(first, second, expected));
  return { problems: problems.map((problem) => problem.slice(0, 1_000)), ended: first.code };
}

function fallbackProblems(first: Try, second: Try, expected: Expected): string[] {
  if (second.result !== undefined && expected.isAnotherPlan) return [];
  if (second.result !== undefined) return resultProblems(second, expected, expected.provenElsewhere ?? []);
  const problems = second.changed.map((path) => `with fallback it changed ${path}`);
  const isFinal = first.code !== 'CHECKPOINT_CORRUPT' && second.code === first.code;
  if (!isFinal) problems.push(`it threw ${first.code}, with fallback ${second.code}: ${second.error}`);
  return problems;
}

interface Try {
  readonly result?: ExecutionResult;
  readonly code: string;
  readonly error?: unknown;
  readonly calls: readonly string[];
  /** Files that are not as they were. */
  readonly changed: readonly string[];
  /** What is wrong with a call that follows one that succeeded. */
  readonly again?: string | undefined;
}

async function tryOnce(
  base: string,
  files: DiskState,
  onCorrupt: 'throw' | 'fallback',
  prepare: Expected['prepare'],
): Promise<Try> {
  const checkpointDir = join(base, String(++directories));
  buildState(checkpointDir, files);
  prepare?.(checkpointDir);
  const before = readState(checkpointDir);
  const calls: string[] = [];
  const open = () => posterPlanner({ checkpointDir, onCall: (nodeId) => calls.push(nodeId) });
  const planner = open();
  try {
    await planner.listCheckpoints();
    const result = await orHang(planner.executeWithResume(posterVibe, { onCorrupt }));
    const again = await orHang(outcomeAgain(open(), calls));
    return { result, code: '', calls, changed: [], again };
  } catch (error) {
    const code = VibeError.is(error) ? error.code : 'an error that is none of ours';
    return { code, error, calls, changed: changesIn(checkpointDir, before) };
  } finally {
    await planner.close();
    rmSync(checkpointDir, { recursive: true });
  }
}

/** The run is over, and the damage behind it. */
async function outcomeAgain(planner: MetaPlanner, calls: string[]): Promise<string | undefined> {
  const paid = calls.length;
  try {
    await planner.executeWithResume(posterVibe);
    return calls.length === paid ? undefined : `another call called ${calls.splice(paid)}`;
  } catch (error) {
    return `another call threw ${error}`;
  } finally {
    await planner.close();
  }
}

function resultProblems(
  { result, calls, again: problem }: Try,
  { outputs }: Expected,
  known: readonly string[],
): string[] {
  const problems = problem === undefined ? [] : [problem];
  if (result?.status !== 'completed') problems.push(`the run is ${result?.status}`);
  for (const nodeId of new Set([...Object.keys(outputs), ...Object.keys(result?.outputs ?? {})])) {
    const found = JSON.stringify(result?.outputs[nodeId]);
    if (found !== JSON.stringify(outputs[nodeId])) problems.push(`the output of ${nodeId} is ${found}`);
  }
  const again = calls.filter((nodeId) => known.includes(nodeId));
  if (again.length > 0) problems.push(`paid again: ${again}`);
  return problems;
}

/** Locks come and go, and what is not finished is swept. */
function changesIn(directory: string, before: DiskState): string[] {
  const after = readState(directory);
  const counts = (path: string) => !/\/\.(lock|tmp)-[^/]*$/.test(path);
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    const isSame = was && is ? Buffer.compare(was, is) === 0 : was === is;
    return counts(path) && !isSame;
  });
}

async function orHang<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It hangs for ${hangsAfterMs} ms.`)), hangsAfterMs);
  });
  return Promise.race([work, hangs]).finally(() => clearTimeout(timer));
}
