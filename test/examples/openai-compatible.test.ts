import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { printedInHeader, runExample, startExample, temporaryDirectory, until } from './run-example.js';

interface Call {
  readonly headers: IncomingHttpHeaders;
  readonly url: string | undefined;
  readonly model: string;
  readonly prompt: string;
}

/** What the model says, by how the prompt begins. */
const texts: Record<string, string> = {
  'Name two to four parts': 'The light\nThe sea',
  'Write this part: The light': 'Every night I turn the light.',
  'Write this part: The sea': 'The sea turns too.',
  'Join the parts': 'Every night I turn the light. The sea turns too.',
};

/** A server that speaks chat completions. `interfere` may answer a call, or leave it without an answer. */
async function chatServer() {
  const calls: Call[] = [];
  const model = { interfere: (_call: Call): number | 'silence' | undefined => undefined };
  const server = createServer(async (request, response) => {
    const body = (await json(request)) as { model: string; messages: [{ role: string; content: string }] };
    const [{ content: prompt }] = body.messages;
    const call = { headers: request.headers, url: request.url, model: body.model, prompt };
    calls.push(call);
    const instead = model.interfere(call);
    if (instead === 'silence') return;
    const text = texts[Object.keys(texts).find((start) => prompt.startsWith(start)) ?? ''];
    const answer = {
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: text } }],
    };
    response.writeHead(instead ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(instead === undefined ? answer : { error: { message: 'too many requests' } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const env = {
    OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    OPENAI_API_KEY: 'sk-test',
    OPENAI_MODEL: 'small-model',
  };
  return { calls, model, env };
}

const description = 'A postcard from a lighthouse keeper';

describe('the example with an endpoint', () => {
  it('asks for a plan, runs it, tries again after a 429 with the same key, and pays nothing the second time', async () => {
    const { calls, model, env } = await chatServer();
    const directory = await temporaryDirectory();
    model.interfere = ({ prompt }) => {
      const isFirst = calls.filter((call) => call.prompt === prompt).length === 1;
      return prompt.startsWith('Write this part: The sea') && isFirst ? 429 : undefined;
    };
    const { code, stdout, stderr } = await runExample('openai-compatible', [description, directory], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const linesOf = (text: string) => text.trim().split('\n').toSorted(); // two calls are under way at once
    expect(linesOf(stdout)).toEqual(linesOf(await printedInHeader('openai-compatible')));

    expect(calls.map(({ prompt }) => prompt.split(/[:\n]/)[0])).toEqual([
      'Name two to four parts of this text, one a line, and nothing else',
      'Write this part',
      'Write this part',
      'Write this part',
      'Join the parts into one text',
    ]);
    for (const { headers, url, model } of calls) {
      expect({ url, model }).toEqual({ url: '/v1/chat/completions', model: 'small-model' });
      expect(headers).toMatchObject({ authorization: 'Bearer sk-test', 'content-type': 'application/json' });
    }
    const keysFor = (start: string) =>
      calls.filter(({ prompt }) => prompt.startsWith(start)).map(({ headers }) => headers['idempotency-key']);
    const [refused, accepted] = keysFor('Write this part: The sea');
    expect(refused).toMatch(/^run-/);
    expect(accepted).toBe(refused);
    expect(keysFor('Write this part: The light')).not.toContain(refused);
    expect(calls.at(-1)?.prompt).toContain('"part-1":"Every night I turn the light."');

    const again = await runExample('openai-compatible', [description, directory], env);
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/^resumed with 3 nodes done\n\nEvery night I turn the light\. The sea/);
    expect(calls).toHaveLength(5);
  });

  it('lets go of its calls at Ctrl-C, and goes on when it is run again', async () => {
    const { calls, model, env } = await chatServer();
    const directory = await temporaryDirectory();
    model.interfere = ({ prompt }) => (prompt.startsWith('Join') ? 'silence' : undefined);
    const example = startExample('openai-compatible', [description, directory], env);
    await until(example, 'it waits for the last node', () => calls.find(({ prompt }) => prompt.startsWith('Join')));
    example.kill('SIGINT');
    expect(await example.ended).toEqual({ code: 1, signal: null });
    expect(example.stdout()).toContain('The run is cancelled.');

    model.interfere = () => undefined;
    calls.length = 0;
    const { code, stdout } = await runExample('openai-compatible', [description, directory], env);
    expect(code).toBe(0);
    expect(stdout).toContain('resumed with 2 nodes done');
    expect(calls.map(({ prompt }) => prompt.split('\n')[0])).toEqual(['Join the parts into one text']);
  });
});

it('says what to set when nothing is set, and exits with 1', async () => {
  const { code, stdout, stderr } = await runExample('openai-compatible');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^Set OPENAI_BASE_URL .*, OPENAI_API_KEY and OPENAI_MODEL\.\n/);
});
