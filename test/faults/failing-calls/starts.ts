import { join } from 'node:path';
import type { CheckpointSummary, ExecutionState } from 'vibe-aigc';
import { splitLines } from '../damage/journal-lines.js';
import { buildState, type DiskState, readState } from '../helpers/disk-state.js';
import { posterPlanner } from '../helpers/poster-planner.js';
import { posterVibe } from '../helpers/poster-run.js';
import type { Scenario } from './scenarios.js';

/** What lies there before the call that is to fail. */
export interface Start {
  readonly files: DiskState;
  readonly planId: string;
  /** Nodes that were acknowledged. */
  readonly known: readonly string[];
  readonly listed: readonly CheckpointSummary[];
  /** A state that can be saved. */
  readonly state: ExecutionState;
  /** Of a run that nothing happens to. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

interface Left {
  readonly files: DiskState;
  readonly known: readonly string[];
}

/** The node in whose call the run was cut off. */
const cutOffIn = 'mix';

export async function makeStart(base: string, scenario: Scenario): Promise<Start> {
  const { durability, checkpointInterval, padding } = scenario;
  const checkpointDir = join(base, 'start');
  const acknowledged: string[] = [];
  let cutOff: (Left & { readonly state: ExecutionState }) | undefined;
  let planId = '';
  const planner = posterPlanner({
    checkpointDir,
    durability,
    checkpointInterval,
    padding,
    onProgress: (event) => {
      planId = event.planId;
      if (event.type === 'node_completed') acknowledged.push(event.nodeId);
    },
    during: async (nodeId) => {
      if (nodeId === 'outline') await planner.createCheckpoint({ planId });
      if (nodeId !== cutOffIn) return;
      const state = planner.getExecutionState(planId) as ExecutionState;
      cutOff = { files: readState(checkpointDir), known: [...acknowledged], state: structuredClone(state) };
    },
  });
  const { outputs } = await planner.executeWithResume(posterVibe);
  await planner.close();
  if (cutOff === undefined) throw new Error(`No call of ${cutOffIn} was made.`);
  const { state } = cutOff;
  const lefts: Record<Scenario['start'], () => Left | Promise<Left>> = {
    nothing: () => ({ files: new Map(), known: [] }),
    'a run that was cut off': () => cutOff as Left,
    'a run whose journal is damaged': () => ({ files: withDamage((cutOff as Left).files), known: [] }),
    'a finished run': () => ({ files: readState(checkpointDir), known: acknowledged }),
    'one checkpoint and no journal': () => savedByHand(join(base, 'by hand'), state),
  };
  const { files, known } = await lefts[scenario.start]();
  return { planId, state, outputs, files, known, listed: await listedIn(join(base, 'listed'), files) };
}

/** A bit of the journal's fifth line flips, with flushed lines behind it. */
function withDamage(files: DiskState): DiskState {
  const [path, bytes] = [...files].find(([name]) => name.includes('/.journal-')) as [string, Uint8Array];
  const damaged = bytes.slice();
  const lineEnd = splitLines(bytes)
    .slice(0, 5)
    .reduce((sum, { length }) => sum + length, 0);
  damaged[lineEnd - 10] = (damaged[lineEnd - 10] as number) ^ 1;
  return new Map([...files, [path, damaged]]);
}

/** A state that is all that a store knows of its run. */
async function savedByHand(checkpointDir: string, executionState: ExecutionState): Promise<Left> {
  const planner = posterPlanner({ checkpointDir });
  await planner.createCheckpoint({ planId: executionState.planId, executionState });
  await planner.close();
  return { files: readState(checkpointDir), known: executionState.completedNodes };
}

async function listedIn(checkpointDir: string, files: DiskState): Promise<CheckpointSummary[]> {
  buildState(checkpointDir, files);
  const planner = posterPlanner({ checkpointDir });
  const listed = await planner.listCheckpoints();
  await planner.close();
  return listed;
}
