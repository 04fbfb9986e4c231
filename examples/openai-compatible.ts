/**
 * Real models by plain fetch: any endpoint that speaks chat completions, such as OpenAI, Ollama, LM Studio or vLLM.
 *
 * Run:    OPENAI_BASE_URL=http://127.0.0.1:11434/v1 OPENAI_API_KEY=any OPENAI_MODEL=llama3.2 \
 *           npx tsx examples/openai-compatible.ts "A postcard from a lighthouse keeper"
 * Prints: (with a model that was too busy once)
 *   part-1 done (33 %)
 *   part-2 again, since the model answered 429 Too Many Requests
 *   part-2 done (66 %)
 *   whole done (100 %)
 *
 *   Every night I turn the light. The sea turns too.
 */
import { type Decompose, MetaPlanner, type NodeHandler } from 'vibe-aigc';

const [description = 'A postcard from a lighthouse keeper', checkpointDir] = process.argv.slice(2);
const { OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: apiKey, OPENAI_MODEL: model } = process.env;
if (!baseUrl || !apiKey || !model) {
  console.error('Set OPENAI_BASE_URL (such as https://api.openai.com/v1), OPENAI_API_KEY and OPENAI_MODEL.');
  console.error('A server that needs no key takes any text as OPENAI_API_KEY.');
  process.exit(1);
}

async function chat(prompt: string, signal: AbortSignal, extraHeaders?: Record<string, string>): Promise<string> {
  const response = await fetch(`${baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...extraHeaders },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }] }),
    signal, // aborts at timeoutMs, and when the run is cancelled
  });
  if (!response.ok) throw new Error(`the model answered ${response.status} ${response.statusText}`);
  const { choices } = (await response.json()) as { choices: [{ message: { content: string } }] };
  return choices[0].message.content;
}

const callModel: NodeHandler = (node, { vibe, inputs, signal, idempotencyKey }) => {
  const prompt = `${node.description}\nIt is for: ${JSON.stringify(vibe)}\nWritten so far: ${JSON.stringify(inputs)}`;
  return chat(prompt, signal, { 'idempotency-key': idempotencyKey }); // the same over attempts, crashes and resumes
};

/** A node for each part that the model names, and one that joins them. */
const decompose: Decompose = async (vibe, { signal }) => {
  const wanted = 'Name two to four parts of this text, one a line, and nothing else';
  const answer = await chat(`${wanted}: ${JSON.stringify(vibe)}`, signal);
  const parts = answer.split('\n').filter((line) => line.trim() !== '');
  const nodes = parts.slice(0, 4).map((part, index) => {
    return { id: `part-${index + 1}`, type: 'generate' as const, description: `Write this part: ${part}` };
  });
  const dependencies = nodes.map(({ id }) => id);
  const whole = { id: 'whole', type: 'transform' as const, description: 'Join the parts into one text', dependencies };
  return { rootNodes: [...nodes, whole] };
};

const planner = new MetaPlanner({
  checkpointDir, // default: .vibe_checkpoints
  decomposer: decompose,
  handlers: { default: callModel },
  retry: { maxAttempts: 3, delayMs: 1_000 },
  timeoutMs: 120_000,
  onProgress: (event) => {
    if (event.type === 'run_started' && event.resumed) console.log(`resumed with ${event.completedNodes} nodes done`);
    if (event.type === 'node_completed') console.log(`${event.nodeId} done (${event.progress.percent} %)`);
    if (event.type === 'node_retry') console.log(`${event.nodeId} again, since ${event.error.message}`);
    if (event.type === 'node_failed') console.log(`${event.nodeId} failed, since ${event.error.message}`);
  },
});

const interrupt = new AbortController();
// Ctrl-C. With `once` this listener would be gone when the file store, in mid-write, asks whether anybody listens: if
// nobody does, it lets the signal end the process.
process.on('SIGINT', () => interrupt.abort(new Error('Interrupted before there was a plan.')));
const result = await planner.executeWithResume({ description }, { signal: interrupt.signal });
if (result.status !== 'completed') {
  console.log(`The run is ${result.status}. Run the same again to go on from what is done.`);
  process.exit(1);
}
console.log(`\n${result.outputs.whole}`);
