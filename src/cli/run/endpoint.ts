/** Where a model is asked for, as `openaiCompatible` takes it. */
export interface Endpoint {
  readonly baseURL: string;
  readonly apiKey?: string;
  readonly model: string;
}

const openAi = 'https://api.openai.com/v1';
const localOllama = 'http://127.0.0.1:11434/v1';
const ollamaPrefix = 'ollama/';

/**
 * `ollama/<name>` is that of this machine. Any other name is a model of `OPENAI_BASE_URL`, or of OpenAI where there is
 * only a key. Without both it is one of the local Ollama: nothing leaves this machine that was not told to.
 */
export function endpointOf(name: string, env: NodeJS.ProcessEnv): Endpoint {
  const configured = configuredUrl(env);
  if (name.startsWith(ollamaPrefix)) return { baseURL: localOllama, model: name.slice(ollamaPrefix.length) };
  if (configured === undefined) return { baseURL: localOllama, model: name };
  return { baseURL: configured, model: name, ...keyOf(env) };
}

/** The endpoint that the environment names, if it does. */
export function configuredUrl({ OPENAI_BASE_URL, OPENAI_API_KEY }: NodeJS.ProcessEnv): string | undefined {
  return OPENAI_BASE_URL || (OPENAI_API_KEY ? openAi : undefined);
}

/** Set to nothing is not set. */
export function keyOf({ OPENAI_API_KEY: apiKey }: NodeJS.ProcessEnv): { apiKey?: string } {
  return apiKey ? { apiKey } : {};
}
