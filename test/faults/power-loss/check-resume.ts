import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { ExecutionEvent, ExecutionResult, MetaPlanner } from 'vibe-aigc';
import { posterPlanner } from '../helpers/poster-planner.js';
import { needs, paidNodes, posterVibe } from '../helpers/poster-run.js';
import type { Promised } from './promises.js';
import { checkpointDirIn, type ScenarioSettings } from './scenarios.js';

/**
 * Resumes on what a disk kept, as the first process after the power came back, and compares with what was promised.
 * @param outputs of a run that nothing happened to
 * @returns what is wrong
 */
export async function checkResume(
  settings: ScenarioSettings,
  promised: Promised,
  outputs: ExecutionResult['outputs'],
): Promise<string[]> {
  const problems: string[] = [];
  const calls: string[] = [];
  const events: ExecutionEvent[] = [];
  const open = () =>
    posterPlanner({
      ...settings,
      checkpointDir: checkpointDirIn(settings.directory),
      onCall: (nodeId) => calls.push(nodeId),
      onProgress: (event) => void events.push(event),
    });
  const planner = open();
  try {
    problems.push(...(await checkpointProblems(planner, promised)).map((problem) => `before resuming: ${problem}`));
    const result = await planner.executeWithResume(posterVibe);
    problems.push(...resultProblems(result, calls, promised, outputs));
    if (events.some(({ type }) => type === 'checkpoint_corrupt')) problems.push('damage was seen where there is none');
    problems.push(...(await checkpointProblems(planner, promised)).map((problem) => `after resuming: ${problem}`));
    problems.push(...(await takenBackProblems(planner, promised, result, calls)));
    problems.push(...leftOvers(settings.directory).map((name) => `${name} was left over`));

    calls.length = 0;
    const again = await open().executeWithResume(posterVibe);
    if (calls.length > 0) problems.push(`the run is over, and another call paid for ${calls}`);
    if (again.runId !== result.runId || !sameJson(again.outputs, outputs))
      problems.push('another call has another result');
  } catch (error) {
    problems.push(`it threw ${error instanceof Error ? error.stack : error}`);
  }
  await planner.close();
  return problems;
}

function resultProblems(
  { status, runId, outputs: found }: ExecutionResult,
  calls: readonly string[],
  { runId: plannedRunId, mayBeOther, kept, isOver, order }: Promised,
  outputs: ExecutionResult['outputs'],
): string[] {
  const problems: string[] = [];
  const isSameRun = runId === plannedRunId;
  if (status !== 'completed') problems.push(`the run is ${status}`);
  if (!sameJson(found, outputs)) problems.push(`the outputs are ${JSON.stringify(found)}`);
  if (plannedRunId !== undefined && !isSameRun && !mayBeOther) problems.push(`run ${plannedRunId} is forgotten`);
  if (new Set(calls).size < calls.length) problems.push(`one resume called a node twice: ${calls}`);
  const taken = paidNodes.filter((nodeId) => !calls.includes(nodeId));
  const gaps = taken.filter((nodeId) => needs[nodeId]?.some((needed) => !taken.includes(needed)));
  if (gaps.length > 0) problems.push(`${gaps} taken over without what they were made of`);
  if (!isSameRun) return problems;

  const again = calls.filter((nodeId) => kept.includes(nodeId) || isOver);
  if (again.length > 0) problems.push(`paid again: ${again}`);
  const isTaken = order.filter((nodeId) => paidNodes.includes(nodeId)).map((nodeId) => taken.includes(nodeId));
  if (isTaken.lastIndexOf(true) > isTaken.indexOf(false) && isTaken.includes(false)) {
    problems.push(`${taken} were taken over, of ${order}: that is no beginning of it`);
  }
  return problems;
}

/** What was saved is listed and loads; what was deleted is gone. */
async function checkpointProblems(planner: MetaPlanner, { saved, deleted }: Promised): Promise<string[]> {
  const listed = new Map((await planner.listCheckpoints()).map((summary) => [summary.checkpointId, summary]));
  const problems = deleted.filter((id) => listed.has(id)).map((id) => `${id} was deleted and is listed`);
  for (const { damaged, checkpointId } of listed.values()) {
    if (damaged !== undefined) problems.push(`${checkpointId} is listed as damaged: ${damaged.reason}`);
  }
  for (const { checkpointId, completedNodes } of saved) {
    const summary = listed.get(checkpointId);
    if (summary === undefined) problems.push(`${checkpointId} was saved and is not listed`);
    const checkpoint = await planner.getCheckpoint(checkpointId).catch((error: unknown) => String(error));
    if (typeof checkpoint === 'string') problems.push(`${checkpointId} was saved and does not load: ${checkpoint}`);
    else if (completedNodes !== undefined && checkpoint.completedNodes.length !== completedNodes) {
      problems.push(`${checkpointId} has ${checkpoint.completedNodes.length} nodes complete, not ${completedNodes}`);
    }
  }
  return problems;
}

/** A checkpoint of the run proves its nodes, whatever became of the records. */
async function takenBackProblems(
  planner: MetaPlanner,
  { saved }: Promised,
  { runId }: ExecutionResult,
  calls: readonly string[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const { checkpointId } of saved) {
    const checkpoint = await planner.getCheckpoint(checkpointId).catch(() => undefined);
    if (checkpoint?.runId !== runId) continue;
    const again = calls.filter((nodeId) => checkpoint.nodeResults[nodeId]?.status === 'completed');
    if (again.length > 0) problems.push(`${checkpointId} has results of ${again}, which were called again`);
  }
  return problems;
}

const expectedNames = /^(cp-.+\.json|\.journal-\d+|\.lock-\d+(\.beat|\.released)?|\.blob-[0-9a-f]{64})$/;

function leftOvers(directory: string): string[] {
  const names = readdirSync(checkpointDirIn(directory), { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => !entry.isDirectory() && !expectedNames.test(basename(entry.name)))
    .map(({ name }) => name);
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  return Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
}
