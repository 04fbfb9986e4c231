/**
 * A plain line for every event of a run, as a log or a terminal without colours wants it.
 *
 * Run:    npx tsx examples/progress.ts
 * Prints:
 *   16:29:35   0 %  started
 *   16:29:35   0 %  saved cp-0mwuwtynh00-snezfr4hg96oif99zh8t with 0 nodes
 *   16:29:35   0 %  planned 4 nodes
 *   16:29:35   0 %  text begins
 *   16:29:35  25 %  text done in 21 ms
 *   16:29:35  25 %  picture begins
 *   16:29:35  25 %  picture failed (rate limit), again in 50 ms
 *   16:29:35  25 %  picture begins, attempt 2
 *   16:29:35  25 %  saved cp-0mwuwtyqq00-0iqaf5pf1qimxeymn902 with 2 nodes
 *   16:29:35  50 %  picture done in 21 ms
 *   16:29:35  50 %  print begins
 *   16:29:35  50 %  print failed (out of ink), again in 50 ms
 *   16:29:35  50 %  print begins, attempt 2
 *   16:29:35  50 %  print failed (out of ink) after attempt 2
 *   16:29:35  50 %  post skipped, it needs print
 *   16:29:35  50 %  saved cp-0mwuwtyta00-plhtap7xjozdjgximf5o with 2 nodes
 *   16:29:35  50 %  failed
 *
 *   The same call again:
 *   16:29:36  50 %  resumed with 2 nodes done
 *   16:29:36  50 %  print begins
 *   16:29:36  75 %  print done in 21 ms
 *   16:29:36  75 %  post begins
 *   16:29:36 100 %  post done in 21 ms
 *   16:29:36 100 %  saved cp-0mwuwtyuq00-trob1xfy2l0rwv1qttcm with 4 nodes
 *   16:29:36 100 %  completed
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExecutionEvent, MemoryPersistenceManager, MetaPlanner } from 'vibe-aigc';

/** What an event says; `undefined` for the rolling saves of a store without a journal: a run may have very many. */
function lineOf(event: ExecutionEvent): string | undefined {
  switch (event.type) {
    case 'lock_waiting':
      return `waits for ${event.holder.runId} on ${event.holder.host ?? 'another machine'}`;
    case 'run_started':
      return event.resumed ? `resumed with ${event.completedNodes} nodes done` : 'started';
    case 'plan_created':
      return `planned ${event.totalNodes} nodes`;
    case 'node_waiting':
      return `${event.nodeId} waits for ${event.name}`;
    case 'plan_grown':
      return `${event.nodeId} adds ${event.addedNodes} nodes`;
    case 'node_started':
      return `${event.nodeId} begins${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`;
    case 'node_retry':
      return `${event.nodeId} failed (${event.error.message}), again in ${event.delayMs} ms`;
    case 'node_completed':
      return `${event.nodeId} done in ${event.durationMs} ms`;
    case 'node_failed':
      return `${event.nodeId} failed (${event.error.message}) after attempt ${event.attempts}`;
    case 'node_skipped':
      return `${event.nodeId} skipped, it needs ${event.blockedBy}`;
    case 'checkpoint_saved':
      return event.listed ? `saved ${event.checkpointId} with ${event.completedNodes} nodes` : undefined;
    case 'checkpoint_corrupt':
      return `${event.checkpointId} is damaged: ${event.reason}`;
    case 'node_reopened':
      return `${event.nodeId} is done again: ${event.reason}`;
    case 'node_progress':
      return `${event.nodeId} is at ${Math.round(100 * event.fraction)} %`;
    case 'run_completed':
      return event.status;
    case 'run_paused':
      return `paused: ${event.pause.reason}`;
    default:
      return event satisfies never;
  }
}

function report(event: ExecutionEvent): void {
  const line = lineOf(event);
  const percent = String(event.progress.percent).padStart(3);
  if (line !== undefined) console.log(`${event.timestamp.slice(11, 19)} ${percent} %  ${line}`);
}

let printerCalls = 0;

const planner = new MetaPlanner({
  persistenceManager: new MemoryPersistenceManager(), // leave this out, and checkpoints are files
  checkpointInterval: 2,
  retry: { maxAttempts: 2, delayMs: 50 },
  onProgress: report, // for every run of this planner; executeWithResume takes one for a single run
  decomposer: (vibe) => ({
    rootNodes: [
      { id: 'text', type: 'generate', description: vibe.description },
      { id: 'picture', type: 'generate', description: 'Paint it', dependencies: ['text'] },
      { id: 'print', type: 'transform', description: 'Print it', dependencies: ['picture'] },
      { id: 'post', type: 'transform', description: 'Post it', dependencies: ['print'] },
    ],
  }),
  handlers: {
    default: async (node, { attempt, signal }) => {
      await sleep(20, undefined, { signal });
      if (node.id === 'picture' && attempt === 1) throw new Error('rate limit');
      if (node.id === 'print' && ++printerCalls <= 2) throw new Error('out of ink');
      return `${node.id} is made`;
    },
  },
});

const vibe = { description: 'A postcard from the sea' };
await planner.executeWithResume(vibe);
console.log('\nThe same call again:');
await planner.executeWithResume(vibe);
