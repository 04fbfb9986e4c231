import { z } from 'zod';
import { ModelError } from '../errors.js';
import { maxTimerMs } from '../host.js';
import { type AnswerFormat, inBestFormat } from './answer-format.js';
import type { ChatModel, ModelAnswer, ModelRequest } from './chat-model.js';
import { checkOptions } from './check-options.js';
import { briefly, failureOfStatus, modelErrorOf } from './model-failure.js';
import { readBounded, withDeadline } from './request.js';

export const openaiCompatibleOptionsSchema = z.strictObject({
  /** Where the API is, such as `https://api.openai.com/v1` or `http://127.0.0.1:11434/v1`. */
  baseURL: z
    .custom<string>(isHttpUrl, 'an address that begins with http:// or https://')
    .refine(hasNoCredentials, 'an address without a user name or a password: send them in headers'),
  /** How the provider calls the model. */
  model: z.custom<string>((model) => typeof model === 'string' && model !== '', 'the name of a model'),
  /** Sent as a bearer token, and never logged, stored or told. Left out: none is sent. */
  apiKey: z.custom<string>(isHeaderValue, 'text on one line').optional(),
  /** Sent with every request, in place of ours of the same name. Those that may hold a key are told as little as `apiKey`. */
  headers: z
    .custom<Readonly<Record<string, string>>>(areHeaders, 'an object of header values on one line each')
    .optional(),
  /** Fields of the body, such as `temperature` or `max_tokens`, as the provider spells them. */
  body: z.custom<Readonly<Record<string, unknown>>>(isObject, 'an object of fields').optional(),
  /** Makes the requests. Default: the global `fetch`. */
  fetch: z.custom<typeof fetch>((given) => typeof given === 'function', 'a function like fetch').optional(),
  /** Milliseconds that one request may take. Default 300,000: five minutes. */
  timeoutMs: z
    .custom<number>(
      (ms) => Number.isInteger(ms) && (ms as number) >= 1 && (ms as number) <= maxTimerMs,
      `a whole number of milliseconds from 1 to ${maxTimerMs}`,
    )
    .default(300_000),
});
export type OpenaiCompatibleOptions = z.input<typeof openaiCompatibleOptionsSchema>;

/**
 * A model behind an API that speaks OpenAI's chat completions: OpenAI itself, Ollama, LM Studio, vLLM and many more, by
 * plain `fetch`. It makes one request for an answer and never a second one by itself, except to ask for JSON in another
 * way where the provider does not take the strictest.
 *
 * @throws TypeError for an option that is unknown or makes no sense
 * @example
 * const model = openaiCompatible({
 *   baseURL: 'https://api.openai.com/v1',
 *   apiKey: process.env.OPENAI_API_KEY,
 *   model: 'gpt-5-mini',
 * });
 * const planner = new MetaPlanner({ ...withModel(model), checkpointInterval: 5 });
 */
export function openaiCompatible(options: OpenaiCompatibleOptions): ChatModel {
  const { baseURL, model, apiKey, headers, body, timeoutMs, ...given } = checkOptions(
    openaiCompatibleOptionsSchema,
    options,
    'openaiCompatible',
  );
  const url = completionsUrl(baseURL);
  const own = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  const secrets = secretsIn(apiKey, own);
  const send = async (request: ModelRequest, format: AnswerFormat, signal: AbortSignal): Promise<ModelAnswer> => {
    const response = await (given.fetch ?? fetch)(url, {
      method: 'POST',
      signal,
      headers: {
        'content-type': 'application/json',
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
        ...(request.idempotencyKey !== undefined && { 'idempotency-key': request.idempotencyKey }),
        ...Object.fromEntries(own),
      },
      body: JSON.stringify({ ...body, ...bodyOf(model, request, format) }),
    });
    const text = await readBounded(response, maxAnswerBytes);
    if (!response.ok) throw failureOf(model, response.status, response.headers, withoutSecrets(text, secrets));
    return answerOf(model, withoutSecrets(text, secrets));
  };
  return {
    id: model,
    generate: inBestFormat((request, format) =>
      withDeadline(request.signal, timeoutMs, async (signal) => {
        try {
          return await send(request, format, signal);
        } catch (error) {
          if (request.signal?.aborted) throw request.signal.reason;
          throw modelErrorOf(model, signal.aborted ? signal.reason : error);
        }
      }),
    ),
  };
}

/** Of an answer, in bytes: what is longer is no text that a plan could use. */
const maxAnswerBytes = 32 * 1024 * 1024;

function bodyOf(model: string, { system, prompt, schema }: ModelRequest, format: AnswerFormat): object {
  const user = { role: 'user', content: prompt };
  const messages = system === undefined ? [user] : [{ role: 'system', content: system }, user];
  switch (format) {
    case 'json_schema':
      return { model, messages, response_format: { type: format, json_schema: { name: 'answer', schema } } };
    case 'json_object':
      return { model, messages, response_format: { type: format } };
    case 'text':
      return { model, messages };
    default:
      return format satisfies never;
  }
}

const tokens = z.number().nonnegative().optional().catch(undefined);
const completionSchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]).nullish(),
          refusal: z.string().nullish(),
        }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(undefined),
});
const failureSchema = z.object({
  error: z.union([z.string(), z.looseObject({ message: z.string().optional(), code: z.unknown().optional() })]),
});

function answerOf(model: string, text: string): ModelAnswer {
  const json = parsed(text);
  const completion = completionSchema.safeParse(json);
  if (!completion.success) {
    const failure = failureSchema.safeParse(json);
    if (failure.success) throw failureOf(model, statusOfCode(failure.data.error), undefined, text);
    const what = `what it answered is no chat completion (${briefly(text.slice(0, 300))})`;
    throw new ModelError(model, 'unreadable', what);
  }
  const { choices, usage } = completion.data;
  const { message, finish_reason: reason } = choices[0] as (typeof choices)[0];
  const finishReason = message.refusal ? 'refusal' : reason?.replace('content_filter', 'content-filter');
  return {
    text: message.refusal || contentOf(message.content),
    ...(finishReason !== undefined && { finishReason }),
    ...(usage != null && { usage: { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } }),
  };
}

function contentOf(content: string | ReadonlyArray<{ readonly text?: string | undefined }> | null | undefined): string {
  if (typeof content === 'string') return content;
  return (content ?? []).map(({ text = '' }) => text).join('');
}

/** Some gateways tell a failure in an answer that is fine otherwise. */
function statusOfCode(error: z.infer<typeof failureSchema>['error']): number {
  const code = typeof error === 'string' ? Number.NaN : Number(error.code);
  return code >= 400 && code < 600 ? code : 502;
}

/** What a retry looks for is in the cause: the status, and when the provider wants to be asked again. */
function failureOf(model: string, status: number, headers: Headers | undefined, text: string): ModelError {
  const failure = failureSchema.safeParse(parsed(text)).data?.error;
  const told = (typeof failure === 'string' ? failure : failure?.message) ?? text;
  const cause = Object.assign(new Error(briefly(told)), { status, headers: waitHeadersOf(headers) });
  const detail = `it answered ${status}${told.trim() === '' ? '' : ` (${briefly(told)})`}`;
  return new ModelError(model, failureOfStatus(status, text), detail, { status, cause });
}

function waitHeadersOf(headers: Headers | undefined): Record<string, string> {
  const found = ['retry-after', 'retry-after-ms'].map((name) => [name, headers?.get(name)] as const);
  return Object.fromEntries(found.filter((entry): entry is readonly [string, string] => typeof entry[1] === 'string'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // said by whoever needs it to be JSON
  }
}

/** What is never told: the key, and what the host sends in headers by which a server knows who asks. The longest first. */
function secretsIn(apiKey: string | undefined, headers: ReadonlyArray<readonly [string, string]>): string[] {
  const telling = headers.filter(([name]) => /auth|key|token|secret|cookie/.test(name));
  const values = telling.flatMap(([, value]) => [value, value.replace(/^\w+ +/, '')]);
  const secrets = [...(apiKey === undefined ? [] : [apiKey]), ...values].filter(({ length }) => length >= 8);
  return secrets.sort((a, b) => b.length - a.length);
}

/** A server may answer with what it was sent. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, '[the API key]'), text);
}

function completionsUrl(baseURL: string): string {
  const url = new URL(baseURL);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/chat/completions`;
  return url.href;
}

function isHttpUrl(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

/** `fetch` refuses them with a message that shows them. */
function hasNoCredentials(baseURL: string): boolean {
  const { username, password } = new URL(baseURL);
  return username === '' && password === '';
}

/** What `fetch` would refuse with a message that shows it. */
function isHeaderValue(value: unknown): boolean {
  return typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]+$/.test(value) && value === value.trim();
}

function areHeaders(value: unknown): boolean {
  if (!isObject(value)) return false;
  return Object.entries(value as object).every(
    ([name, text]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && isHeaderValue(text),
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
