import type { Finding } from './finding.js';

const timeoutMs = 5_000;
const openAi = 'https://api.openai.com/v1';

/** Asks an endpoint of a model what it has: that costs nothing. No key is ever shown, nor what a URL has of one. */
export async function checkModel(env: NodeJS.ProcessEnv): Promise<Finding> {
  const { OPENAI_API_KEY: key, OPENAI_BASE_URL: given } = env;
  const baseUrl = given || (key ? openAi : undefined);
  if (baseUrl === undefined) {
    const found = 'none is set up (OPENAI_API_KEY, OPENAI_BASE_URL): the offline composer works without';
    return { subject: 'model', status: 'none', found };
  }
  const subject = `model at ${shownUrl(baseUrl)}`;
  const next = ['look at OPENAI_BASE_URL and OPENAI_API_KEY'];
  try {
    const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, {
      headers: key ? { authorization: `Bearer ${key}` } : {},
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    if (response.ok) return { subject, status: 'ok', found: 'it answers' };
    const why = response.status === 401 || response.status === 403 ? ', so the key is not taken' : '';
    return { subject, status: 'bad', found: `it answers ${response.status}${why}`, next };
  } catch (error) {
    return { subject, status: 'bad', found: `it does not answer (${reasonOf(error)})`, next };
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
