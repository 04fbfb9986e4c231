import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  type ExecutionResult,
  type ExecutionState,
  type MetaPlanner,
  type PersistenceError,
  VibeError,
} from 'vibe-aigc';
import type { Ended, Witness } from './witness.js';

/** What a rejected call has against its error: it is typed, and carries all that handlers returned. */
export function untypedEnd(error: unknown, witness?: Witness): string[] {
  if (!VibeError.is(error)) return [`it threw ${error instanceof Error ? error.stack : error}`];
  if (error.code !== 'PERSISTENCE_FAILED') return [`it threw ${error.code}: ${error.message}`];
  if (witness === undefined || !witness.hasRun) return [];
  const state = (error as PersistenceError<ExecutionState>).executionState;
  if (state === undefined) return ['its error carries no executionState'];
  return [...witness.returned].flatMap(([nodeId, output]) => {
    const result = state.nodeResults[nodeId];
    const isCarried = result?.status === 'completed' && JSON.stringify(result.output) === output;
    return isCarried ? [] : [`its error does not carry the output of ${nodeId}`];
  });
}

export function resultProblems(ended: Ended<ExecutionResult>, outputs: Start['outputs']): string[] {
  if (ended.value === undefined) return [`a call that nothing hinders threw ${ended.error}`];
  const { status, outputs: found } = ended.value;
  if (status !== 'completed') return [`the run is ${status}`];
  return isDeepStrictEqual(found, outputs) ? [] : ['the outputs are not those of a run that nothing happened to'];
}

type Start = { readonly outputs: Readonly<Record<string, unknown>> };

/** What was acknowledged is never paid again; and no call pays twice. */
export function brokenRun(witnesses: readonly Witness[], known: readonly string[]): string[] {
  const acknowledged = new Set(known);
  const problems: string[] = [];
  for (const witness of witnesses) {
    const again = witness.called.filter((nodeId) => acknowledged.has(nodeId));
    if (again.length > 0) problems.push(`${again} were acknowledged, and called again`);
    if (new Set(witness.called).size < witness.called.length) problems.push(`one call paid twice: ${witness.called}`);
    for (const nodeId of witness.acknowledged) acknowledged.add(nodeId);
  }
  return problems;
}

const expectedNames = /^(cp-.+\.json|\.journal-\d+|\.damaged-journal-1-.+|\.lock-\d+(\.beat|\.released)?)$/;

/** A damaged journal stays where it is, or is set aside: somebody may still look at it. */
export function damageLost(checkpointDir: string): string[] {
  const names = readdirSync(checkpointDir, { recursive: true }).map((name) => basename(String(name)));
  const isThere = names.some((name) => name === '.journal-1' || name.startsWith('.damaged-journal-1-'));
  return isThere ? [] : ['the damaged journal is gone'];
}

/** What was announced is listed and loads; nothing is damaged, and nothing unfinished lies about. */
export async function brokenStore(
  checkpointDir: string,
  planner: MetaPlanner,
  saved: readonly string[],
): Promise<string[]> {
  const problems: string[] = [];
  const listed = await planner.listCheckpoints();
  for (const { checkpointId, damaged } of listed) {
    if (damaged !== undefined) problems.push(`${checkpointId} is damaged: ${damaged.reason}`);
  }
  for (const checkpointId of saved) {
    if (!listed.some((one) => one.checkpointId === checkpointId))
      problems.push(`${checkpointId} was saved and is not listed`);
    await planner.getCheckpoint(checkpointId).catch((error) => problems.push(`${checkpointId} was saved: ${error}`));
  }
  const names = readdirSync(checkpointDir, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    if (!entry.isDirectory() && !expectedNames.test(basename(entry.name))) problems.push(`${entry.name} was left over`);
  }
  return problems;
}
