import { configuredUrl, type Endpoint, endpointOf, keyOf } from '../run/endpoint.js';
import type { Finding } from './finding.js';

const timeoutMs = 5_000;

/**
 * Asks the endpoint of a model what it has: that costs nothing. No key is ever shown, nor what a URL has of one.
 * @param name of the model, where one is named
 */
export async function checkModel(name: string | undefined, env: NodeJS.ProcessEnv): Promise<Finding> {
  const baseURL = configuredUrl(env);
  const endpoint = name === undefined ? baseURL && { baseURL, ...keyOf(env), model: undefined } : endpointOf(name, env);
  if (endpoint) return askFor(endpoint);
  const found = 'none is set up (OPENAI_API_KEY, OPENAI_BASE_URL): the offline composer works without';
  return { subject: 'model', status: 'none', found };
}

type Asked = Omit<Endpoint, 'model'> & { readonly model: string | undefined };

async function askFor({ baseURL, apiKey, model }: Asked): Promise<Finding> {
  const subject = `model${model === undefined ? '' : ` ${model}`} at ${shownUrl(baseURL)}`;
  const next = ['look at --model, OPENAI_BASE_URL and OPENAI_API_KEY, and whether a local Ollama runs'];
  try {
    const response = await fetch(modelsUrl(baseURL), {
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) {
      await response.body?.cancel();
      const why = response.status === 401 || response.status === 403 ? ', so the key is not taken' : '';
      return { subject, status: 'bad', found: `it answers ${response.status}${why}`, next };
    }
    const known = idsIn(await response.text());
    if (model === undefined || known === undefined || known.some((id) => id === model || id === `${model}:latest`)) {
      return { subject, status: 'ok', found: 'it answers' };
    }
    return { subject, status: 'bad', found: `it answers, and has no model of this name`, next };
  } catch (error) {
    return { subject, status: 'bad', found: `it does not answer (${reasonOf(error)})`, next };
  }
}

/** Beside the address that a run asks, with the same query. */
function modelsUrl(baseURL: string): URL {
  const url = new URL(baseURL);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/models`;
  return url;
}

/** The models that it lists; `undefined` where it lists them in a way of its own. */
function idsIn(text: string): string[] | undefined {
  try {
    const { data } = JSON.parse(text) as { data?: unknown };
    return Array.isArray(data) ? data.map(({ id }) => String(id)) : undefined;
  } catch {
    return undefined;
  }
}

/** Without a name and a password, and without what follows the path. */
export function shownUrl(text: string): string {
  if (!URL.canParse(text)) return '(no URL)';
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError') return `not within ${timeoutMs / 1_000} s`;
  const { code } = (error.cause ?? error) as NodeJS.ErrnoException;
  return code ?? error.name;
}
