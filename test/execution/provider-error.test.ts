import { describe, expect, it } from 'vitest';
import { NodeTimeoutError } from '../../src/errors.js';
import { isTransient, retryAfterOf } from '../../src/execution/provider-error.js';

const nowMs = Date.UTC(2026, 0, 1);

function failure(fields: object, cause?: unknown): Error {
  return Object.assign(new Error('failed', { cause }), fields);
}

describe('the wait that a provider asks for', () => {
  it.each<[string, unknown, number]>([
    ['seconds in Headers', failure({ status: 429, headers: new Headers({ 'Retry-After': '7' }) }), 7_000],
    ['seconds in a plain object', failure({ status: 503, headers: { 'retry-after': '7' } }), 7_000],
    ['a name in any case, and a number', failure({ statusCode: 429, headers: { 'Retry-After': 2 } }), 2_000],
    ['a list of values', failure({ status: 429, headers: { 'retry-after': ['3', '9'] } }), 3_000],
    ['a Map', failure({ status: 429, headers: new Map([['retry-after', '4']]) }), 4_000],
    ['a date', failure({ status: 529, headers: { 'retry-after': new Date(nowMs + 90_000).toUTCString() } }), 90_000],
    ['a date that is over', failure({ status: 429, headers: { 'retry-after': new Date(0).toUTCString() } }), 0],
    ['milliseconds first', failure({ status: 429, headers: { 'retry-after-ms': '250', 'retry-after': '1' } }), 250],
    ['headers of the response', failure({ response: { status: 429, headers: { 'retry-after': '5' } } }), 5_000],
    ['response headers', failure({ statusCode: 429, responseHeaders: { 'retry-after': '6' } }), 6_000],
    [
      'metadata',
      failure({ $metadata: { httpStatusCode: 503 }, $response: { headers: { 'retry-after': '8' } } }),
      8_000,
    ],
    ['a cause', failure({}, failure({ status: 429, headers: { 'retry-after': '9' } })), 9_000],
    ['the last of its own attempts', failure({ lastError: { status: 429, headers: { 'retry-after': '1' } } }), 1_000],
    ['no error at all', { status: 429, headers: { 'retry-after': '1' } }, 1_000],
  ])('is read from %s', (_, error, expected) => {
    expect(retryAfterOf(error, nowMs)).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['another status', failure({ status: 500, headers: { 'retry-after': '7' } })],
    ['no status', failure({ headers: { 'retry-after': '7' } })],
    ['no such header', failure({ status: 429, headers: new Headers() })],
    ['a header that makes no sense', failure({ status: 429, headers: { 'retry-after': 'soon' } })],
    ['a negative number', failure({ status: 429, headers: { 'retry-after-ms': '-1' } })],
    ['no object', 'rate limited'],
    ['nothing', undefined],
    [
      'getters that throw',
      Object.defineProperty(failure({ status: 429 }), 'headers', {
        get: () => {
          throw new Error('gone');
        },
      }),
    ],
    [
      'a get that throws',
      failure({
        status: 429,
        headers: {
          get: () => {
            throw new Error('gone');
          },
        },
      }),
    ],
  ])('is not read from %s', (_, error) => {
    expect(retryAfterOf(error, nowMs)).toBeUndefined();
  });
});

describe('a failure that may well pass', () => {
  const fetchFailed = new TypeError('fetch failed', { cause: failure({ code: 'ECONNRESET' }) });
  class APIConnectionError extends Error {}
  const itself = failure({});
  itself.cause = itself;

  it.each<[string, unknown]>([
    ...[408, 429, 500, 502, 503, 504, 529].map((status): [string, unknown] => [`${status}`, failure({ status })]),
    ['a failed fetch', fetchFailed],
    ['a code of the network', failure({ code: 'ECONNREFUSED' })],
    ['a code of undici', failure({ code: 'UND_ERR_HEADERS_TIMEOUT' })],
    ['a code in a cause', new Error('request failed', { cause: failure({ code: 'EAI_AGAIN' }) })],
    ['AbortSignal.timeout', new DOMException('The operation timed out', 'TimeoutError')],
    ['our own timeout', new NodeTimeoutError('a', 5)],
    ['a class that says so', new APIConnectionError('Connection error.')],
  ])('is %s', (_, error) => {
    expect(isTransient(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ...[400, 401, 403, 404, 409, 422].map((status): [string, unknown] => [`${status}`, failure({ status })]),
    ['a mistake in the handler', new TypeError('x is not a function')],
    ['an abort', new DOMException('This operation was aborted', 'AbortError')],
    ['a refusal over a broken connection', failure({ status: 400 }, failure({ code: 'ECONNRESET' }))],
    ['its own cause', itself],
    ['text', 'no'],
  ])('is not %s', (_, error) => {
    expect(isTransient(error)).toBe(false);
  });
});
