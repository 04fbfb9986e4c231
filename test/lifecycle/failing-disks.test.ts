import { inspect } from 'node:util';
import {
  type ExecutionState,
  MemoryPersistenceManager,
  MetaPlanner,
  type PersistenceError,
  type PersistenceManager,
} from 'vibe-aigc';
import { expect, it } from 'vitest';
import { filmPlan, Provider, tides } from '../helpers/scripted-run.js';
import { fileStore } from '../helpers/stores.js';

const { rootNodes } = filmPlan();

it('a plan that was made is in the error when its journal cannot be begun', async () => {
  const store = await fileStore();
  const journal = {
    read: (planId: string) => store.journal.read(planId),
    remove: store.journal.remove.bind(store.journal),
    begin: () => Promise.reject(new Error('the disk is full')),
  };
  const broken: PersistenceManager = { ...methodsOf(store), locks: store.locks, journal };
  let plansMade = 0;
  const decomposer = () => {
    plansMade++;
    return { rootNodes };
  };
  const handlers = { default: new Provider().handler };
  const planner = new MetaPlanner({ persistenceManager: broken, decomposer, handlers });
  const error: PersistenceError<ExecutionState> = await planner.executeWithResume(tides).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'PERSISTENCE_FAILED', reason: 'the disk is full' });
  const executionState = error.executionState as ExecutionState;
  expect(executionState.workflowPlan.rootNodes).toHaveLength(rootNodes.length);
  expect(inspect(error, { depth: 20 })).not.toContain('rootNodes'); // a log line is no place for a whole run

  const repaired = new MetaPlanner({ persistenceManager: store, decomposer, handlers });
  await repaired.createCheckpoint({ planId: executionState.planId, executionState });
  const { status, runId } = await repaired.executeWithResume(tides);
  expect({ status, runId, plansMade }).toEqual({ status: 'completed', runId: executionState.runId, plansMade: 1 });
});

it('a checkpoint that cannot be read just now is not deleted as one that proves nothing', async () => {
  const store = new MemoryPersistenceManager();
  const provider = new Provider();
  const planner = new MetaPlanner({ persistenceManager: store, handlers: { default: provider.handler } });
  await planner.executeWithResume(tides, { plan: filmPlan() });
  const [latest] = await planner.listCheckpoints();
  const blind = new MetaPlanner({
    persistenceManager: { ...methodsOf(store), loadCheckpoint: () => Promise.reject(new Error('EIO')) },
    handlers: { default: provider.handler },
  });
  const deleting = blind.deleteCheckpoint(latest?.checkpointId as string);
  await expect(deleting).rejects.toMatchObject({ code: 'PERSISTENCE_FAILED' });

  expect(await planner.deleteCheckpoint(latest?.checkpointId as string)).toBe(true);
  const paid = provider.calls.length;
  await planner.executeWithResume(tides, { plan: filmPlan() });
  expect(provider.calls).toHaveLength(paid);
});

function methodsOf(store: PersistenceManager): PersistenceManager {
  return {
    saveCheckpoint: (checkpoint) => store.saveCheckpoint(checkpoint),
    loadCheckpoint: (checkpointId) => store.loadCheckpoint(checkpointId),
    listCheckpoints: (query) => store.listCheckpoints(query),
    deleteCheckpoint: (checkpointId) => store.deleteCheckpoint(checkpointId),
  };
}
