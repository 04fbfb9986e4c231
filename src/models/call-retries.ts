import { VibeError } from '../errors.js';
import { delayBeforeRetry, type RetryOptions } from '../execution/retry.js';
import type { Host } from '../host.js';
import { modelErrorOf } from './model-failure.js';

/** Nobody waits longer for a plan: a run that has none yet cannot pause. */
const longestWaitMs = 600_000;

interface Calls {
  /** Who is asked, for the log. */
  readonly modelId: string;
  readonly retry: RetryOptions;
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** Makes a call, and again as `retry` says. @throws what the last one threw, or the reason of the signal */
export async function retried<T>(call: () => Promise<T>, { modelId, retry, host, signal }: Calls): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      const delayMs = delayBeforeRetry(retry, attempt, error, host);
      if (delayMs === undefined || delayMs > longestWaitMs) throw error;
      host.log('warn', 'Planning failed and is tried again.', {
        model: modelId,
        attempt,
        delayMs,
        error: toldOf(modelErrorOf(modelId, error)),
      });
      await wait(delayMs, host, signal);
    }
  }
}

/** Its cause may hold what is nobody's business. */
function toldOf(thrown: unknown): { readonly name: string; readonly message: string; readonly code?: string } {
  if (!(thrown instanceof Error)) return { name: 'Error', message: 'something that is no error was thrown' };
  const { name, message } = thrown;
  return { name, message, ...(VibeError.is(thrown) && { code: thrown.code }) };
}

function wait(delayMs: number, { setTimer }: Host, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = setTimer(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, delayMs);
    const abort = () => {
      cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}
