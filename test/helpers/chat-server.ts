import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server saw it. */
export interface ChatCall {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a client sends
  readonly body: any;
  /** The text of the last message. */
  readonly prompt: string;
}

export interface ChatReply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Sent as it is when it is text. */
  readonly body?: unknown;
  /** Bytes in place of a body. */
  readonly bytes?: Buffer;
  /** Never answers. */
  readonly hangs?: boolean;
}

export interface ChatServer extends AsyncDisposable {
  readonly baseURL: string;
  readonly calls: ChatCall[];
}

/** A real server that is asked as OpenAI is; what it answers is up to the test. */
export async function startChatServer(
  reply: (call: ChatCall, number: number) => ChatReply | Promise<ChatReply>,
): Promise<ChatServer> {
  const calls: ChatCall[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', async () => {
      const sent = Buffer.concat(parts).toString();
      const body = sent === '' ? undefined : JSON.parse(sent);
      const messages = body?.messages ?? body?.input ?? [];
      const last = messages[messages.length - 1]?.content;
      const prompt = typeof last === 'string' ? last : (last?.map?.(({ text = '' }) => text).join('') ?? '');
      const call = { path: request.url ?? '', headers: request.headers, body, prompt };
      const { status = 200, headers, body: answer, bytes, hangs } = await reply(call, calls.push(call));
      if (hangs) return;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(bytes ?? (typeof answer === 'string' ? answer : JSON.stringify(answer)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseURL: `http://127.0.0.1:${port}/v1`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A chat completion with this text. */
export function completion(text: string, extra: Record<string, unknown> = {}): ChatReply {
  const { finish_reason = 'stop', refusal = null, ...rest } = extra;
  return {
    body: {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'test-model',
      choices: [{ index: 0, message: { role: 'assistant', content: text, refusal }, finish_reason }],
      usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
      ...rest,
    },
  };
}

/** A failure as OpenAI tells of it. */
export function failure(status: number, message: string, headers: Record<string, string> = {}, code = 'x'): ChatReply {
  return { status, headers, body: { error: { message, type: 'error', code, param: null } } };
}
