/**
 * An HTTP server that starts runs, tells how far they are, cancels them, and goes on with them after a crash.
 *
 * Run:    npx tsx examples/express-like-server.ts 8080
 *         curl 127.0.0.1:8080/runs -H 'content-type: application/json' -d '{"description":"A film about tides"}'
 * Prints:
 *   Listening on http://127.0.0.1:8080
 * and, after a kill -9 in the middle of a run, the same command:
 *   Listening on http://127.0.0.1:8080
 *   Resumed a-film-about-tides-20485af18fa56211
 *
 *   POST /runs           {"description":...} -> 202 {"planId":"a-film-about-tides-20485af18fa56211"}
 *   GET /runs/:planId    -> 200 {"planId":...,"state":"running","completed":5,"total":8}
 *   DELETE /runs/:planId -> 202, and the run is cancelled; a POST of the same vibe goes on with it
 */
import { once } from 'node:events';
import { appendFileSync, mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExecutionEvent, MetaPlanner, type VibeInput } from 'vibe-aigc';

const [port = '0', directory = '.vibe_server'] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });

const planner = new MetaPlanner({
  checkpointDir: join(directory, 'checkpoints'),
  checkpointInterval: 1,
  concurrency: 2,
  decomposer: ({ description }) => {
    const script = { id: 'script', type: 'generate' as const, description };
    const shots = ['shot-1', 'shot-2', 'shot-3', 'shot-4', 'shot-5', 'shot-6'];
    const shotNodes = shots.map((id) => ({ ...script, id, dependencies: ['script'] }));
    return { rootNodes: [script, ...shotNodes, { ...script, id: 'film', dependencies: shots }] };
  },
  handlers: {
    // A stand-in for a slow, paid call. The ledger is its bill: which process began what, and what was done for it.
    generate: async (node, { plan, signal }) => {
      const bill = (what: string) =>
        appendFileSync(join(directory, 'ledger'), `${process.pid} ${what} ${node.id} of ${plan.id}\n`);
      bill('begins');
      await sleep(200, undefined, { signal });
      bill('did');
      return `${node.id} is made`;
    },
  },
});
const running = new Map<string, AbortController>();

/** Starts or continues a run. Resolves to its plan id once it is stored as running: it survives a crash from then on. */
function start(vibe: unknown, planId?: string): Promise<string> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    let id = '';
    let isStored = false;
    const onProgress = async (event: ExecutionEvent) => {
      id = event.planId;
      running.set(id, controller);
      if (event.type !== 'node_started' || isStored) return;
      isStored = true;
      await planner.createCheckpoint({ planId: id });
      resolve(id);
    };
    planner
      .executeWithResume(vibe as VibeInput, { planId, signal: controller.signal, onProgress })
      .finally(() => running.delete(id))
      .then(() => resolve(id)) // for a run that had nothing left to do
      .catch((error) => {
        if (isStored) console.error(`${id} stopped: ${error.message}`);
        reject(error);
      });
  });
}

type Answer = [status: number, body: unknown];

const routes: Record<string, (request: IncomingMessage, planId: string) => Promise<Answer>> = {
  'POST /runs': async (request) => [202, { planId: await start(await readJson(request)) }],

  'GET /runs/:planId': async (_, planId) => {
    const { state, completedNodes, pendingNodes } = planner.getExecutionState(planId) ?? (await newestOf(planId));
    const completed = completedNodes.length;
    return [200, { planId, state, completed, total: completed + pendingNodes.length }];
  },

  'DELETE /runs/:planId': async (_, planId) => {
    const controller = running.get(planId);
    if (controller === undefined || controller.signal.aborted) throw refusal(409, 'NOT_RUNNING', 'It is not running.');
    controller.abort(refusal(409, 'CANCELLED', 'It was cancelled before it had a plan.'));
    return [202, { planId }];
  },
};

async function newestOf(planId: string) {
  const [newest] = await planner.listCheckpoints({ planId, limit: 1 });
  if (newest === undefined) throw refusal(404, 'RUN_NOT_FOUND', 'There is no such run.');
  return planner.getCheckpoint(newest.checkpointId);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  // A browser asks before it sends this type to another origin, so no web page can start a run here.
  if (request.headers['content-type'] !== 'application/json') throw refusal(415, 'NO_JSON', 'Send application/json.');
  if (!(Number(request.headers['content-length']) <= 65_536)) throw refusal(413, 'TOO_LARGE', 'Send at most 64 KiB.');
  const body = await text(request);
  try {
    return JSON.parse(body);
  } catch (error) {
    throw refusal(400, 'BAD_JSON', (error as Error).message);
  }
}

function refusal(status: number, code: string, message: string): Error {
  return Object.assign(new Error(message), { status, code });
}

async function answer(request: IncomingMessage): Promise<Answer> {
  try {
    const [, root, planId = ''] = (request.url ?? '').split('/'); // plan ids made from a vibe need no decoding
    const route = routes[`${request.method} /${root}${planId && '/:planId'}`];
    if (route === undefined) throw refusal(404, 'NO_ROUTE', `There are ${Object.keys(routes).join(', ')}.`);
    return await route(request, planId);
  } catch (error) {
    const { status, code = 'INTERNAL', message } = error as { status?: number; code?: string; message: string };
    const statuses: Record<string, number> = { VIBE_INVALID: 400, PLAN_LOCKED: 409 };
    return [status ?? statuses[code] ?? 500, { error: { code, message } }];
  }
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request);
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
});
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
console.log(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);

// A plan whose newest checkpoint says "running" was cut off by a crash. Failed and cancelled runs wait for a POST.
const newest = new Map(
  (await planner.listCheckpoints()).reverse().map((checkpoint) => [checkpoint.planId, checkpoint]),
);
for (const { planId, checkpointId, state, damaged } of newest.values()) {
  if (state !== 'running' && !damaged) continue;
  await planner
    .getCheckpoint(checkpointId)
    .then(({ vibe }) => start(vibe, planId))
    .then(() => console.log(`Resumed ${planId}`))
    .catch((error) => console.error(`Not resumed: ${planId}. ${error.message}`));
}
