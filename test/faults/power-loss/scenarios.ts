import { join } from 'node:path';
import type { ExecutionEvent, MetaPlanner } from 'vibe-aigc';
import { type Durability, posterPlanner } from '../helpers/poster-planner.js';
import { posterVibe } from '../helpers/poster-run.js';
import type { Recorder } from './record-operations.js';

export const scenarioNames = [
  'a run',
  'a run that is resumed',
  'checkpoints by hand',
  'a run that starts over',
  'a run with media',
] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export interface ScenarioSettings {
  /** What is recorded: the directory in which the checkpoint directory is. */
  readonly directory: string;
  readonly durability: Durability;
  readonly checkpointInterval?: number;
  readonly storesMedia?: boolean;
}

export function checkpointDirIn(directory: string): string {
  return join(directory, 'checkpoints');
}

/** What a program does with the library, telling the recorder what the library told it. */
export async function play(scenario: ScenarioName, settings: ScenarioSettings, recorder: Recorder): Promise<void> {
  switch (scenario) {
    case 'a run':
    case 'a run that is resumed':
      return run(settings, recorder);
    case 'a run with media':
      return run({ ...settings, storesMedia: true }, recorder);
    case 'checkpoints by hand':
      return saveAndDelete(settings, recorder);
    case 'a run that starts over':
      await run(settings, recorder);
      recorder.mark({ told: 'starting over' });
      return run(settings, recorder, true);
  }
}

async function run(settings: ScenarioSettings, recorder: Recorder, fresh = false): Promise<void> {
  const planner = plannerOf(settings, recorder, async (nodeId) => {
    // At `relaxed` a flush follows by itself: the call of one node takes until one came.
    const isWaiting = settings.durability === 'relaxed' && nodeId === 'review';
    if (isWaiting) await recorder.next(({ kind }) => kind === 'flush');
  });
  const { runId } = await planner.executeWithResume(posterVibe, { fresh });
  recorder.mark({ told: 'resolved', runId });
  await planner.close();
}

/** Checkpoints are made and deleted in a run, beside the records, and after it. */
async function saveAndDelete(settings: ScenarioSettings, recorder: Recorder): Promise<void> {
  let planId = '';
  const made: string[] = [];
  const create = async (executionState?: Awaited<ReturnType<MetaPlanner['getCheckpoint']>>) => {
    const checkpointId = await planner.createCheckpoint({ planId, executionState });
    recorder.mark({ told: 'saved', checkpointId });
    made.push(checkpointId);
    return checkpointId;
  };
  const remove = async (checkpointId: string) => {
    recorder.mark({ told: 'deleting', checkpointId });
    if (await planner.deleteCheckpoint(checkpointId)) recorder.mark({ told: 'deleted', checkpointId });
  };
  const during: Record<string, () => Promise<unknown>> = {
    outline: () => create(),
    'frame-2': () => create(),
    music: () => create(),
    cut: () => remove(made[0] as string),
    mix: () => create(),
  };
  const planner = plannerOf(
    settings,
    recorder,
    async (nodeId) => void (await during[nodeId]?.()),
    (event) => {
      planId = event.planId;
    },
  );
  const { runId, persistenceInfo } = await planner.executeWithResume(posterVibe);
  recorder.mark({ told: 'resolved', runId });
  const older = await planner.getCheckpoint(made[1] as string);
  await create(older);
  await remove(persistenceInfo.lastCheckpointId as string);
  await remove(made[2] as string);
  await remove(made.at(-1) as string);
  await planner.close();
}

function plannerOf(
  { directory, ...settings }: ScenarioSettings,
  recorder: Recorder,
  during: (nodeId: string) => Promise<void>,
  onEvent: (event: ExecutionEvent) => void = () => {},
): MetaPlanner {
  const onProgress = (event: ExecutionEvent) => {
    onEvent(event);
    const { runId } = event;
    if (event.type === 'plan_created') recorder.mark({ told: 'planned', runId });
    if (event.type === 'node_completed') recorder.mark({ told: 'acknowledged', runId, nodeId: event.nodeId });
    if (event.type === 'checkpoint_saved' && event.listed) {
      const { checkpointId, completedNodes } = event;
      recorder.mark({ told: 'saved', checkpointId, completedNodes });
    }
  };
  return posterPlanner({ ...settings, checkpointDir: checkpointDirIn(directory), during, onProgress });
}
