import { type AnswerFormat, inBestFormat } from './answer-format.js';
import type { ChatModel, JsonSchema, ModelAnswer, ModelRequest } from './chat-model.js';
import { modelErrorOf } from './model-failure.js';

export type SdkJson = null | string | number | boolean | SdkJson[] | { [key: string]: SdkJson };

interface SdkMessage {
  readonly role: 'system' | 'user';
}

/** What we ask of a model of the AI SDK: the part of its call options that versions 2, 3 and 4 share. */
export interface AiSdkCall {
  prompt: Array<
    | (SdkMessage & { role: 'system'; content: string })
    | (SdkMessage & { role: 'user'; content: Array<{ type: 'text'; text: string }> })
  >;
  responseFormat?: { type: 'text' } | { type: 'json'; schema?: JsonSchema; name?: string };
  abortSignal?: AbortSignal;
  headers?: Record<string, string | undefined>;
  maxOutputTokens?: number;
  temperature?: number;
  providerOptions?: Record<string, { [key: string]: SdkJson }>;
}

type SdkTokens = number | undefined | { readonly total?: number | undefined };

/** What we read of its answer: a count is a number in version 2, and an object with a `total` later. */
export interface AiSdkAnswer {
  readonly content: ReadonlyArray<{ readonly type: string; readonly text?: string }>;
  readonly finishReason: string | { readonly unified: string };
  readonly usage: { readonly inputTokens: SdkTokens; readonly outputTokens: SdkTokens };
}

/** A language model of the AI SDK 5, 6 or 7, by its shape: no package of it is needed here. */
export interface AiSdkModel {
  /** `v2`, `v3` or `v4`. */
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  doGenerate(call: AiSdkCall): PromiseLike<AiSdkAnswer>;
}

/** What every call is made with. */
export type AiSdkSettings = Pick<AiSdkCall, 'maxOutputTokens' | 'temperature' | 'providerOptions'>;

/**
 * A model of the AI SDK, such as `openai('gpt-5-mini')` or `anthropic('claude-sonnet-4-5')`. It is called as it is: the
 * retries are those of the planner and of `withModel`, not those of the SDK.
 *
 * @throws TypeError for what is no language model of a version that we know
 * @example
 * import { openai } from '@ai-sdk/openai';
 *
 * const planner = new MetaPlanner(withModel(fromAiSdk(openai('gpt-5-mini'))));
 */
export function fromAiSdk(model: AiSdkModel, settings: AiSdkSettings = {}): ChatModel {
  checkSdkModel(model, 'fromAiSdk');
  const id = `${model.provider}/${model.modelId}`;
  const ask = async (request: ModelRequest, format: AnswerFormat): Promise<ModelAnswer> => {
    try {
      return answerOf(await model.doGenerate({ ...settings, ...callOf(request, format) }));
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw modelErrorOf(id, error);
    }
  };
  return { id, generate: inBestFormat(ask) };
}

const knownVersions = ['v2', 'v3', 'v4'];

/** @throws TypeError for what has another shape */
export function checkSdkModel(model: { readonly specificationVersion: string }, of: string): void {
  const isModel = typeof model === 'object' && model !== null && ('doGenerate' in model || 'doStart' in model);
  if (isModel && knownVersions.includes(model.specificationVersion)) return;
  const got = isModel ? `specification ${JSON.stringify(model.specificationVersion)}` : 'something else';
  throw new TypeError(`${of} takes a model of the AI SDK 5, 6 or 7 (specification v2, v3 or v4), got ${got}.`);
}

function callOf({ system, prompt, schema, signal, idempotencyKey }: ModelRequest, format: AnswerFormat): AiSdkCall {
  const user = { role: 'user' as const, content: [{ type: 'text' as const, text: prompt }] };
  return {
    prompt: system === undefined ? [user] : [{ role: 'system', content: system }, user],
    responseFormat: responseFormatOf(format, schema),
    ...(signal !== undefined && { abortSignal: signal }),
    ...(idempotencyKey !== undefined && { headers: { 'idempotency-key': idempotencyKey } }),
  };
}

function responseFormatOf(
  format: AnswerFormat,
  schema: JsonSchema | undefined,
): NonNullable<AiSdkCall['responseFormat']> {
  switch (format) {
    case 'json_schema':
      return { type: 'json', name: 'answer', ...(schema !== undefined && { schema }) };
    case 'json_object':
      return { type: 'json' };
    case 'text':
      return { type: 'text' };
    default:
      return format satisfies never;
  }
}

function answerOf({ content, finishReason, usage }: AiSdkAnswer): ModelAnswer {
  return {
    text: content.map(({ type, text = '' }) => (type === 'text' ? text : '')).join(''),
    finishReason: typeof finishReason === 'string' ? finishReason : finishReason.unified,
    usage: { inputTokens: countOf(usage.inputTokens), outputTokens: countOf(usage.outputTokens) },
  };
}

function countOf(tokens: SdkTokens): number | undefined {
  const count = typeof tokens === 'object' ? tokens?.total : tokens;
  return typeof count === 'number' && count >= 0 ? count : undefined;
}
