import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CheckpointCorruptError, type ExecutionResult, type MetaPlanner, VibeError } from 'vibe-aigc';
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
  /** What the checkpoints of the store are, as JSON by id; unset: those that are listed are not looked at. */
  readonly checkpoints?: ReadonlyMap<string, string> | undefined;
  /** Whether no other call follows one that succeeded. */
  readonly isOnce?: boolean;
  /** Whether nothing intact is left that could be gone on from. */
  readonly isNothingLeft?: boolean;
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
  const first = await tryOnce(base, files, 'throw', expected);
  problems.push(...first.wronglyListed);
  if (first.result !== undefined) {
    if (expected.codes !== undefined) problems.push('it was accepted');
    problems.push(...resultProblems(first, expected, expected.known));
    return { problems, ended: 'completed' };
  }
  if (!(expected.codes ?? damageCodes).includes(first.code)) problems.push(`it threw ${first.code}: ${first.error}`);
  problems.push(...untold(first.error));
  if (first.calls.length > 0) problems.push(`it threw after it had called ${first.calls}`);
  problems.push(...first.changed.map((path) => `it threw and changed ${path}`));

  const second = await tryOnce(base, files, 'fallback', { ...expected, checkpoints: undefined });
  problems.push(...fallbackProblems(first, second, expected));
  return { problems: problems.map((problem) => problem.slice(0, 1_000)), ended: first.code };
}

function fallbackProblems(first: Try, second: Try, expected: Expected): string[] {
  if (second.result !== undefined && expected.isAnotherPlan) return [];
  if (second.result !== undefined) return resultProblems(second, expected, expected.provenElsewhere ?? []);
  const problems = second.changed.map((path) => `with fallback it changed ${path}`);
  const isFinal = (first.code !== 'CHECKPOINT_CORRUPT' || expected.isNothingLeft) && second.code === first.code;
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
  /** What is wrong with the checkpoints that were listed. */
  readonly wronglyListed: readonly string[];
}

/** Whoever is told of damage is told where it is, and what. */
function untold(error: unknown): string[] {
  const { code, location, reason } = error as CheckpointCorruptError;
  if (code !== 'CHECKPOINT_CORRUPT') return [];
  const isTold = [location, reason].every((text) => typeof text === 'string' && text.length > 3);
  return isTold ? [] : [`it tells the location ${JSON.stringify(location)} and the reason ${JSON.stringify(reason)}`];
}

/** What is listed as intact is what was saved; what is not is refused, and why. */
async function wronglyListedBy(planner: MetaPlanner, checkpoints: Expected['checkpoints']): Promise<string[]> {
  const problems: string[] = [];
  const listed = await planner.listCheckpoints();
  for (const { checkpointId, damaged } of checkpoints === undefined ? [] : listed) {
    const loaded = await planner.getCheckpoint(checkpointId).catch((error: unknown) => ({ error }));
    if ('error' in loaded) {
      if (damaged === undefined) problems.push(`${checkpointId} is listed as intact, and throws ${loaded.error}`);
      problems.push(...untold(loaded.error).map((problem) => `${checkpointId}: ${problem}`));
    } else if (damaged !== undefined) problems.push(`${checkpointId} is listed as damaged, and loads`);
    else if (JSON.stringify(loaded) !== checkpoints?.get(checkpointId)) problems.push(`${checkpointId} has changed`);
  }
  return problems;
}

async function tryOnce(
  base: string,
  files: DiskState,
  onCorrupt: 'throw' | 'fallback',
  { prepare, checkpoints, isOnce }: Pick<Expected, 'prepare' | 'checkpoints' | 'isOnce'>,
): Promise<Try> {
  const checkpointDir = join(base, String(++directories));
  buildState(checkpointDir, files);
  prepare?.(checkpointDir);
  const before = readState(checkpointDir);
  const calls: string[] = [];
  const open = () => posterPlanner({ checkpointDir, onCall: (nodeId) => calls.push(nodeId) });
  const planner = open();
  let wronglyListed: string[] = [];
  try {
    wronglyListed = await wronglyListedBy(planner, checkpoints);
    const result = await orHang(planner.executeWithResume(posterVibe, { onCorrupt }));
    const callAgain = () => outcomeAgain(open(), calls, calls.length === 0 ? onCorrupt : 'throw');
    const again = isOnce ? undefined : await orHang(callAgain());
    return { result, code: '', calls, changed: [], again, wronglyListed };
  } catch (error) {
    const code = VibeError.is(error) ? error.code : 'an error that is none of ours';
    return { code, error, calls, changed: changesIn(checkpointDir, before), wronglyListed };
  } finally {
    await planner.close();
    rmSync(checkpointDir, { recursive: true });
  }
}

/** The run is over, and the damage behind it; where nothing was left to do, nothing was changed. */
async function outcomeAgain(
  planner: MetaPlanner,
  calls: string[],
  onCorrupt: 'throw' | 'fallback',
): Promise<string | undefined> {
  const paid = calls.length;
  try {
    await planner.executeWithResume(posterVibe, { onCorrupt });
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
