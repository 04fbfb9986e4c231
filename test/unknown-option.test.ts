import { MetaPlanner, renderPlan, WorkflowPersistenceManager } from 'vibe-aigc';
import { openaiCompatible } from 'vibe-aigc/models';
import { expect, it } from 'vitest';

const plan = { id: 'p', sourceVibe: { description: 'x' }, rootNodes: [] };

it.each<[string, () => unknown, string]>([
  ['a planner', () => new MetaPlanner({ durabilty: 'strict' } as never), 'durability'],
  ['a limit', () => new MetaPlanner({ limits: { api: { perMinut: 3 } } } as never), 'limits.api.perMinute'],
  ['a budget', () => new MetaPlanner({ budget: { runn: { USD: 5 } } } as never), 'budget.run'],
  ['retries', () => new MetaPlanner({ retry: { delay: 3 } } as never), 'retry.delayMs'],
  ['the store of files', () => new WorkflowPersistenceManager({ checkpointDirectory: '.' } as never), 'checkpointDir'],
  ['a retention', () => new WorkflowPersistenceManager({ retention: { keepLst: 3 } } as never), 'keepLast'],
  ['a picture', () => renderPlan(plan, { formt: 'svg' } as never), 'format'],
  ['a model', () => openaiCompatible({ baseUrl: 'http://127.0.0.1', model: 'm' } as never), 'baseURL'],
  [
    'a call whose required option is misspelt',
    () => openaiCompatible({ baseURL: 'http://a', modell: 'm' } as never),
    'model',
  ],
])('an unknown option of %s is a TypeError that suggests the nearest', (_, call, nearest) => {
  expect(call).toThrow(TypeError);
  expect(call).toThrow(`Did you mean "${nearest}"?`);
});
