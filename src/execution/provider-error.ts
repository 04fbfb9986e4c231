/** What an error of any SDK says of trying again, by its shape: we know none of their classes. */

/** Statuses whose `retry-after` is meant for us: too many requests, unavailable, overloaded. */
const busy = new Set([429, 503, 529]);

const networkCodes =
  /^(ECONNRESET|ECONNREFUSED|ECONNABORTED|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN|ERR_NETWORK|UND_ERR_(CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET))$/;
const transientNames = new Set(['TimeoutError', 'NodeTimeoutError', 'APIConnectionError', 'APIConnectionTimeoutError']);
const networkMessages = /^(fetch failed|network error|failed to fetch|socket hang up|terminated)$/i;

/** Milliseconds after which the provider wants to be asked again; `undefined` when it does not say. */
export function retryAfterOf(error: unknown, nowMs: number): number | undefined {
  for (const link of chainOf(error)) {
    if (!busy.has(statusOf(link) ?? 0)) continue;
    for (const headers of headersOf(link)) {
      const after = inMilliseconds(headers, nowMs);
      if (after !== undefined) return after;
    }
  }
  return undefined;
}

/** Whether the provider refused because it has too much to do. */
export function isBusy(error: unknown): boolean {
  return chainOf(error).some((link) => busy.has(statusOf(link) ?? 0));
}

/**
 * Whether the next attempt may well succeed: the network failed, somebody timed out, or the provider has too much to do
 * or a fault of its own (408, 429, 5xx). A status decides; without one, the name, code or message that such errors have.
 */
export function isTransient(error: unknown): boolean {
  const status = statusIn(error);
  if (status !== undefined) return status === 408 || status === 429 || status >= 500;
  return chainOf(error).some((link) => {
    const names = [field(link, 'name'), field(field(link, 'constructor'), 'name')];
    if (names.some((name) => transientNames.has(name as string))) return true;
    const [code, message] = [field(link, 'code'), field(link, 'message')];
    if (typeof code === 'string' && networkCodes.test(code)) return true;
    return typeof message === 'string' && networkMessages.test(message);
  });
}

/** The HTTP status that an error, or what it wraps, tells of. */
export function statusIn(error: unknown): number | undefined {
  for (const link of chainOf(error)) {
    const status = statusOf(link);
    if (status !== undefined) return status;
  }
  return undefined;
}

/** An error and what it wraps. */
function chainOf(error: unknown): unknown[] {
  const links: unknown[] = [];
  for (let link = error; isObject(link) && links.length < 5; link = field(link, 'cause') ?? field(link, 'lastError')) {
    links.push(link);
  }
  return links;
}

function statusOf(error: unknown): number | undefined {
  const [response, metadata] = [field(error, 'response'), field(error, '$metadata')];
  const found = [
    field(error, 'status'),
    field(error, 'statusCode'),
    field(response, 'status'),
    field(response, 'statusCode'),
    field(metadata, 'httpStatusCode'),
  ];
  return found.map(Number).find((status) => Number.isInteger(status) && status >= 100 && status < 600);
}

function headersOf(error: unknown): unknown[] {
  const found = [field(error, 'headers'), field(error, 'responseHeaders')];
  for (const name of ['response', '$response']) found.push(field(field(error, name), 'headers'));
  return found.filter(isObject);
}

function inMilliseconds(headers: unknown, nowMs: number): number | undefined {
  const exact = numberOf(headerOf(headers, 'retry-after-ms'));
  if (exact !== undefined) return exact;
  const after = headerOf(headers, 'retry-after');
  const seconds = numberOf(after);
  if (seconds !== undefined) return seconds * 1000;
  const at = after === undefined ? Number.NaN : Date.parse(after);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
}

/** Of `Headers`, of a `Map`, or of an object with names in any case. */
function headerOf(headers: unknown, name: string): string | undefined {
  const get = field(headers, 'get');
  const got = typeof get === 'function' ? quietly(() => get.call(headers, name)) : undefined;
  const key = got == null ? quietly(() => Object.keys(headers as object).find((k) => k.toLowerCase() === name)) : name;
  const value = got ?? (key === undefined ? undefined : field(headers, key));
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' || typeof first === 'number' ? String(first) : undefined;
}

function field(object: unknown, name: string): unknown {
  return isObject(object) ? quietly(() => (object as Record<string, unknown>)[name]) : undefined;
}

/** Foreign objects may have getters that throw. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
