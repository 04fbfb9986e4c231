import { MemoryPersistenceManager, MetaPlanner, ModelError, type VibeInput } from 'vibe-aigc';
import { type ChatModel, type ModelAnswer, type WithModelOptions, withModel } from 'vibe-aigc/models';
import { failingModel, scriptedModel } from 'vibe-aigc/testing';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { HandClock } from '../helpers/hand-clock.js';

const vibe: VibeInput = {
  description: 'A poem about tides',
  style: 'dry, slow',
  domain: 'poetry',
  constraints: ['no rhymes', 'under 40 words'],
  metadata: { customer: 'secret-customer-7' },
};

function planOf(...nodes: Array<Record<string, unknown>>): string {
  return JSON.stringify({
    nodes: nodes.map((node, index) => ({
      id: `node-${index + 1}`,
      type: 'generate',
      description: `Do part ${index + 1}`,
      dependencies: [],
      ...node,
    })),
  });
}

const chain = planOf({ id: 'Ideas' }, { id: 'poem', type: 'transform', dependencies: ['Ideas'] });

function plannerOf(model: ChatModel, options: WithModelOptions = {}) {
  return new MetaPlanner({ ...withModel(model, options), persistenceManager: new MemoryPersistenceManager() });
}

describe('planning with a model', () => {
  it('tells the model the wish and how to answer, and nothing of the metadata', async () => {
    const model = scriptedModel([chain]);
    await plannerOf(model).plan(vibe);
    const [request] = model.requests;
    for (const told of [
      'A poem about tides',
      'dry, slow',
      'poetry',
      '- no rhymes',
      '- under 40 words',
      'At most 200 nodes',
    ]) {
      expect(request?.prompt).toContain(told);
    }
    expect(JSON.stringify(request)).not.toContain('secret-customer-7');
    expect(request?.schema).toEqual({
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        nodes: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              id: { type: 'string' },
              type: { type: 'string', enum: ['analyze', 'generate', 'transform', 'validate'] },
              description: { type: 'string' },
              dependencies: { default: [], type: 'array', items: { type: 'string' } },
            },
            required: ['id', 'type', 'description', 'dependencies'],
            additionalProperties: false,
          },
        },
      },
      required: ['nodes'],
      additionalProperties: false,
    });
  });

  it('makes nodes of what the model answered, under ids of ours, with its dependencies', async () => {
    const plan = await plannerOf(
      scriptedModel([
        planOf(
          { id: '../../etc/passwd' },
          { id: '__proto__', dependencies: ['../../etc/passwd'] },
          { id: 'constructor' },
          { id: 'Étape 1', dependencies: ['__proto__', 'constructor'] },
          { id: 'etape-1', dependencies: ['Étape 1'] },
          { id: '日本' },
        ),
      ]),
    ).plan(vibe);
    expect(plan.rootNodes.map(({ id, dependencies }) => [id, dependencies])).toEqual([
      ['etc-passwd', []],
      ['proto', ['etc-passwd']],
      ['node-constructor', []],
      ['e-tape-1', ['proto', 'node-constructor']],
      ['etape-1', ['e-tape-1']],
      ['node', []],
    ]);
  });

  it('shows the model once what was wrong, and takes the corrected plan', async () => {
    const model = scriptedModel([planOf({ dependencies: ['nowhere'] }), chain]);
    const plan = await plannerOf(model).plan(vibe);
    expect(plan.rootNodes.map(({ id }) => id)).toEqual(['ideas', 'poem']);
    const [first, second] = model.requests;
    expect(second?.schema).toEqual(first?.schema);
    expect(second?.prompt).toContain('Your last answer was:');
    expect(second?.prompt).toContain('depends on "nowhere", which no node is called');
  });

  it('gives up after one correction, with what the model answered and every problem', async () => {
    const model = scriptedModel(['I would rather not.', `Sure! ${planOf({ type: 'dance' }, { description: ' ' })}`]);
    await expect(plannerOf(model).plan(vibe)).rejects.toMatchObject({
      code: 'DECOMPOSITION_FAILED',
      message: expect.stringContaining('"scripted" answered what is no plan, and was told so ("nodes.0.type"'),
      answer: expect.stringMatching(/^Sure! \{/),
      cause: { code: 'PLAN_INVALID', issues: [{ path: 'nodes.0.type' }, { path: 'nodes.1.description' }] },
    });
    expect(model.requests).toHaveLength(2);
  });

  it('asks for a shorter plan when the first was cut off, and keeps no more than 10,000 characters of an answer', async () => {
    const cutOff: ModelAnswer = { text: chain.slice(0, -9), finishReason: 'length' };
    const model = scriptedModel([cutOff, { text: `{"nodes": [${'x'.repeat(50_000)}`, finishReason: 'length' }]);
    const error = await plannerOf(model)
      .plan(vibe)
      .catch((thrown: unknown) => thrown as { answer: string; message: string });
    expect(model.requests[1]?.prompt).toContain('cut off at the limit of its length');
    expect((error as { answer: string }).answer).toHaveLength(10_000);
    expect((error as { message: string }).message.length).toBeLessThan(1_000);
  });

  it.each<[string, ModelAnswer]>([
    ['refused', { text: 'I cannot help with that', finishReason: 'refusal' }],
    ['filtered', { text: '', finishReason: 'content-filter' }],
  ])('does not argue with a model that has %s', async (reason, answer) => {
    const model = scriptedModel([answer]);
    await expect(plannerOf(model).plan(vibe)).rejects.toMatchObject({ code: 'MODEL_FAILED', reason });
    expect(model.requests).toHaveLength(1);
  });

  it('refuses a plan of too many nodes: 200, fewer when asked, and never more than the planner allows', async () => {
    const long = planOf(...Array.from({ length: 201 }, () => ({})));
    const model = scriptedModel([long, long]);
    await expect(plannerOf(model).plan(vibe)).rejects.toMatchObject({
      message: expect.stringContaining('201 nodes, and at most 200 are allowed'),
    });
    const short = scriptedModel([chain, chain]);
    await expect(plannerOf(short, { maxNodes: 1 }).plan(vibe)).rejects.toMatchObject({ code: 'DECOMPOSITION_FAILED' });
    const bounded = scriptedModel([chain, planOf({})]);
    const planner = new MetaPlanner({ ...withModel(bounded), maxNodes: 1 });
    expect((await planner.plan(vibe)).rootNodes).toHaveLength(1);
    expect(bounded.requests[0]?.prompt).toContain('At most 1 nodes');
  });

  it('waits as the provider wants it, asks again, and says so', async () => {
    const clock = new HandClock();
    const { now, setTimer } = clock;
    const log = vi.fn();
    const busy = Object.assign(new Error('busy'), { status: 429, headers: { 'retry-after': '20' } });
    const model = failingModel({ failTimes: 2, error: busy, model: scriptedModel([chain]) });
    const planned = plannerOf(model, { host: { now, setTimer, log } }).plan(vibe);
    for (const call of [1, 2]) {
      await until(() => clock.pending.length > 0);
      expect([call, clock.pending]).toEqual([call, [20_000]]);
      const error = { name: 'ModelError', message: expect.stringContaining('429 (busy)'), code: 'MODEL_FAILED' };
      const told = { model: model.id, attempt: call, delayMs: 20_000, error };
      expect(log).toHaveBeenLastCalledWith('warn', 'Planning failed and is tried again.', told);
      clock.advance(20_000);
    }
    expect((await planned).rootNodes).toHaveLength(2);
    expect(model.requests).toHaveLength(3);
  });

  it('gives up after the attempts that retry allows, and at once for what no attempt would change', async () => {
    const never = failingModel({ failTimes: 9 });
    const once = plannerOf(never, { retry: { maxAttempts: 1 } });
    await expect(once.plan(vibe)).rejects.toMatchObject({ code: 'DECOMPOSITION_FAILED', cause: { status: 429 } });
    expect(never.requests).toHaveLength(1);
    const wrongKey = failingModel({ failTimes: 9, error: new ModelError('m', 'unauthorized', 'it answered 401') });
    await expect(plannerOf(wrongKey).plan(vibe)).rejects.toMatchObject({
      code: 'MODEL_FAILED',
      reason: 'unauthorized',
    });
    expect(wrongKey.requests).toHaveLength(1);
  });

  it('stops waiting, and leaves no timer, when the caller gives up', async () => {
    const clock = new HandClock();
    const controller = new AbortController();
    const planned = plannerOf(failingModel({ failTimes: 9 }), { host: { ...clock, random: () => 0.5 } }).plan(vibe, {
      signal: controller.signal,
    });
    const ended = expect(planned).rejects.toThrow('the user left');
    await until(() => clock.pending.length > 0);
    controller.abort(new Error('the user left'));
    await ended;
    expect(clock.pending).toEqual([]);
  });
});

interface JsonSchemaOfPlans {
  readonly properties: { readonly nodes: { readonly items: { readonly anyOf: readonly object[] } } };
}

describe('tools in a plan of a model', () => {
  const paint = {
    description: 'Paints a picture',
    parameters: z.object({ size: z.enum(['small', 'large']), frames: z.number().int().max(9).optional() }),
    run: () => 'painted',
  };

  it('are offered by name, description and schema', async () => {
    const model = scriptedModel([chain]);
    await plannerOf(model, { tools: { paint, sing: () => 'la' } }).plan(vibe);
    const [request] = model.requests;
    expect(request?.prompt).toContain('- "paint": Paints a picture\n- "sing"');
    const { anyOf } = (request?.schema as JsonSchemaOfPlans | undefined)?.properties.nodes.items ?? { anyOf: [] };
    expect(anyOf).toHaveLength(3);
    expect(anyOf[1]).toMatchObject({
      properties: { tool: { const: 'paint' }, parameters: { properties: { size: { enum: ['small', 'large'] } } } },
      required: ['id', 'type', 'description', 'dependencies', 'tool', 'parameters'],
    });
  });

  it('serve the nodes that name them, with parameters that were checked before anything was paid', async () => {
    const wrong = planOf({ tool: 'paint', parameters: { size: 'huge' } }, { tool: 'dance', parameters: {} });
    const right = planOf({ tool: 'paint', parameters: { size: 'large' } }, { dependencies: ['node-1'] });
    const model = scriptedModel([wrong, right, 'Framed.']);
    const result = await plannerOf(model, { tools: { paint } }).execute(vibe);
    expect(model.requests[1]?.prompt).toMatch(
      /"node-1": parameters\.size: .*\n- "node-2": no tool is called "dance" \(tools: paint\)/,
    );
    expect(result.outputs).toEqual({ 'node-1': 'painted', 'node-2': 'Framed.' });
    expect(model.requests[2]?.prompt).toContain('<input id="node-1">\npainted\n</input>');
  });

  it('are also those that were given to the planner alone', async () => {
    const model = scriptedModel([planOf({ tool: 'paint', parameters: { size: 'small' } })]);
    const { decomposer, handlers } = withModel(model);
    const planner = new MetaPlanner({ decomposer, handlers: { ...handlers, tools: { paint } } });
    expect((await planner.execute(vibe)).outputs).toEqual({ 'node-1': 'painted' });
  });

  it('are never chosen by a node that hides one in its parameters', async () => {
    const hidden = planOf({ parameters: { tool: 'shell', command: 'rm -rf /' } });
    await expect(plannerOf(scriptedModel([hidden, hidden]), { tools: { paint } }).plan(vibe)).rejects.toMatchObject({
      message: expect.stringContaining('no tool is called "shell"'),
    });
  });
});

describe('the work of a node', () => {
  it('is asked for with the wish, the node, its parameters and its inputs', async () => {
    const model = scriptedModel(['Fog.', 'A poem.', 'It holds.']);
    const planner = plannerOf(model, { instructions: 'Write in Dutch.' });
    const result = await planner.executePlan({
      id: 'poem',
      sourceVibe: vibe,
      rootNodes: [
        { id: 'ideas', type: 'analyze', description: 'Find ideas' },
        { id: 'poem', type: 'generate', description: 'Write it', dependencies: ['ideas'], parameters: { lines: 4 } },
        { id: 'check', type: 'validate', description: 'Check it', dependencies: ['poem'] },
      ],
    });
    expect(result.outputs).toEqual({ ideas: 'Fog.', poem: 'A poem.', check: 'It holds.' });
    const [, second] = model.requests;
    for (const told of [
      'A poem about tides',
      'Style: dry, slow',
      '- no rhymes',
      'Your part:\nWrite it',
      '{"lines":4}',
    ]) {
      expect(second?.prompt).toContain(told);
    }
    expect(second?.prompt).toContain('<input id="ideas">\nFog.\n</input>');
    expect(second?.system).toContain('Write in Dutch.');
    expect(second?.idempotencyKey).toMatch(/./);
    expect(new Set(model.requests.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(3);
    expect(result.nodeResults.poem).toMatchObject({ handler: { name: 'generate', version: 'scripted' } });
  });

  it('joins the outputs of a composite without asking the model', async () => {
    const model = scriptedModel(['One.', 'Two.']);
    const child = (id: string) => ({ id, type: 'generate' as const, description: `Write ${id}` });
    const result = await plannerOf(model).executePlan({
      id: 'poem',
      sourceVibe: vibe,
      rootNodes: [{ id: 'both', type: 'composite', description: 'Both', children: [child('one'), child('two')] }],
    });
    expect(result.outputs.both).toEqual({ one: 'One.', two: 'Two.' });
  });

  it('counts its tokens, and with prices its cost', async () => {
    const answer = { text: 'Fog.', usage: { inputTokens: 1_000_000, outputTokens: 500_000 } };
    const plain = await runOne(scriptedModel([answer]));
    expect(plain.executionSummary.spend).toEqual({ USD: { amount: 0, tokens: 1_500_000 } });
    const priced = await runOne(scriptedModel([answer]), { prices: { input: 2, output: 8, currency: 'EUR' } });
    expect(priced.executionSummary.spend).toEqual({ EUR: { amount: 6, tokens: 1_500_000 } });
  });

  it.each<[string, ModelAnswer]>([
    ['refused', { text: 'No.', finishReason: 'refusal' }],
    ['filtered', { text: '', finishReason: 'content_filter' }],
    ['truncated', { text: 'Once upon', finishReason: 'length' }],
  ])('fails at once when the answer was %s, and what it cost is counted', async (reason, answer) => {
    const model = scriptedModel([{ ...answer, usage: { outputTokens: 7 } }]);
    const result = await runOne(model);
    expect(result.failures).toMatchObject([{ error: { name: 'ModelError', code: 'MODEL_FAILED' }, attempts: 1 }]);
    expect(result.failures[0]?.error.message).toContain('Model "scripted"');
    expect(result.executionSummary.spend).toEqual({ USD: { amount: 0, tokens: 7 } });
    expect(reason).toBe(await reasonOf(answer));
  });

  it('is tried again by itself when the provider is busy, and not when the key is wrong', async () => {
    const clock = new HandClock();
    const busy = failingModel({ failTimes: 1, model: scriptedModel(['Fog.']) });
    const running = runOne(busy, {}, { setTimer: clock.setTimer, now: clock.now });
    await until(() => clock.pending.length > 0);
    clock.advance(1_000);
    expect((await running).nodeResults.only).toMatchObject({ status: 'completed', attempts: 2 });

    const wrongKey = failingModel({ failTimes: 9, error: new ModelError('m', 'unauthorized', 'it answered 401') });
    const { failures } = await runOne(wrongKey);
    expect(failures).toMatchObject([{ attempts: 1, error: { message: expect.stringContaining('Check the API key') } }]);
  });

  it('gets the signal of its attempt, with the time limit of withModel', async () => {
    const hanging: ChatModel = {
      id: 'hanging',
      generate: ({ signal }) =>
        new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))),
    };
    const { failures } = await runOne(hanging, { timeoutMs: 20, retry: { maxAttempts: 1 } });
    expect(failures).toMatchObject([{ error: { code: 'NODE_TIMEOUT' } }]);
  });

  it('is subject to the limits that it names', async () => {
    const { handlers, decomposer } = withModel(scriptedModel([chain]), { limits: ['openai'] });
    expect(() => new MetaPlanner({ decomposer, handlers })).toThrow('names the limit "openai"');
    expect(() => new MetaPlanner({ decomposer, handlers, limits: { openai: { concurrency: 1 } } })).not.toThrow();
  });
});

describe('the options of withModel', () => {
  it.each<[string, unknown]>([
    ['no option "tool". Did you mean "tools"? Known: tools', { tool: {} }],
    ['Option "retry"', { retry: 'always' }],
    ['Option "prices.input"', { prices: { input: -1, output: 1 } }],
    ['Option "maxNodes"', { maxNodes: 0 }],
    ['takes an object of options', 'fast'],
  ])('are refused with a TypeError: %s', (message, wrong) => {
    const make = () => withModel(scriptedModel([]), wrong as never);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  it('come after a model', () => {
    for (const wrong of [undefined, 'gpt-5', { id: 'x' }]) expect(() => withModel(wrong as never)).toThrow(TypeError);
  });
});

async function runOne(model: ChatModel, options: WithModelOptions = {}, host = {}) {
  const planner = new MetaPlanner({ ...withModel(model, options), host });
  const rootNodes = [{ id: 'only', type: 'generate' as const, description: 'Write it' }];
  return planner.executePlan({ id: 'one', sourceVibe: vibe, rootNodes });
}

async function reasonOf(answer: ModelAnswer): Promise<string> {
  const { handlers } = withModel(scriptedModel([answer]));
  const { run } = handlers.generate as { run: (node: object, context: object) => Promise<unknown> };
  const node = { type: 'generate', description: '', parameters: {} };
  const context = { vibe: { description: 'x', constraints: [] }, inputs: {}, spend: async () => {} };
  const thrown = await run(node, context).catch((error: unknown) => error);
  return (thrown as ModelError).reason;
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
