/**
 * A real model that plans and works: any endpoint that speaks chat completions, such as OpenAI, Ollama, LM Studio or vLLM.
 * Without one, a stand-in is started on this machine, so that it can be tried offline.
 *
 * Run:    npx tsx examples/openai-compatible.ts "A postcard from a lighthouse keeper"
 *         OPENAI_BASE_URL=http://127.0.0.1:11434/v1 OPENAI_MODEL=llama3.2 \
 *           npx tsx examples/openai-compatible.ts "A postcard from a lighthouse keeper"
 * Prints: (offline; the stand-in is too busy once)
 *   No OPENAI_BASE_URL and OPENAI_MODEL are set: a stand-in answers.
 *   planned 3 nodes
 *   sea again, since Model "stand-in": it answered 429 (too many requests). It is worth trying again later.
 *   light done (33 %)
 *   sea done (66 %)
 *   whole done (100 %)
 *
 *   Every night I turn the light. The sea turns too.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { MetaPlanner } from 'vibe-aigc';
import { openaiCompatible, withModel } from 'vibe-aigc/models';

const [description = 'A postcard from a lighthouse keeper', checkpointDir] = process.argv.slice(2);
const { OPENAI_BASE_URL, OPENAI_API_KEY: apiKey, OPENAI_MODEL } = process.env;
const isOffline = !OPENAI_BASE_URL || !OPENAI_MODEL;
if (isOffline) console.log('No OPENAI_BASE_URL and OPENAI_MODEL are set: a stand-in answers.');
const baseURL = isOffline ? await startStandIn() : OPENAI_BASE_URL;

const model = openaiCompatible({ baseURL, ...(apiKey && { apiKey }), model: OPENAI_MODEL ?? 'stand-in' });
const planner = new MetaPlanner({
  ...withModel(model, { retry: { maxAttempts: 3, delayMs: 1_000 }, timeoutMs: 120_000 }),
  checkpointDir, // default: .vibe_checkpoints
  onProgress: (event) => {
    if (event.type === 'run_started' && event.resumed) console.log(`resumed with ${event.completedNodes} nodes done`);
    if (event.type === 'plan_created') console.log(`planned ${event.progress.total} nodes`);
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
console.log(`\n${Object.values(result.outputs).at(-1)}`);

/** Speaks chat completions, and knows one poem. */
async function startStandIn(): Promise<string> {
  const node = (id: string, type: string, description: string, dependencies: string[] = []) => {
    return { id, type, description, dependencies };
  };
  const nodes = [
    node('light', 'generate', 'Write of the light'),
    node('sea', 'generate', 'Write of the sea'),
    node('whole', 'transform', 'Join the parts', ['light', 'sea']),
  ];
  const texts = {
    'Plan it': JSON.stringify({ nodes }),
    'Join the parts': 'Every night I turn the light. The sea turns too.',
    'Write of the light': 'Every night I turn the light.',
    'Write of the sea': 'The sea turns too.',
  };
  let isBusy = true;
  const server = createServer(async (request, response) => {
    const { messages } = (await json(request)) as { messages: Array<{ content: string }> };
    const prompt = messages.at(-1)?.content ?? '';
    const [asked, content] = Object.entries(texts).find(([begin]) => prompt.includes(begin)) ?? ['', 'Fog.'];
    const refuse = isBusy && asked === 'Write of the sea';
    if (refuse) isBusy = false;
    const answer = refuse ? { error: { message: 'too many requests' } } : { choices: [{ message: { content } }] };
    response.writeHead(refuse ? 429 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}
