import { statusIn } from '../execution/provider-error.js';
import type { ModelAnswer, ModelRequest } from './chat-model.js';

/** How strictly a provider can be held to JSON, the strictest first. */
const answerFormats = ['json_schema', 'json_object', 'text'] as const;
export type AnswerFormat = (typeof answerFormats)[number];

type Call = (request: ModelRequest, format: AnswerFormat) => Promise<ModelAnswer>;

/**
 * Asks for JSON in the strictest way that the provider takes: where it refuses one, the next is tried, with the schema in
 * the prompt. What worked once is where later requests begin.
 */
export function inBestFormat(call: Call): (request: ModelRequest) => Promise<ModelAnswer> {
  let first = 0;
  return async (request) => {
    if (request.schema === undefined) return call(request, 'text');
    for (let at = first; ; at++) {
      const format = answerFormats[at] as AnswerFormat;
      try {
        const answer = await call(format === 'json_schema' ? request : withSchemaInPrompt(request), format);
        first = at;
        return answer;
      } catch (error) {
        if (format === 'text' || !mayBeTheFormat(error)) throw error;
      }
    }
  };
}

/** Whether a provider that does not know a format may have thrown this. Few say so in words that could be relied on. */
function mayBeTheFormat(error: unknown): boolean {
  const { reason, cause } = (error ?? {}) as { readonly reason?: unknown; readonly cause?: unknown };
  if (reason === 'filtered' || reason === 'quota') return false;
  const names = [error, cause].map((link) => (link as { readonly name?: unknown } | undefined)?.name);
  if (names.includes('AI_UnsupportedFunctionalityError')) return true;
  return [400, 415, 422, 501].includes(statusIn(error) ?? 0);
}

function withSchemaInPrompt(request: ModelRequest): ModelRequest {
  const rule = 'Answer with one JSON object and nothing else. It must fit this JSON Schema:';
  return { ...request, prompt: `${request.prompt}\n\n${rule}\n${JSON.stringify(request.schema)}` };
}
