import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/cli/run/endpoint.js';
import { type ChatServer, completion, failure, startChatServer } from '../helpers/chat-server.js';
import { runCli, runInTerminal } from './run-cli.js';
import { removeTemporaryDirectories, temporaryDirectory } from './stores.js';

const servers: ChatServer[] = [];
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]();
  await removeTemporaryDirectories();
});

const plan = {
  nodes: [
    { id: 'idea', type: 'analyze', description: 'Find the idea', dependencies: [] },
    { id: 'poem', type: 'generate', description: 'Write the poem', dependencies: ['idea'] },
  ],
};

/** A server that plans at first and then writes, for the right key only; and what a command needs to ask it. */
async function poet(): Promise<{ server: ChatServer; env: NodeJS.ProcessEnv }> {
  const server = await startChatServer(({ headers }, number) => {
    if (headers.authorization !== 'Bearer sk-secret') return failure(401, 'Incorrect API key provided');
    return completion(number === 1 ? JSON.stringify(plan) : number === 2 ? 'fog' : 'Fog comes in.');
  });
  servers.push(server);
  return { server, env: { OPENAI_BASE_URL: server.baseURL, OPENAI_API_KEY: 'sk-secret' } };
}

describe.concurrent('--model', () => {
  it('plans with the model and has it do the work, and the tokens are counted', async () => {
    const { server, env } = await poet();
    const cwd = await temporaryDirectory();
    const args = ['execute', 'A poem about fog', '--model', 'house-model'];
    const { code, stdout, stderr } = await runCli(args, { cwd, env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Fog comes in.\n' });
    expect(server.calls.map(({ body }) => body.model)).toEqual(['house-model', 'house-model', 'house-model']);
    expect(stderr).toMatch(/^completed: 2\/2 nodes, 240 tokens, in /m);
    expect(stderr).not.toMatch(/No model is used|sk-secret/);
    expect(stderr).toMatch(/^plan a-poem-about-fog-\w+ begins$/m); // with no count: there is no plan yet
    const again = await runCli(args, { cwd, env });
    expect(again).toMatchObject({ code: 0, stdout });
    expect(server.calls).toHaveLength(3);
  });

  it('makes a plan, and works in a terminal', async () => {
    const { env } = await poet();
    const cwd = await temporaryDirectory();
    const { code, screen } = await runInTerminal(['plan', 'A poem', '--model', 'm'], { cwd, env, columns: 100 });
    expect(code).toBe(0);
    expect(screen).toMatch(/^>- poem \(generate\): Write the poem$/m);
  });

  it('leaves to a module what it exports, and is in the command that goes on', async () => {
    const { server, env } = await poet();
    const cwd = await temporaryDirectory();
    const source = `export const handlers = { generate: () => { throw new Error('no ink'); } };`;
    await writeFile(join(cwd, 'handlers.mjs'), source);
    const args = ['execute', 'A poem', '--plan-id', 'poem', '--model', 'm', '--handlers', 'handlers.mjs'];
    const { code, stderr } = await runCli(args, { cwd, env });
    expect(code).toBe(1);
    expect(stderr).toContain('do:  vibe-aigc resume poem --model m --handlers handlers.mjs   tries again');
    expect(server.calls).toHaveLength(2);
  });

  it('ends with 5 when the key is not taken, and shows no key', async () => {
    const { env } = await poet();
    const cwd = await temporaryDirectory();
    const args = ['execute', 'A poem', '--model', 'm', '--verbose'];
    const { code, stdout, stderr } = await runCli(args, { cwd, env: { ...env, OPENAI_API_KEY: 'sk-wrong' } });
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    expect(stderr).toContain('401');
    expect(stderr).not.toContain('sk-wrong');
  });

  it('says of a model that cannot be reached where it was looked for, and what tells more', async () => {
    const server = await startChatServer(() => failure(500, 'never asked'));
    await server[Symbol.asyncDispose]();
    const cwd = await temporaryDirectory();
    const env = { OPENAI_BASE_URL: server.baseURL };
    const { code, stderr } = await runCli(['plan', 'A poem', '--model', 'm'], { cwd, env });
    expect(code).toBe(5);
    expect(stderr).toContain(`ECONNREFUSED ${new URL(server.baseURL).host}`);
    const again = /^planning failed and is tried again in [\d.]+ m?s: MODEL_FAILED: Model "m": .*ECONNREFUSED/gm;
    expect(stderr.match(again)).toHaveLength(4);
    expect(stderr).toContain('do:  vibe-aigc doctor --model m   tells where it is asked for');
  });

  it('ends with 5 for an endpoint that is none', async () => {
    const cwd = await temporaryDirectory();
    const ended = await runCli(['plan', 'A poem', '--model', 'm'], { cwd, env: { OPENAI_BASE_URL: 'localhost' } });
    expect(ended.code).toBe(5);
    expect(ended.stderr).toContain('error: The model "m" cannot be used.');
  });

  it.each([
    ['gpt-5-mini', {}, { baseURL: 'http://127.0.0.1:11434/v1', model: 'gpt-5-mini' }],
    ['m', { OPENAI_API_KEY: 'k' }, { baseURL: 'https://api.openai.com/v1', apiKey: 'k', model: 'm' }],
    ['m', { OPENAI_BASE_URL: 'http://x/v1', OPENAI_API_KEY: '' }, { baseURL: 'http://x/v1', model: 'm' }],
    ['ollama/llama3.2', { OPENAI_API_KEY: 'k' }, { baseURL: 'http://127.0.0.1:11434/v1', model: 'llama3.2' }],
  ])('%s with %j is asked for where it is', (name, env, endpoint) => {
    expect(endpointOf(name, env)).toEqual(endpoint);
  });
});

describe.concurrent('the doctor of a model', () => {
  it('says whether it is there', async () => {
    const server = await startChatServer(() => ({ body: { data: [{ id: 'here:latest' }] } }));
    servers.push(server);
    const options = { cwd: await temporaryDirectory(), env: { OPENAI_BASE_URL: server.baseURL } };
    const here = await runCli(['doctor', '--model', 'here'], options);
    expect(here.code).toBe(0);
    expect(here.stdout).toContain(`ok   model here at ${server.baseURL}: it answers\n`);
    const gone = await runCli(['doctor', '--model', 'gone'], options);
    expect(gone.code).toBe(5);
    expect(gone.stdout).toContain(`BAD  model gone at ${server.baseURL}: it answers, and has no model of this name\n`);
  });
});
