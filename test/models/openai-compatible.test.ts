import { inspect } from 'node:util';
import { ModelError } from 'vibe-aigc';
import { type OpenaiCompatibleOptions, openaiCompatible } from 'vibe-aigc/models';
import { describe, expect, it } from 'vitest';
import { delayBeforeRetry, standardRetry } from '../../src/execution/retry.js';
import { type ChatReply, type ChatServer, completion, failure, startChatServer } from '../helpers/chat-server.js';

const key = 'sk-very-secret-0123456789';
const schema = { type: 'object', properties: { a: { type: 'string' } } };

function modelOf({ baseURL }: ChatServer, options: Partial<OpenaiCompatibleOptions> = {}) {
  return openaiCompatible({ baseURL, apiKey: key, model: 'test-model', ...options });
}

async function failureWith(reply: ChatReply, options: Partial<OpenaiCompatibleOptions> = {}) {
  await using server = await startChatServer(() => reply);
  const error = await modelOf(server, options)
    .generate({ prompt: 'Write' })
    .then(
      () => expect.fail('it answered'),
      (thrown: unknown) => thrown as ModelError,
    );
  return { error, calls: server.calls };
}

const clock = { now: () => 0, random: () => 1 };
const waitAfter = (error: unknown) => delayBeforeRetry(standardRetry, 1, error, clock);

describe('openaiCompatible', () => {
  it('asks with the key, the system text and the prompt, and answers text, usage and why it ended', async () => {
    await using server = await startChatServer(() => completion('Fog.'));
    const model = modelOf(server, { headers: { 'X-Team': 'films' }, body: { temperature: 0.2 } });
    const answer = await model.generate({ system: 'Be brief', prompt: 'Write', idempotencyKey: 'k-1' });
    expect(answer).toEqual({ text: 'Fog.', finishReason: 'stop', usage: { inputTokens: 100, outputTokens: 20 } });
    expect(server.calls).toMatchObject([
      {
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${key}`, 'idempotency-key': 'k-1', 'x-team': 'films' },
        body: {
          model: 'test-model',
          temperature: 0.2,
          messages: [
            { role: 'system', content: 'Be brief' },
            { role: 'user', content: 'Write' },
          ],
        },
      },
    ]);
    expect(server.calls[0]?.body.response_format).toBeUndefined();
  });

  it('sends no key when there is none, and takes an address with a slash at its end and a query', async () => {
    await using server = await startChatServer(() => completion('Fog.'));
    const model = openaiCompatible({ baseURL: `${server.baseURL}/?api-version=7`, model: 'llama3.2' });
    await model.generate({ prompt: 'Write' });
    expect(server.calls[0]?.headers.authorization).toBeUndefined();
    expect(server.calls[0]?.path).toBe('/v1/chat/completions?api-version=7');
  });

  it('takes a fetch of the host, and headers in place of its own', async () => {
    const seen: RequestInit[] = [];
    const model = openaiCompatible({
      baseURL: 'https://models.example/v1',
      apiKey: key,
      model: 'm',
      headers: { Authorization: 'Custom token' },
      fetch: async (_url, init) => {
        seen.push(init as RequestInit);
        return Response.json(completion('Fog.').body);
      },
    });
    expect((await model.generate({ prompt: 'Write' })).text).toBe('Fog.');
    expect(new Headers(seen[0]?.headers).get('authorization')).toBe('Custom token');
  });

  it('asks for JSON by schema, then as an object, then as text, and begins the next time with what was taken', async () => {
    await using server = await startChatServer(({ body }) =>
      body.response_format === undefined ? completion('{"a":"b"}') : failure(400, 'response_format is not supported'),
    );
    const model = modelOf(server);
    expect((await model.generate({ prompt: 'Write JSON', schema })).text).toBe('{"a":"b"}');
    await model.generate({ prompt: 'Write JSON again', schema });
    expect(server.calls.map(({ body }) => body.response_format?.type)).toEqual([
      'json_schema',
      'json_object',
      undefined,
      undefined,
    ]);
    expect(server.calls[0]?.body.response_format.json_schema).toEqual({ name: 'answer', schema });
    expect(server.calls.map(({ prompt }) => prompt.includes(JSON.stringify(schema)))).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('does not take a bad request for a matter of format when plain text is refused too', async () => {
    await using server = await startChatServer((_, number) =>
      number <= 3 ? failure(400, 'no such model') : completion('{}'),
    );
    const model = modelOf(server);
    await expect(model.generate({ prompt: 'Write', schema })).rejects.toMatchObject({ reason: 'rejected' });
    await model.generate({ prompt: 'Write', schema });
    expect(server.calls[3]?.body.response_format.type).toBe('json_schema');
  });

  it.each([
    [401, 'unauthorized', undefined],
    [403, 'unauthorized', undefined],
    [402, 'quota', undefined],
    [404, 'rejected', undefined],
    [422, 'rejected', undefined],
    [408, 'unavailable', 1_000],
    [500, 'unavailable', 1_000],
    [429, 'busy', 1_000],
    [503, 'busy', 1_000],
    [529, 'busy', 1_000],
  ])('makes of status %i the failure "%s", which is retried after %s ms', async (status, reason, wait) => {
    const { error, calls } = await failureWith(failure(status, 'this is why'));
    expect(error).toBeInstanceOf(ModelError);
    expect(error).toMatchObject({ code: 'MODEL_FAILED', reason, status, modelId: 'test-model' });
    expect(error.message).toContain('this is why');
    expect(waitAfter(error)).toBe(wait);
    expect(calls).toHaveLength(1);
  });

  it.each([
    [429, { 'retry-after': '20' }, 20_000],
    [503, { 'retry-after-ms': '1500' }, 1_500],
    [529, { 'retry-after': 'Thu, 01 Jan 1970 00:01:00 GMT' }, 60_000],
  ])('says of status %i with %o when it is worth trying again', async (status, headers, wait) => {
    const { error } = await failureWith(failure(status, 'slow down', headers));
    expect(waitAfter(error)).toBe(wait);
  });

  it.each([
    ['an object', { error: { message: 'this is why' } }],
    ['a text', { error: 'this is why' }],
    ['no JSON', 'this is why'],
  ])('tells the reason that a server gives as %s, and nothing around it', async (_, body) => {
    const { error } = await failureWith({ status: 500, body });
    expect(error.message).toBe(
      'Model "test-model": it answered 500 (this is why). It is worth trying again; if it stays so, check the address and the network.',
    );
  });

  it('never retries a used-up quota, and tells a filtered prompt from a bad request', async () => {
    const quota = await failureWith(failure(429, 'You exceeded your current quota', {}, 'insufficient_quota'));
    expect([quota.error.reason, waitAfter(quota.error)]).toEqual(['quota', undefined]);
    const filtered = await failureWith(failure(400, 'The response was filtered', {}, 'content_filter'));
    expect([filtered.error.reason, waitAfter(filtered.error)]).toEqual(['filtered', undefined]);
  });

  it.each([
    ['no JSON', '<html>Welcome</html>'],
    ['other JSON', { hello: 'world' }],
    ['no choice', { choices: [] }],
    ['nothing', ''],
  ])('refuses an answer that is %s', async (_, body) => {
    const { error } = await failureWith({ body });
    expect(error).toMatchObject({ reason: 'unreadable' });
    expect(waitAfter(error)).toBeUndefined();
  });

  it('sees a failure that comes with status 200', async () => {
    const { error } = await failureWith({ body: { error: { message: 'overloaded upstream', code: 529 } } });
    expect(error).toMatchObject({ reason: 'busy', status: 529 });
    expect(waitAfter(error)).toBe(1_000);
  });

  it('tells of a refusal, and takes counts of tokens that make no sense for none', async () => {
    await using server = await startChatServer(() =>
      completion('', { refusal: 'I cannot help with that', usage: { prompt_tokens: -5, completion_tokens: 'many' } }),
    );
    expect(await modelOf(server).generate({ prompt: 'Write' })).toEqual({
      text: 'I cannot help with that',
      finishReason: 'refusal',
      usage: {},
    });
  });

  it('gives up on an answer without end', async () => {
    await using server = await startChatServer(() => ({ bytes: Buffer.alloc(33 * 1024 * 1024, 'a') }));
    await expect(modelOf(server).generate({ prompt: 'Write' })).rejects.toMatchObject({
      reason: 'unreadable',
      message: expect.stringContaining('longer than'),
    });
  });

  it('fails when no answer comes within timeoutMs, and that is retried', async () => {
    const { error } = await failureWith({ hangs: true }, { timeoutMs: 30 });
    expect(error).toMatchObject({ reason: 'timeout' });
    expect(waitAfter(error)).toBe(1_000);
  });

  it('fails when nobody listens, and that is retried', async () => {
    const server = await startChatServer(() => completion('never'));
    await server[Symbol.asyncDispose]();
    const error = await modelOf(server)
      .generate({ prompt: 'Write' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: 'unavailable' });
    expect(waitAfter(error)).toBe(1_000);
  });

  it('ends with the reason of its signal, under way and before', async () => {
    const controller = new AbortController();
    await using server = await startChatServer(() => {
      controller.abort(new Error('the user left'));
      return { hangs: true };
    });
    const model = modelOf(server);
    await expect(model.generate({ prompt: 'Write', signal: controller.signal })).rejects.toThrow('the user left');
    await expect(model.generate({ prompt: 'Write', signal: controller.signal })).rejects.toThrow('the user left');
    expect(server.calls).toHaveLength(1);
  });

  it('shows its key nowhere: not in itself, in errors, or in what a server echoes', async () => {
    const { error } = await failureWith(failure(401, `Incorrect API key provided: ${key}`));
    const model = openaiCompatible({ baseURL: 'https://models.example/v1', apiKey: key, model: 'm' });
    for (const shown of [
      inspect(error, { depth: 9, showHidden: true }),
      JSON.stringify(error),
      inspect(model, { showHidden: true }),
    ]) {
      expect(shown).not.toContain(key);
    }
    await using server = await startChatServer(() => completion(`your key is ${key}`));
    expect((await modelOf(server).generate({ prompt: 'Write' })).text).toBe('your key is [the API key]');
  });

  it('keeps a key that it sends in a header of the host as much to itself', async () => {
    const headers = { 'Api-Key': key, authorization: `Bearer ${key}-2`, 'x-team': 'a team of films' };
    const { error } = await failureWith(failure(401, `a team of films may not use ${key} nor ${key}-2`), {
      apiKey: undefined,
      headers,
    });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(key);
    expect(error.message).toContain('a team of films may not use [the API key] nor [the API key]');
  });

  it.each<[string, Record<string, unknown>]>([
    ['Option "baseURL"', { baseURL: 'models.example' }],
    ['Option "baseURL"', { baseURL: 'file:///etc' }],
    ['without a user name or a password', { baseURL: `https://me:${key}@models.example/v1` }],
    ['without a user name or a password', { baseURL: `https://${key}@models.example/v1` }],
    ['Option "model"', { model: '' }],
    ['Option "apiKey"', { apiKey: `${key}\n` }],
    ['Option "headers"', { headers: { 'x-key': `${key}\r\nx: y` } }],
    ['Option "timeoutMs"', { timeoutMs: 0 }],
    ['no option "baseUrl". Did you mean "baseURL"? Known: baseURL', { baseUrl: 'https://models.example/v1' }],
  ])('refuses options with a TypeError: %s', (message, wrong) => {
    const make = () => openaiCompatible({ baseURL: 'https://models.example/v1', model: 'm', ...wrong } as never);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
    expect(make).not.toThrow(key);
  });
});
