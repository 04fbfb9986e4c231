/**
 * A film from one sentence: paid renders, a crash, somebody's approval, a budget, and nothing is paid twice.
 *
 * Run:    npx tsx examples/film.ts          (or: npx tsx examples/film.ts a-new-directory, which is kept)
 * Prints:
 *   1. A process makes the film. It is killed (SIGKILL) while it waits for an answer to its second order.
 *      ordered by now: scene-1, scene-2
 *   2. Another process makes the same call. It asks for that order, and does not place it again.
 *      it goes on with 1 of 6 nodes done
 *      scene-2 is done: scene-2.mp4
 *      scene-3 is done: scene-3.mp4
 *      script is done: 3 scenes
 *      paused: approval waits for "rough-cut"
 *      ordered by now: scene-1, scene-2, scene-3
 *   3. Somebody has looked at the scenes, and approves. The same call again:
 *      it goes on with 4 of 6 nodes done
 *      approval is done: The tide could be slower.
 *      paused: master needs $3, and $6 of $8 are spent
 *   4. The same call, with a higher budget:
 *      it goes on with 5 of 6 nodes done
 *      master is done: master.mp4
 *      completed: $9 spent, and master.mp4 is there with 3000000 bytes
 *   5. The ledger of the provider, in which each purchase stands once:
 *      job-1  scene-1  $2
 *      job-2  scene-2  $2
 *      job-3  scene-3  $2
 *      job-4  master  $3
 *
 * The script decides how many scenes there are, and each becomes a node. A render is a job of a provider, which is a
 * process of its own: it bills whatever is ordered, also twice, and loses an answer. See film/render-provider.ts. What it
 * renders is stored beside the plan, and the outputs of the nodes refer to it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type BlobRef, type ExecutionEvent, MetaPlanner, type NodeHandler } from 'vibe-aigc';

const vibe = { description: 'A film about tides', style: 'slow, grey', constraints: ['no dialogue'] };

/** The output of a render. */
interface Rendered {
  clip: BlobRef;
}

/** What a film app consists of: how it plans, and a handler for each kind of work. */
function filmPlanner(checkpointDir: string, provider: string, onProgress?: (event: ExecutionEvent) => void) {
  /** A script says how many scenes there are, and each becomes a node of its own. */
  const writeScript: NodeHandler = async (_node, ctx) => {
    const scenes = await ctx.step('scenes', () => ['The water leaves', 'Everything waits', 'The water comes back']);
    await ctx.spawn(
      scenes.map((description, index) => ({
        id: `scene-${index + 1}`,
        type: 'generate',
        description,
        parameters: { tool: 'render', price: 2 },
      })),
    );
    return `${scenes.length} scenes`;
  };

  /** An order that is placed once, whatever dies when. Later processes ask for it, and never place it again. */
  const render: NodeHandler = async (node, ctx) => {
    const { price } = node.parameters as { price: number };
    await ctx.reserve({ amount: price }); // where the budget does not allow it, nothing is ordered
    const order = await ctx.job({
      name: 'clip',
      start: async ({ idempotencyKey, signal }) => {
        const body = JSON.stringify({ clip: node.id, price, reference: idempotencyKey });
        return (await ask('', { method: 'POST', body, signal })).id;
      },
      poll: async (id, { signal }) =>
        (await ask(id, { signal })).isReady ? { status: 'done' } : { status: 'pending', waitMs: 20 },
      collect: async (id, { signal }) => {
        const { clip: name, price } = await ask(id, { signal });
        const { body } = await fetch(`${provider}/${id}/clip`, { signal });
        if (body === null) throw new Error(`${name} is empty`);
        return { clip: await ctx.blob(body, { mime: 'video/mp4', name }), price };
      },
      find: async ({ idempotencyKey, signal }) => (await ask(`?reference=${idempotencyKey}`, { signal })).id,
    });
    await ctx.spend({ amount: order.price });
    return { clip: order.clip } satisfies Rendered;
  };

  /** Waits for a person: no process has to stay alive meanwhile. */
  const approve: NodeHandler = async (_node, ctx) => {
    const { ok, note } = await ctx.waitFor<{ ok: boolean; note: string }>('rough-cut');
    if (!ok) throw new Error(note);
    return note;
  };

  async function ask(path: string, request: RequestInit) {
    const response = await fetch(`${provider}/${path}`, request);
    return (await response.json()) as { id: string; isReady: boolean; clip: string; price: number };
  }

  return new MetaPlanner({
    checkpointDir,
    budget: { run: { USD: 8 } },
    limits: { provider: { concurrency: 1 } },
    decomposer: ({ description }) => ({
      rootNodes: [
        { id: 'script', type: 'analyze', description },
        { id: 'approval', type: 'validate', description: 'Look at the scenes', dependencies: ['script'] },
        {
          id: 'master',
          type: 'transform',
          description: 'Cut and grade them',
          dependencies: ['script', 'approval'],
          parameters: { tool: 'render', price: 3 },
        },
      ],
    }),
    handlers: { analyze: writeScript, validate: approve, tools: { render: { run: render, limits: ['provider'] } } },
    onProgress,
  });
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--work') await filmPlanner(rest[0] as string, rest[1] as string).executeWithResume(vibe);
else await tellTheStory(first ?? (await mkdtemp(join(tmpdir(), 'vibe-aigc-film-'))));

async function tellTheStory(directory: string): Promise<void> {
  const ledger = join(directory, 'ledger');
  const checkpointDir = join(directory, 'checkpoints');
  const provider = startProcess('film/render-provider.ts', ledger);
  const said = createInterface(provider.stdout);
  const [url] = await once(said, 'line');

  console.log('1. A process makes the film. It is killed (SIGKILL) while it waits for an answer to its second order.');
  const worker = startProcess('film.ts', '--work', checkpointDir, url);
  said.on('line', (line) => line.startsWith('job-2') && worker.kill('SIGKILL'));
  const [code, signal] = await once(worker, 'exit');
  if (signal !== 'SIGKILL') throw new Error(`The process ended by itself, with code ${code}.`);
  await showOrders();

  console.log('2. Another process makes the same call. It asks for that order, and does not place it again.');
  const planner = filmPlanner(checkpointDir, url, tell);
  const { planId } = await planner.executeWithResume(vibe);
  await showOrders();

  console.log('3. Somebody has looked at the scenes, and approves. The same call again:');
  await planner.signal({ planId, name: 'rough-cut', payload: { ok: true, note: 'The tide could be slower.' } });
  await planner.executeWithResume(vibe);

  console.log('4. The same call, with a higher budget:');
  const film = await planner.executeWithResume(vibe, { budget: { run: { USD: 10 } } });
  const { clip } = film.outputs.master as Rendered;
  const { length } = await (await planner.openBlob(clip)).bytes(); // checked against the hash in its reference
  const spent = film.executionSummary.spend.USD?.amount;
  console.log(`   ${film.status}: $${spent} spent, and ${clip.name} is there with ${length} bytes`);

  console.log('5. The ledger of the provider, in which each purchase stands once:');
  for (const line of await ordersIn(ledger)) console.log(`   ${line}`);
  provider.kill();
  if (first === undefined) await rm(directory, { recursive: true });

  async function showOrders(): Promise<void> {
    console.log(`   ordered by now: ${(await ordersIn(ledger)).map((line) => line.split('  ')[1]).join(', ')}`);
  }
}

/** What an app would show of a run. */
function tell(event: ExecutionEvent): void {
  const { completed, total } = event.progress;
  if (event.type === 'run_started') console.log(`   it goes on with ${completed} of ${total} nodes done`);
  if (event.type === 'node_completed') {
    const { nodeId, output } = event;
    console.log(`   ${nodeId} is done: ${typeof output === 'string' ? output : (output as Rendered).clip.name}`);
  }
  if (event.type !== 'run_paused') return;
  const { pause } = event;
  if (pause.reason === 'signal') console.log(`   paused: ${pause.nodeId} waits for "${pause.name}"`);
  if (pause.reason === 'budget') {
    console.log(`   paused: ${pause.nodeId} needs $${pause.needed}, and $${pause.spent} of $${pause.limit} are spent`);
  }
}

async function ordersIn(ledger: string): Promise<string[]> {
  return (await readFile(ledger, 'utf8')).trimEnd().split('\n');
}

/** Runs a file of this directory in a process of its own. */
function startProcess(file: string, ...args: readonly string[]) {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return spawn(process.execPath, ['--import', import.meta.resolve('tsx'), path, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
