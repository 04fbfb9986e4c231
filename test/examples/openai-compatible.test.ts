import { describe, expect, it } from 'vitest';
import { type ChatCall, type ChatReply, completion, failure, startChatServer } from '../helpers/chat-server.js';
import { printedInHeader, runExample, startExample, temporaryDirectory, until } from './run-example.js';

const description = 'A postcard from a lighthouse keeper';
const parts = ['light', 'sea', 'whole'];
const plan = JSON.stringify({
  nodes: parts.map((id) => ({
    id,
    type: 'generate',
    description: `Write ${id}`,
    dependencies: id === 'whole' ? ['light', 'sea'] : [],
  })),
});

const partOf = ({ prompt }: ChatCall) => /Your part:\n(.*)/.exec(prompt)?.[1] ?? 'the plan';

/** `interfere` may answer a call in place of the model. */
async function modelServer() {
  const model = { interfere: (_call: ChatCall): ChatReply | undefined => undefined };
  const server = await startChatServer((call) => {
    const answer = partOf(call) === 'the plan' ? completion(plan) : completion(`Done: ${partOf(call)}.`);
    return model.interfere(call) ?? answer;
  });
  const env = { OPENAI_BASE_URL: server.baseURL, OPENAI_API_KEY: 'sk-test', OPENAI_MODEL: 'small-model' };
  return { model, env, calls: server.calls, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const linesOf = (text: string) => text.trim().split('\n').toSorted(); // two calls are under way at once

describe('the example with an endpoint', () => {
  it('asks for a plan, runs it, tries again after a 429 with the same key, and pays nothing the second time', async () => {
    await using server = await modelServer();
    const { calls, model, env } = server;
    const directory = await temporaryDirectory();
    model.interfere = (call) => {
      const isFirst = calls.filter((other) => partOf(other) === 'Write sea').length === 1;
      return partOf(call) === 'Write sea' && isFirst ? failure(429, 'too many requests') : undefined;
    };
    const { code, stdout, stderr } = await runExample('openai-compatible', [description, directory], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(linesOf(stdout)).toContain('sea done (66 %)');
    expect(stdout).toMatch(/\n\nDone: Write whole\.\n$/);

    expect(calls.map(partOf).toSorted()).toEqual(['Write light', 'Write sea', 'Write sea', 'Write whole', 'the plan']);
    for (const { headers, path, body } of calls) {
      expect({ path, model: body.model }).toEqual({ path: '/v1/chat/completions', model: 'small-model' });
      expect(headers).toMatchObject({ authorization: 'Bearer sk-test', 'content-type': 'application/json' });
    }
    const keysFor = (part: string) =>
      calls.filter((call) => partOf(call) === part).map(({ headers }) => headers['idempotency-key']);
    const [refused, accepted] = keysFor('Write sea');
    expect(refused).toMatch(/^run-/);
    expect(accepted).toBe(refused);
    expect(keysFor('Write light')).not.toContain(refused);
    expect(calls.at(-1)?.prompt).toContain('<input id="light">\nDone: Write light.\n</input>');

    const again = await runExample('openai-compatible', [description, directory], env);
    expect(again.code).toBe(0);
    expect(again.stdout).toBe('resumed with 3 nodes done\n\nDone: Write whole.\n');
    expect(calls).toHaveLength(5);
  });

  it('lets go of its calls at Ctrl-C, and goes on when it is run again', async () => {
    await using server = await modelServer();
    const { calls, model, env } = server;
    const directory = await temporaryDirectory();
    model.interfere = (call) => (partOf(call) === 'Write whole' ? { hangs: true } : undefined);
    const example = startExample('openai-compatible', [description, directory], env);
    await until(example, 'it waits for the last node', () => calls.find((call) => partOf(call) === 'Write whole'));
    example.kill('SIGINT');
    expect(await example.ended).toEqual({ code: 1, signal: null });
    expect(example.stdout()).toContain('The run is cancelled.');

    model.interfere = () => undefined;
    calls.length = 0;
    const { code, stdout } = await runExample('openai-compatible', [description, directory], env);
    expect(code).toBe(0);
    expect(stdout).toContain('resumed with 2 nodes done');
    expect(calls.map(partOf)).toEqual(['Write whole']);
  });
});

it('runs offline, and prints what its header shows', async () => {
  const { code, stdout, stderr } = await runExample('openai-compatible', [description, await temporaryDirectory()]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(linesOf(stdout)).toEqual(linesOf(await printedInHeader('openai-compatible')));
});
