import { createOpenAI as createOpenAI2 } from 'ai-sdk-openai-2';
import { createOpenAI as createOpenAI3 } from 'ai-sdk-openai-3';
import { createOpenAI as createOpenAI4 } from 'ai-sdk-openai-4';
import { MetaPlanner } from 'vibe-aigc';
import { type AiSdkModel, type ChatModel, fromAiSdk, withModel } from 'vibe-aigc/models';
import { describe, expect, it } from 'vitest';
import { delayBeforeRetry, standardRetry } from '../../src/execution/retry.js';
import { type ChatServer, completion, failure, startChatServer } from '../helpers/chat-server.js';

const key = 'sk-very-secret-0123456789';
const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false };
const waitAfter = (error: unknown) => delayBeforeRetry(standardRetry, 1, error, { now: () => 0, random: () => 1 });

/** The real providers of ai 5, 6 and 7. */
const versions: Record<string, (baseURL: string) => { model: AiSdkModel; specification: string }> = {
  '2 (ai 5)': (baseURL) => ({ model: createOpenAI2({ baseURL, apiKey: key }).chat('test-model'), specification: 'v2' }),
  '3 (ai 6)': (baseURL) => ({ model: createOpenAI3({ baseURL, apiKey: key }).chat('test-model'), specification: 'v3' }),
  '4 (ai 7)': (baseURL) => ({ model: createOpenAI4({ baseURL, apiKey: key }).chat('test-model'), specification: 'v4' }),
};

describe.each(Object.entries(versions))('fromAiSdk with @ai-sdk/openai %s', (_, make) => {
  const modelOf = ({ baseURL }: ChatServer, ...rest: [{ maxOutputTokens?: number }?]): ChatModel =>
    fromAiSdk(make(baseURL).model, ...rest);

  it('has the specification that it stands for', () => {
    const { model, specification } = make('http://127.0.0.1:1/v1');
    expect(model.specificationVersion).toBe(specification);
  });

  it('answers text, usage and why it ended, of the prompt, the system text and the settings', async () => {
    await using server = await startChatServer(() => completion('Fog.'));
    const model = modelOf(server, { maxOutputTokens: 77 });
    expect(model.id).toBe('openai.chat/test-model');
    const answer = await model.generate({ system: 'Be brief', prompt: 'Write', idempotencyKey: 'k-1' });
    expect(answer).toEqual({ text: 'Fog.', finishReason: 'stop', usage: { inputTokens: 100, outputTokens: 20 } });
    const [{ headers, body } = {}] = server.calls as Array<Partial<ChatServer['calls'][0]>>;
    expect(headers).toMatchObject({ authorization: `Bearer ${key}`, 'idempotency-key': 'k-1' });
    expect(body.messages).toMatchObject([
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: 'Write' },
    ]);
    expect(JSON.stringify(body)).toContain('77');
  });

  it('asks for JSON by schema, and otherwise as the provider takes it', async () => {
    await using server = await startChatServer(({ body }, number) =>
      number === 1 ? failure(400, 'json_schema is not supported') : completion(`{"a":"${body.response_format?.type}"}`),
    );
    const model = modelOf(server);
    expect((await model.generate({ prompt: 'Write JSON', schema })).text).toBe('{"a":"json_object"}');
    expect(server.calls[0]?.body.response_format).toMatchObject({ type: 'json_schema', json_schema: { schema } });
    expect(server.calls[1]?.prompt).toContain(JSON.stringify(schema));
  });

  it.each([
    [401, {}, 'unauthorized', undefined],
    [429, { 'retry-after': '20' }, 'busy', 20_000],
    [503, { 'retry-after-ms': '1500' }, 'busy', 1_500],
    [500, {}, 'unavailable', 1_000],
    [404, {}, 'rejected', undefined],
  ])('makes of status %i with %o the failure "%s", retried after %s ms', async (status, headers, reason, wait) => {
    await using server = await startChatServer(() => failure(status, 'this is why', headers));
    const error = await modelOf(server)
      .generate({ prompt: 'Write' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'MODEL_FAILED',
      reason,
      status,
      message: expect.stringContaining('this is why'),
    });
    expect(waitAfter(error)).toBe(wait);
    expect(server.calls).toHaveLength(1);
  });

  it('calls an answer that is none unreadable, and an unreachable server unavailable', async () => {
    const server = await startChatServer(() => ({ body: { hello: 'world' } }));
    const model = modelOf(server);
    await expect(model.generate({ prompt: 'Write' })).rejects.toMatchObject({ reason: 'unreadable' });
    await server[Symbol.asyncDispose]();
    const error = await model.generate({ prompt: 'Write' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'unavailable' });
    expect(waitAfter(error)).toBe(1_000);
  });

  it.each([
    ['length', 'length'],
    ['content_filter', 'content-filter'],
  ])('tells of the finish reason %s', async (sent, told) => {
    await using server = await startChatServer(() => completion('Fo', { finish_reason: sent }));
    expect((await modelOf(server).generate({ prompt: 'Write' })).finishReason).toBe(told);
  });

  it('ends with the reason of its signal', async () => {
    const controller = new AbortController();
    await using server = await startChatServer(() => {
      controller.abort(new Error('the user left'));
      return { hangs: true };
    });
    await expect(modelOf(server).generate({ prompt: 'Write', signal: controller.signal })).rejects.toThrow(
      'the user left',
    );
  });

  it('plans a vibe and does its work, and tells what it used', async () => {
    await using server = await startChatServer(({ body, prompt }) =>
      body.response_format === undefined
        ? completion(`Written: ${/Your part:\n(.*)/.exec(prompt)?.[1]}`)
        : completion(plan),
    );
    const planner = new MetaPlanner(withModel(modelOf(server)));
    const result = await planner.execute({ description: 'A poem about tides', style: 'dry' });
    expect(result.status).toBe('completed');
    expect(result.outputs).toEqual({ ideas: 'Written: Find ideas', poem: 'Written: Write the poem' });
    expect(result.executionSummary.spend).toEqual({ USD: { amount: 0, tokens: 240 } });
  });
});

const plan = JSON.stringify({
  nodes: [
    { id: 'ideas', type: 'analyze', description: 'Find ideas', dependencies: [] },
    { id: 'poem', type: 'generate', description: 'Write the poem', dependencies: ['ideas'] },
  ],
});

describe('fromAiSdk', () => {
  it('refuses what is no model of a version that it knows, with a TypeError', () => {
    const old = { specificationVersion: 'v1', provider: 'p', modelId: 'm', doGenerate: async () => ({}) };
    expect(() => fromAiSdk(old as never)).toThrow('specification "v1"');
    for (const wrong of ['openai/gpt-5', null, {}]) expect(() => fromAiSdk(wrong as never)).toThrow(TypeError);
  });

  it('goes on without json_schema when the SDK says that the model has no such thing', async () => {
    const asked: unknown[] = [];
    const model = fromAiSdk({
      specificationVersion: 'v3',
      provider: 'p',
      modelId: 'm',
      async doGenerate({ responseFormat }) {
        asked.push(responseFormat?.type);
        if (responseFormat?.type === 'json') {
          throw Object.assign(new Error("'JSON' functionality not supported"), {
            name: 'AI_UnsupportedFunctionalityError',
          });
        }
        return {
          content: [{ type: 'reasoning' }, { type: 'text', text: '{}' }],
          finishReason: { unified: 'stop' },
          usage,
        };
      },
    });
    const usage = { inputTokens: { total: undefined }, outputTokens: { total: 3 } };
    expect(await model.generate({ prompt: 'Write', schema })).toMatchObject({ text: '{}', usage: { outputTokens: 3 } });
    expect(asked).toEqual(['json', 'json', 'text']);
  });

  it('hands on as it is what says nothing of the call', async () => {
    const bug = new TypeError('x is not a function');
    const doGenerate = () => Promise.reject(bug);
    const model = fromAiSdk({ specificationVersion: 'v2', provider: 'p', modelId: 'm', doGenerate });
    await expect(model.generate({ prompt: 'Write' })).rejects.toBe(bug);
  });
});
