import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createOpenAI as createOpenAI2 } from 'ai-sdk-openai-2';
import { createOpenAI as createOpenAI3 } from 'ai-sdk-openai-3';
import { createOpenAI as createOpenAI4 } from 'ai-sdk-openai-4';
import { type BlobRef, MemoryPersistenceManager, MetaPlanner, type PersistenceManager } from 'vibe-aigc';
import {
  type AiSdkImageModel,
  type AiSdkSpeechModel,
  type AiSdkVideoModel,
  imageTool,
  speechTool,
  type ToolEntry,
  videoTool,
  withModel,
} from 'vibe-aigc/models';
import { scriptedModel } from 'vibe-aigc/testing';
import { describe, expect, it } from 'vitest';
import { type ChatReply, failure, startChatServer } from '../helpers/chat-server.js';

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const mp3 = Buffer.concat([Buffer.from('ID3'), Buffer.alloc(64, 1)]);
const film = Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42', 'latin1'), Buffer.alloc(100_000, 7)]);
const vibe = { description: 'A film about tides', style: 'rainy' };

function plannerOf(
  tools: Record<string, ToolEntry>,
  persistenceManager: PersistenceManager = new MemoryPersistenceManager(),
) {
  return new MetaPlanner({ persistenceManager, handlers: { tools, default: () => 'Fog on the sea.' } });
}

function planOf(tool: string, parameters: Record<string, unknown> = {}, dependencies: string[] = []) {
  const rootNodes = [
    {
      id: 'work',
      type: 'generate' as const,
      description: 'The sea',
      parameters: { tool, ...parameters },
      dependencies,
    },
  ];
  const script = { id: 'script', type: 'generate' as const, description: 'Write it' };
  return { id: 'media', sourceVibe: vibe, rootNodes: dependencies.length > 0 ? [script, ...rootNodes] : rootNodes };
}

/** The real providers of ai 5, 6 and 7. */
const versions: Record<string, (baseURL: string) => { image: AiSdkImageModel; speech: AiSdkSpeechModel }> = {
  '2 (ai 5)': (baseURL) => {
    const openai = createOpenAI2({ baseURL, apiKey: 'sk-test' });
    return { image: openai.image('gpt-image-1'), speech: openai.speech('tts-1') };
  },
  '3 (ai 6)': (baseURL) => {
    const openai = createOpenAI3({ baseURL, apiKey: 'sk-test' });
    return { image: openai.image('gpt-image-1'), speech: openai.speech('tts-1') };
  },
  '4 (ai 7)': (baseURL) => {
    const openai = createOpenAI4({ baseURL, apiKey: 'sk-test' });
    return { image: openai.image('gpt-image-1'), speech: openai.speech('tts-1') };
  },
};

const painted: ChatReply = { body: { created: 1, data: [{ b64_json: png.toString('base64') }] } };

describe.each(Object.entries(versions))('with @ai-sdk/openai %s', (_, make) => {
  it('paints a picture beside the plan, in the style of the vibe, and says what it cost', async () => {
    await using server = await startChatServer(() => painted);
    const planner = plannerOf({ paint: imageTool(make(server.baseURL).image, { price: { amount: 0.04 } }) });
    const result = await planner.executeWithResume(vibe, { plan: planOf('paint', { size: '1024x1024' }) });
    const { image } = result.outputs.work as { image: BlobRef };
    expect(image).toMatchObject({ mime: 'image/png', name: 'work.png', bytes: png.length });
    expect(Buffer.from(await (await planner.openBlob(image)).bytes())).toEqual(png);
    expect(result.executionSummary.spend).toEqual({ USD: { amount: 0.04, tokens: 0 } });
    expect(server.calls).toMatchObject([
      { path: '/v1/images/generations', body: { prompt: 'The sea\nStyle: rainy', size: '1024x1024', n: 1 } },
    ]);
    expect(server.calls[0]?.headers['idempotency-key']).toMatch(/./);
  });

  it('speaks what the nodes before it have written', async () => {
    await using server = await startChatServer(() => ({ bytes: mp3, headers: { 'content-type': 'audio/mpeg' } }));
    const planner = plannerOf({ speak: speechTool(make(server.baseURL).speech) });
    const plan = planOf('speak', { voice: 'nova' }, ['script']);
    const result = await planner.executeWithResume(vibe, { plan });
    const { audio } = result.outputs.work as { audio: BlobRef };
    expect(audio).toMatchObject({ mime: 'audio/mpeg', name: 'work.mp3', bytes: mp3.length });
    expect(server.calls).toMatchObject([
      { path: '/v1/audio/speech', body: { input: 'Fog on the sea.', voice: 'nova' } },
    ]);
  });

  it('fails a node as the provider failed', async () => {
    await using server = await startChatServer(() => failure(401, 'no such key'));
    const { image, speech } = make(server.baseURL);
    for (const [name, tool] of Object.entries({ paint: imageTool(image), speak: speechTool(speech) })) {
      const planner = plannerOf({ [name]: tool });
      const { failures } = await planner.executeWithResume(vibe, { plan: planOf(name) });
      expect(failures).toMatchObject([{ attempts: 1, error: { code: 'MODEL_FAILED' } }]);
    }
    expect(server.calls).toHaveLength(2);
  });
});

/** A video model over a real server: submits, asks, and leaves the film at an address. */
function filmModel(baseURL: string): AiSdkVideoModel {
  const ask = async (path: string, init: RequestInit): Promise<{ [key: string]: string }> => {
    const response = await fetch(`${baseURL}${path}`, init);
    const { status } = response;
    if (!response.ok) throw Object.assign(new Error(`${status} from ${path}`), { statusCode: status });
    return (await response.json()) as { [key: string]: string };
  };
  return {
    specificationVersion: 'v4',
    provider: 'films',
    modelId: 'tide-1',
    doStart: async ({ prompt, duration, abortSignal, headers }) => {
      const body = JSON.stringify({ prompt, duration });
      const sent = { method: 'POST', body, headers: headers as Record<string, string> };
      return { operation: await ask('/films', { ...sent, ...(abortSignal && { signal: abortSignal }) }) };
    },
    doStatus: async ({ operation }) => {
      const { status = '', error = '' } = await ask(`/films/${(operation as { id: string }).id}`, {});
      return { status, error, videos: [{ type: 'url', url: `${baseURL}/content`, mediaType: 'video/mp4' }] };
    },
  };
}

describe('videoTool', () => {
  it('submits a film once, asks for it until it is there, and keeps it, over a run that ended meanwhile', async () => {
    const controller = new AbortController();
    let polls = 0;
    await using server = await startChatServer(({ path }) => {
      if (path === '/v1/films') return { body: { id: 'f-1' } };
      if (path === '/v1/content') return { bytes: film, headers: { 'content-type': 'video/mp4' } };
      if (++polls === 1) controller.abort(new Error('the process is to end'));
      return { body: { status: polls < 3 ? 'pending' : 'completed' } };
    });
    const store = new MemoryPersistenceManager();
    const tools = { film: videoTool(filmModel(server.baseURL), { price: { amount: 0.5, currency: 'EUR' } }) };
    const plan = planOf('film', { duration: 5 });
    const first = await plannerOf(tools, store).executeWithResume(vibe, { plan, signal: controller.signal });
    expect(first.status).toBe('cancelled');

    const second = new MetaPlanner({
      persistenceManager: store,
      handlers: { tools, default: () => null },
      host: { setTimer: (callback, ms) => atOnce(callback, ms) },
    });
    const result = await second.executeWithResume(vibe, { plan });
    const { video } = result.outputs.work as { video: BlobRef };
    expect(video).toMatchObject({ mime: 'video/mp4', name: 'work.mp4', bytes: film.length });
    expect(Buffer.from(await (await second.openBlob(video)).bytes())).toEqual(film);
    const submitted = server.calls.filter(({ path }) => path === '/v1/films');
    expect(submitted).toMatchObject([{ body: { prompt: 'The sea\nStyle: rainy', duration: 5 } }]);
    expect(submitted[0]?.headers['idempotency-key']).toMatch(/./);
    expect(result.executionSummary.spend).toEqual({ EUR: { amount: 0.5, tokens: 0 } });
  });

  it('fails when the provider gives the film up, or does not take it', async () => {
    await using server = await startChatServer(({ path }) =>
      path === '/v1/films' ? { body: { id: 'f-1' } } : { body: { status: 'error', error: 'too dark' } },
    );
    const given = await plannerOf({ film: videoTool(filmModel(server.baseURL)) }).executeWithResume(vibe, {
      plan: planOf('film'),
    });
    expect(given.failures).toMatchObject([{ error: { message: 'the film was not made: too dark' } }]);
    await using strict = await startChatServer(() => failure(403, 'no'));
    const refused = await plannerOf({ film: videoTool(filmModel(strict.baseURL)) }).executeWithResume(vibe, {
      plan: planOf('film'),
    });
    expect(refused).toMatchObject({ status: 'failed', failures: [{ error: { code: 'MODEL_FAILED' } }] });
    expect(strict.calls).toHaveLength(1);
  });

  it('fails, and pauses for nobody, when the key is missing before anything is sent', async () => {
    const noKey = Object.assign(new Error('the key is missing'), { name: 'AI_LoadAPIKeyError' });
    const model = { ...filmModel('http://127.0.0.1:1'), doStart: () => Promise.reject(noKey) };
    const result = await plannerOf({ film: videoTool(model) }).executeWithResume(vibe, { plan: planOf('film') });
    expect(result.failures).toMatchObject([
      { error: { name: 'FatalError', message: expect.stringContaining('Check the API key') } },
    ]);
  });

  it('asks a model that knows no jobs once, and takes its film as it comes', async () => {
    const model: AiSdkVideoModel = {
      specificationVersion: 'v3',
      provider: 'films',
      modelId: 'tide-0',
      doGenerate: async () => ({
        videos: [{ type: 'base64', data: film.toString('base64'), mediaType: 'video/webm' }],
      }),
    };
    const result = await plannerOf({ film: videoTool(model) }).executeWithResume(vibe, { plan: planOf('film') });
    expect(result.outputs.work).toMatchObject({ video: { mime: 'video/webm', name: 'work.webm', bytes: film.length } });
  });

  it('fetches nothing but what is on the web', async () => {
    const videos = [{ type: 'url', url: 'file:///etc/passwd', mediaType: 'video/mp4' }];
    const model = {
      specificationVersion: 'v3',
      provider: 'films',
      modelId: 'tide-0',
      doGenerate: async () => ({ videos }),
    };
    const result = await plannerOf({ film: videoTool(model) }).executeWithResume(vibe, { plan: planOf('film') });
    expect(result.failures).toMatchObject([{ error: { message: expect.stringContaining('cannot be fetched (url)') } }]);
  });

  it('lets go of the connection when the film cannot be fetched', async () => {
    const server = createServer((_, response) => void response.writeHead(404).write('a page that never ends'));
    const closed = new Promise<void>((resolve) => {
      server.on('request', (_, response) => response.on('close', resolve));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const videos = [{ type: 'url', url: `http://127.0.0.1:${port}/film`, mediaType: 'video/mp4' }];
    const model = {
      specificationVersion: 'v3',
      provider: 'films',
      modelId: 'tide-0',
      doGenerate: async () => ({ videos }),
    };
    const planner = plannerOf({ film: videoTool(model, { retry: { maxAttempts: 1 } }) });
    const result = await planner.executeWithResume(vibe, { plan: planOf('film') });
    expect(result.failures).toMatchObject([{ error: { message: expect.stringContaining('could not be fetched') } }]);
    await closed;
    server.close();
  });
});

describe('a tool for media', () => {
  const image: AiSdkImageModel = {
    specificationVersion: 'v3',
    provider: 'pictures',
    modelId: 'p-1',
    doGenerate: async () => ({ images: [new Uint8Array(png)] }),
  };

  it('is offered to the model that plans, and what it is to do is checked before it is paid', async () => {
    const nodes = (size: string) => [
      { id: 'sea', type: 'generate', description: 'The sea', dependencies: [], tool: 'paint', parameters: { size } },
    ];
    const model = scriptedModel([
      JSON.stringify({ nodes: nodes('huge') }),
      JSON.stringify({ nodes: nodes('640x480') }),
    ]);
    const planner = new MetaPlanner({
      ...withModel(model, { tools: { paint: imageTool(image) } }),
      persistenceManager: new MemoryPersistenceManager(),
    });
    const result = await planner.executeWithResume(vibe);
    expect(result.outputs.sea).toMatchObject({ image: { mime: 'image/png' } });
    expect(model.requests[0]?.prompt).toContain('- "paint": Paints one picture');
    expect(model.requests[1]?.prompt).toContain('parameters.size: expected a width and a height');
  });

  it('makes nothing twice when its node is done again', async () => {
    let calls = 0;
    const counted: AiSdkImageModel = {
      ...image,
      doGenerate: async () => ({ images: [new Uint8Array(png), ++calls].slice(0, 1) as Uint8Array[] }),
    };
    const tool = imageTool(counted, { price: { amount: 1 } });
    let attempts = 0;
    const run: ToolEntry['run'] = async (node, context) => {
      const output = await tool.run(node, context);
      if (++attempts === 1) throw new Error('the power went');
      return output;
    };
    const planner = plannerOf({
      paint: { ...tool, run, retry: { maxAttempts: 2, delayMs: 0, shouldRetry: () => true } },
    });
    const result = await planner.executeWithResume(vibe, { plan: planOf('paint') });
    expect(result.nodeResults.work).toMatchObject({
      status: 'completed',
      attempts: 2,
      handler: { version: 'pictures/p-1' },
    });
    expect(calls).toBe(1);
    expect(result.executionSummary.spend).toEqual({ USD: { amount: 1, tokens: 0 } });
  });

  it('keeps within a budget', async () => {
    const planner = new MetaPlanner({
      persistenceManager: new MemoryPersistenceManager(),
      handlers: { tools: { paint: imageTool(image, { price: { amount: 3 } }) } },
      budget: { tools: { paint: { USD: 2 } } },
    });
    const result = await planner.executeWithResume(vibe, { plan: planOf('paint') });
    expect(result).toMatchObject({ status: 'paused', pause: { reason: 'budget' } });
  });

  it('is refused with a TypeError for another model or an option that makes no sense', () => {
    for (const make of [imageTool, speechTool, videoTool]) {
      expect(() => make('gpt-image-1' as never)).toThrow(TypeError);
      expect(() => make({ ...image, specificationVersion: 'v1' } as never)).toThrow('specification "v1"');
      expect(() => make(image as never, { price: { amount: -1 } })).toThrow('Option "price"');
      expect(() => make(image as never, { prize: 1 } as never)).toThrow('no option "prize"');
    }
  });
});

function atOnce(callback: () => void, ms: number): () => void {
  const timer = setTimeout(callback, Math.min(ms, 5));
  return () => clearTimeout(timer);
}
