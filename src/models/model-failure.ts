import { ModelError, type ModelFailure, VibeError } from '../errors.js';
import { isTransient, statusIn } from '../execution/provider-error.js';
import type { ModelAnswer } from './chat-model.js';

/** Names that errors of the AI SDK have, whichever version of it. */
const namedFailures: Readonly<Record<string, ModelFailure>> = {
  AI_LoadAPIKeyError: 'unauthorized',
  AI_NoSuchModelError: 'rejected',
  AI_UnsupportedFunctionalityError: 'rejected',
  AI_UnsupportedModelVersionError: 'rejected',
  AI_InvalidPromptError: 'rejected',
  AI_InvalidArgumentError: 'rejected',
  AI_InvalidResponseDataError: 'unreadable',
  AI_JSONParseError: 'unreadable',
  AI_TypeValidationError: 'unreadable',
  AI_EmptyResponseBodyError: 'unreadable',
  AI_NoContentGeneratedError: 'empty',
};

/** What a thrown error says of the call to a model; what says nothing of it is handed on as it is. */
export function modelErrorOf(modelId: string, thrown: unknown): unknown {
  if (VibeError.is(thrown)) return thrown;
  const { name, message } = thrown instanceof Error ? thrown : { name: '', message: '' };
  const status = statusIn(thrown);
  if (status !== undefined) {
    const body = (thrown as { readonly responseBody?: unknown }).responseBody;
    const told = `${message} ${typeof body === 'string' ? body : ''}`;
    const detail = `it answered ${status}${message === '' ? '' : ` (${briefly(message)})`}`;
    return new ModelError(modelId, failureOfStatus(status, told), detail, { status, cause: thrown });
  }
  const named = namedFailures[name];
  if (named !== undefined) return new ModelError(modelId, named, briefly(message), { cause: thrown });
  if (!isTransient(thrown)) return thrown;
  const reason = isTimeout(thrown) ? 'timeout' : 'unavailable';
  const what = reason === 'timeout' ? 'it did not answer in time' : 'it could not be reached';
  return new ModelError(modelId, reason, `${what} (${briefly(causeOf(thrown, message))})`, { cause: thrown });
}

/** @param told what the provider said, in which codes are looked for */
export function failureOfStatus(status: number, told: string): ModelFailure {
  if (/insufficient_quota|exceeded your current quota/i.test(told)) return 'quota';
  if (/content_filter|content_policy/i.test(told)) return 'filtered';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 402) return 'quota';
  if (status === 429 || status === 503 || status === 529) return 'busy';
  if (status === 408 || status >= 500) return 'unavailable';
  return status < 300 ? 'unreadable' : 'rejected';
}

/**
 * Whether an answer was cut off at the limit of its length.
 */
export function isTruncated({ finishReason }: ModelAnswer): boolean {
  return finishReason === 'length' || finishReason === 'max_tokens';
}

/**
 * The text of an answer that is one.
 * @throws ModelError for a refusal, a filtered, truncated or empty answer
 */
export function textOf(modelId: string, answer: ModelAnswer): string {
  checkWilling(modelId, answer);
  if (isTruncated(answer)) {
    throw new ModelError(modelId, 'truncated', `its answer was cut off after ${answer.text.length} characters`);
  }
  if (answer.text.trim() === '') throw new ModelError(modelId, 'empty', 'its answer was empty');
  return answer.text;
}

/** @throws ModelError for a refusal or a filtered answer */
export function checkWilling(modelId: string, { text, finishReason }: ModelAnswer): void {
  if (finishReason === 'refusal') throw new ModelError(modelId, 'refused', `it declined (${briefly(text)})`);
  if (finishReason === 'content-filter' || finishReason === 'content_filter') {
    throw new ModelError(modelId, 'filtered', 'a content filter withheld its answer');
  }
}

/** On one line, and no longer than a message may be. */
export function briefly(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= 300 ? line : `${line.slice(0, 300)}…`;
}

/** `fetch` says of any connection that it failed; why, and which address it was, is in its cause. */
function causeOf(thrown: unknown, message: string): string {
  const { cause } = thrown as { readonly cause?: unknown };
  if (!(cause instanceof Error)) return message;
  const told = cause.message || (cause as { readonly code?: unknown }).code; // of several addresses there is no message
  return typeof told === 'string' && told !== '' && told !== message ? `${message}: ${told}` : message;
}

function isTimeout(thrown: unknown): boolean {
  const { name, code } = (thrown ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  return name === 'TimeoutError' || /TIMEOUT|ETIMEDOUT/.test(String(code ?? ''));
}
