import { randomUUID } from 'node:crypto';
import type { MetaPlannerOptions, NodeContext, NodeHandler, SignalRequest, WorkflowNodeInput } from 'vibe-aigc';
import { note } from './ledger.js';

/** A small plan whose handlers use one thing that an engine for paid calls can do. */
interface Feature {
  readonly nodes: WorkflowNodeInput[];
  readonly handlerWith: (means: Means) => NodeHandler;
  readonly options?: Partial<MetaPlannerOptions>;
}

/** What its process lends a handler. */
interface Means {
  /** Milliseconds by which the clock is ahead. */
  readonly aheadMs: number;
  /** Sends an answer to the run that is under way, unless it has one. */
  answer(request: SignalRequest): Promise<void>;
}

const hourMs = 3_600_000;
const tooMany = { status: 429, headers: { 'retry-after': String(hourMs / 1_000) } };

const approval = {
  type: 'object',
  properties: { ok: { type: 'boolean' }, by: { type: 'number' } },
  required: ['ok', 'by'],
};

/** brief, and what is special; then cut */
const line = [node('brief'), node('scene', ['brief']), node('cut', ['scene'])];

/** By what is tried. Waits are longer than any process waits, so that each of them lies between two processes. */
export const features = {
  retries: {
    nodes: line,
    options: { retry: { maxAttempts: 3, delayMs: hourMs }, pauseAfterMs: 1_000 },
    handlerWith: noting(({ attempt }, id) => {
      if (id === 'scene' && attempt < 3) throw new Error('the provider is down');
      return { attempt };
    }),
  },
  steps: {
    nodes: line,
    handlerWith: noting(async (ctx, id) => {
      const takes: string[] = [];
      for (let take = 0; take < 3; take++) takes.push(await ctx.step(`take ${take}`, () => done(`${id} ${take}`)));
      takes.forEach((take, index) => void note({ type: 'kept', what: `${id} ${index}`, value: take }));
      return { takes: takes.length };
    }),
  },
  jobs: {
    nodes: [node('clip'), node('cut', ['clip'])],
    handlerWith: noting(() => undefined),
    options: { pauseAfterMs: 1_000 },
  },
  budgets: {
    nodes: [node('clip-1'), node('clip-2'), node('clip-3'), node('cut', ['clip-1', 'clip-2', 'clip-3'])],
    options: { concurrency: 2, budget: { run: { USD: 2 } } },
    handlerWith: noting(async (ctx, id) => {
      if (id === 'cut') return 'cut';
      await ctx.reserve({ amount: 1 });
      const clip = await ctx.step('clip', async () => {
        const made = done(id);
        await ctx.spend({ amount: 1, tokens: 10 });
        note({ type: 'kept', what: `spend ${randomUUID()}`, value: id });
        return made;
      });
      note({ type: 'kept', what: id, value: clip });
      return id;
    }),
  },
  growing: {
    nodes: line,
    options: { concurrency: 2 },
    handlerWith: noting(async (ctx, id) => {
      if (id === 'scene') {
        await grow(ctx, id, [node('shot-1')]);
        await grow(ctx, id, [node('shot-2', ['shot-1']), node('shot-3')]);
      }
      if (id === 'shot-1') await grow(ctx, id, [node('light')]);
      return { from: Object.keys(ctx.inputs) };
    }),
  },
  waits: { nodes: line, handlerWith: noting((ctx, id) => (id === 'scene' ? ask(ctx) : id)) },
  answers: {
    nodes: line,
    handlerWith: noting(async (ctx, id, means) => {
      if (id !== 'scene') return id;
      const payload = { ok: true, by: process.pid };
      const send = () => means.answer({ planId: ctx.plan.id, name: 'approval', nodeId: id, payload });
      const [answer] = await Promise.all([ask(ctx), ctx.step('answer', send)]);
      return answer;
    }),
  },
  sleeps: {
    nodes: line,
    options: { pauseAfterMs: 1_000 },
    handlerWith: noting(async (ctx, id, { aheadMs }) => {
      if (id === 'scene') await ctx.sleepUntil(Date.now() + aheadMs + hourMs);
      return id;
    }),
  },
  drains: { nodes: [...line, node('music'), node('titles', ['music'])], handlerWith: noting((_, id) => id) },
  limits: {
    nodes: [node('shot-1'), node('shot-2'), node('cut', ['shot-1', 'shot-2'])].map((shot) => {
      return { ...shot, limits: ['provider'] };
    }),
    options: { limits: { provider: { concurrency: 1 } }, retry: { maxAttempts: 5 }, pauseAfterMs: 1_000 },
    handlerWith: noting((_, id, { aheadMs }) => {
      if (aheadMs < hourMs / 2) throw Object.assign(new Error('too many requests'), tooMany);
      return id;
    }),
  },
} satisfies Record<string, Feature>;
export type FeatureName = keyof typeof features;

export function featureOf(name: string): Feature | undefined {
  return Object.hasOwn(features, name) ? features[name as FeatureName] : undefined;
}

type Work = (context: NodeContext, id: string, means: Means) => unknown;

function noting(work: Work): Feature['handlerWith'] {
  return (means) => (node, context) => {
    const { runId, idempotencyKey, attempt } = context;
    note({ type: 'called', runId, nodeId: node.id, key: idempotencyKey, attempt });
    return work(context, node.id, means);
  };
}

/** What comes of it is another thing each time: nothing but the record can answer the same again. */
function done(what: string): string {
  note({ type: 'did', what });
  return randomUUID();
}

async function grow(ctx: NodeContext, id: string, nodes: WorkflowNodeInput[]): Promise<void> {
  const added = await ctx.spawn(nodes);
  note({ type: 'kept', what: `below ${id}: ${nodes.map((child) => child.id)}`, value: added.map((child) => child.id) });
}

/** The answer says by whom it is; the output only that it came. */
async function ask(ctx: NodeContext): Promise<unknown> {
  const answer = await ctx.waitFor<{ ok: boolean; by: number }>('approval', { schema: approval });
  note({ type: 'kept', what: 'approval', value: answer });
  return { ok: answer.ok };
}

function node(id: string, dependencies: string[] = []): WorkflowNodeInput {
  return { id, type: 'generate', description: `Make ${id}`, dependencies };
}
