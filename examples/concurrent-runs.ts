/**
 * One planner, many vibes at once: one fails, the others do not care, and no vibe is run twice at the same time.
 *
 * Run:    npx tsx examples/concurrent-runs.ts
 * Prints:
 *   Four vibes at once:
 *      a slow song    completed  a slow song, slow
 *      a silent song  failed     melody: nothing to sing
 *      a loud song    completed  a loud song, loud
 *      a short song   completed  a short song, short
 *      At most 8 calls were under way at once.
 *   The same vibe twice at once:
 *      fulfilled; rejected
 *      PLAN_LOCKED: a-round-db5255850f254027 is being run by process 9358
 *   Under two names it is two runs, and both are paid:
 *      round-one: a round, merry
 *      round-two: a round, merry
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryPersistenceManager, MetaPlanner, PlanLockedError } from 'vibe-aigc';

let calls = 0;
let most = 0;

const planner = new MetaPlanner({
  persistenceManager: new MemoryPersistenceManager(), // leave this out, and checkpoints are files
  concurrency: 2, // of each run: four runs may have eight calls under way
  decomposer: ({ description }) => ({
    rootNodes: [
      { id: 'words', type: 'generate', description: `The words of ${description}` },
      { id: 'melody', type: 'generate', description: `The melody of ${description}` },
      { id: 'whole', type: 'transform', description, dependencies: ['words', 'melody'] },
    ],
  }),
  handlers: {
    default: async (node, { vibe, signal }) => {
      most = Math.max(most, ++calls);
      try {
        await sleep(50, undefined, { signal });
        if (node.id === 'melody' && vibe.style === 'silent') throw new Error('nothing to sing');
        return `${node.description}, ${vibe.style}`;
      } finally {
        calls--;
      }
    },
  },
});

console.log('Four vibes at once:');
const styles = ['slow', 'silent', 'loud', 'short'];
const results = await Promise.all(
  styles.map((style) => planner.executeWithResume({ description: `a ${style} song`, style })),
);
for (const { vibeDescription, status, outputs, failures } of results) {
  const outcome =
    status === 'completed' ? outputs.whole : failures.map(({ nodeId, error }) => `${nodeId}: ${error.message}`);
  console.log(`   ${vibeDescription.padEnd(13)}  ${status.padEnd(9)}  ${outcome}`);
}
console.log(`   At most ${most} calls were under way at once.`);

console.log('The same vibe twice at once:');
const vibe = { description: 'a round', style: 'merry' };
const [first, second] = await Promise.allSettled([planner.executeWithResume(vibe), planner.executeWithResume(vibe)]);
console.log(`   ${first.status}; ${second.status}`);
if (second.status === 'rejected' && second.reason instanceof PlanLockedError) {
  console.log(`   ${second.reason.code}: ${second.reason.planId} is being run by process ${second.reason.holder.pid}`);
}

console.log('Under two names it is two runs, and both are paid:');
const pair = await Promise.all(
  ['one', 'two'].map((name) => planner.executeWithResume(vibe, { planId: `round-${name}` })),
);
for (const { planId, outputs } of pair) console.log(`   ${planId}: ${outputs.whole}`);
