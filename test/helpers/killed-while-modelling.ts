import { MetaPlanner, WorkflowPersistenceManager } from 'vibe-aigc';
import { openaiCompatible, withModel } from 'vibe-aigc/models';

// A process of its own: plans and works with a model, and is gone, with no goodbye, when so many nodes are complete.

const [checkpointDir, baseURL = '', dieAfter, description = ''] = process.argv.slice(2);
let completed = 0;
const planner = new MetaPlanner({
  ...withModel(openaiCompatible({ baseURL, model: 'test-model' })),
  persistenceManager: new WorkflowPersistenceManager({ checkpointDir }),
  concurrency: 1,
  onProgress: (event) => {
    if (event.type === 'plan_created' && dieAfter === '0') process.kill(process.pid, 'SIGKILL');
    if (event.type === 'node_completed' && ++completed === Number(dieAfter)) process.kill(process.pid, 'SIGKILL');
  },
});
await planner.executeWithResume({ description });
