// A process of its own: begins runs, waits until each has come as far as it is to come, and is killed.
import { writeFileSync } from 'node:fs';
import { type Durability, posterPlanner } from '../helpers/poster-planner.js';
import { posterVibe } from '../helpers/poster-run.js';

export interface Stop {
  readonly checkpointDir: string;
  readonly durability: Durability;
  readonly checkpointInterval?: number;
  /** The node in whose call the process is killed; unset: the run comes to its end. */
  readonly killedIn?: string;
  /** Makes and deletes a checkpoint on the way. */
  readonly byHand?: boolean;
}

const [stopsJson = '[]', reportFile = ''] = process.argv.slice(2);
const acknowledged: string[][] = [];
for (const { killedIn, byHand, ...settings } of JSON.parse(stopsJson) as Stop[]) {
  const nodes: string[] = [];
  acknowledged.push(nodes);
  let planId = '';
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const planner = posterPlanner({
    ...settings,
    onProgress: (event) => {
      planId = event.planId;
      if (event.type === 'node_completed') nodes.push(event.nodeId);
    },
    during: async (nodeId) => {
      if (byHand && nodeId === 'cut') {
        const made = await planner.createCheckpoint({ planId });
        await planner.createCheckpoint({ planId });
        await planner.deleteCheckpoint(made);
      }
      if (nodeId !== killedIn) return;
      arrive();
      await new Promise(() => {});
    },
  });
  await Promise.race([arrived, planner.executeWithResume(posterVibe)]);
}
writeFileSync(reportFile, JSON.stringify(acknowledged));
process.kill(process.pid, 'SIGKILL');
