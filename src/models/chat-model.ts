/** A JSON Schema, draft 7. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface ModelRequest {
  /** How the model is to behave, apart from what is asked. */
  readonly system?: string;
  readonly prompt: string;
  /** What the answer should fit, as JSON text. A model that cannot be bound to it should be told of it. */
  readonly schema?: JsonSchema;
  /** Ends the call. */
  readonly signal?: AbortSignal;
  /** The same over attempts, crashes and resumes, for providers that take such a key. */
  readonly idempotencyKey?: string;
}

export interface ModelAnswer {
  readonly text: string;
  /** Why it ended, such as `stop`, `length`, `content-filter` or `refusal`, where that is known. */
  readonly finishReason?: string;
  readonly usage?: { readonly inputTokens?: number; readonly outputTokens?: number };
}

/**
 * A model that answers text with text: all that a plan needs. `openaiCompatible` and `fromAiSdk` make one; one of your
 * own is an object with these two.
 *
 * What it throws should keep the `status` and `headers` of the provider, so that a retry knows when it makes sense.
 *
 * @example
 * const model: ChatModel = {
 *   id: 'my-model',
 *   generate: async ({ prompt, signal }) => ({ text: await askMyModel(prompt, signal) }),
 * };
 */
export interface ChatModel {
  /** How it is called in results and errors. */
  readonly id: string;
  /** @throws ModelError, or anything; the reason of `signal` when it aborts */
  generate(request: ModelRequest): Promise<ModelAnswer>;
}
