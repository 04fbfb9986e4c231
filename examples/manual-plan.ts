/**
 * A plan made by hand: inputs, children, a composite, and a node that fails while the rest goes on.
 *
 * Run:    npx tsx examples/manual-plan.ts
 * Prints:
 *   1. A run that keeps nothing:
 *      script: "Write the script (no inputs)"
 *      poster failed: the painter is ill
 *      title: {"file":"title.png","width":1920}
 *      pictures failed: child "poster" failed
 *      scene-1: "Shoot the ebb (script)"
 *      scene-2: "Shoot the flood (script, scene-1)"
 *      cut: "from: Write the script (no inputs)"
 *      release was skipped, it needs pictures
 *      assertCompleted throws: Run "run-3rcojfn6v8te0obtu44n" is failed: "poster" (the painter is ill), "pictures" (child "poster" failed)
 *   2. A run that can be resumed:
 *      failed; called: script, poster, title, scene-1, scene-2, cut
 *   3. The painter is well again, and the same call runs what is missing:
 *      completed; called: poster, release; taken over: 5 nodes
 *      pictures: {"poster":{"file":"poster.png","width":1080},"title":{"file":"title.png","width":1920}}
 */
import { assertCompleted, MemoryPersistenceManager, MetaPlanner, type WorkflowPlanInput } from 'vibe-aigc';

const plan: WorkflowPlanInput = {
  id: 'tides-001',
  sourceVibe: { description: 'A film about tides' },
  rootNodes: [
    // Children start when their parent has its output, and find it among their inputs.
    {
      id: 'script',
      type: 'generate',
      description: 'Write the script',
      children: [
        { id: 'scene-1', type: 'generate', description: 'Shoot the ebb' },
        { id: 'scene-2', type: 'generate', description: 'Shoot the flood', dependencies: ['scene-1'] },
      ],
    },
    // A composite does nothing itself: its output is what its children made, by their ids.
    {
      id: 'pictures',
      type: 'composite',
      description: 'Everything that is painted',
      children: [
        { id: 'poster', type: 'generate', description: 'Paint the poster', parameters: { tool: 'paint' } },
        { id: 'title', type: 'generate', description: 'Paint the title', parameters: { tool: 'paint', width: 1920 } },
      ],
    },
    // Waits for the script and its scenes, whatever becomes of the pictures.
    { id: 'cut', type: 'transform', description: 'Cut the film', dependencies: ['script'] },
    { id: 'release', type: 'transform', description: 'Pack it all up', dependencies: ['pictures', 'cut'] },
  ],
};

let isPainterIll = true;
const called: string[] = [];

const planner = new MetaPlanner({
  persistenceManager: new MemoryPersistenceManager(), // leave this out, and checkpoints are files
  handlers: {
    generate: (node, { inputs }) => `${node.description} (${Object.keys(inputs).join(', ') || 'no inputs'})`,
    transform: (node, { input }) => (node.id === 'cut' ? `from: ${input('script')}` : { ready: true }),
    tools: {
      paint: async (node) => {
        if (isPainterIll && node.id === 'poster') throw new Error('the painter is ill');
        return { file: `${node.id}.png`, width: node.parameters.width ?? 1080 };
      },
    },
  },
  onProgress: (event) => {
    if (event.type === 'node_started') called.push(event.nodeId);
  },
});

console.log('1. A run that keeps nothing:');
const failed = await planner.executePlan(plan);
for (const result of Object.values(failed.nodeResults)) {
  if (result.status === 'completed') console.log(`   ${result.nodeId}: ${JSON.stringify(result.output)}`);
  if (result.status === 'failed') console.log(`   ${result.nodeId} failed: ${result.error.message}`);
  if (result.status === 'skipped') console.log(`   ${result.nodeId} was skipped, it needs ${result.blockedBy}`);
}
try {
  assertCompleted(failed); // a node that fails rejects nothing by itself
} catch (error) {
  console.log(`   assertCompleted throws: ${(error as Error).message.split('. ')[0]}`);
}

console.log('2. A run that can be resumed:');
called.length = 0;
const { status } = await planner.executeWithResume(plan.sourceVibe, { plan });
console.log(`   ${status}; called: ${called.join(', ')}`);

console.log('3. The painter is well again, and the same call runs what is missing:');
isPainterIll = false;
called.length = 0;
const result = await planner.executeWithResume(plan.sourceVibe, { plan });
assertCompleted(result);
console.log(`   ${result.status}; called: ${called.join(', ')}; taken over: ${result.executionSummary.reused} nodes`);
console.log(`   pictures: ${JSON.stringify(result.outputs.pictures)}`);
