import { MetaPlanner, WorkflowPersistenceManager } from 'vibe-aigc';
import { filmPlan, tides } from './scripted-run.js';

// A process of its own: fails "script" and is gone, with no goodbye, the moment it hears that a third attempt follows.

const planner = new MetaPlanner({
  persistenceManager: new WorkflowPersistenceManager({ checkpointDir: process.argv[2] }),
  retry: { maxAttempts: 4 },
  handlers: {
    default: () => {
      throw Object.assign(new Error('too many requests'), { status: 429, headers: { 'retry-after-ms': '1' } });
    },
  },
  onProgress: (event) => {
    if (event.type === 'node_retry' && event.attempt === 2) process.kill(process.pid, 'SIGKILL');
  },
});
await planner.executeWithResume(tides, { plan: filmPlan() });
