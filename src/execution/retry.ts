import { type NodeTimeoutError, retryWish, VibeError, type VibeErrorCode } from '../errors.js';
import type { Host } from '../host.js';
import type { NodeRetry } from '../plan/workflow-node.js';
import { isTransient, retryAfterOf } from './provider-error.js';

/** Whether and when a failed attempt is tried again. What is left out comes from the next less specific `retry`. */
export interface RetryOptions extends Omit<NodeRetry, 'unknownFields'> {
  /** Whether this failure is worth another attempt; `attempt` is the one that failed, from 1. Default: it is. */
  readonly shouldRetry?: (error: unknown, attempt: number) => boolean;
}

/** Options, or `'standard'`: what suits a provider that is called over the network. */
export type Retry = RetryOptions | 'standard';

/** 5 attempts, random waits that grow from 1 s to 60 s, and only for what may well pass. */
export const standardRetry: Required<RetryOptions> = Object.freeze({
  maxAttempts: 5,
  delayMs: 1_000,
  backoff: 'exponential',
  maxDelayMs: 60_000,
  shouldRetry: isTransient,
});

/** No wait is longer: a date has to come of it. */
const longestMs = 366 * 24 * 3_600_000;

/** What counts for a node, field by field: the last of `layers` that says something. */
export function retryOf(...layers: ReadonlyArray<Retry | undefined>): RetryOptions {
  const merged: Record<string, unknown> = {};
  for (const layer of layers) {
    const said = layer === 'standard' ? standardRetry : (layer ?? {});
    for (const [name, value] of Object.entries(said)) if (value !== undefined) merged[name] = value;
  }
  return merged;
}

/** The handler did its work and was paid; it would return the same kind of thing again. */
const afterPayment: readonly VibeErrorCode[] = ['OUTPUT_NOT_SERIALIZABLE', 'REDACTION_FAILED'];

/** Milliseconds to wait before the next attempt; `undefined` when there is none. */
export function delayBeforeRetry(
  retry: RetryOptions,
  attempt: number,
  error: unknown,
  host: Pick<Host, 'now' | 'random'>,
): number | undefined {
  if (attempt >= (retry.maxAttempts ?? 1)) return undefined;
  const wish = wishOf(error);
  if (wish === 'never') return undefined;
  if (wish !== undefined) return wholeMs(wish instanceof Date ? wish.getTime() - host.now() : wish);
  if (isFinal(error)) return undefined;
  if (retry.shouldRetry?.(error, attempt) === false) return undefined;
  return wholeMs(Math.max(ownDelay(retry, attempt, host), retryAfterOf(error, host.now()) ?? 0));
}

function isFinal(error: unknown): boolean {
  if (!VibeError.is(error)) return false;
  if (error.code === 'NODE_TIMEOUT') return (error as NodeTimeoutError).limit === 'nodeTimeoutMs';
  return afterPayment.includes(error.code);
}

function ownDelay(retry: RetryOptions, attempt: number, { random }: Pick<Host, 'random'>): number {
  const { backoff, delayMs, maxDelayMs } = retry;
  if (backoff !== 'exponential') return Math.min(delayMs ?? 0, maxDelayMs ?? Number.POSITIVE_INFINITY);
  const doubled = (delayMs ?? standardRetry.delayMs) * 2 ** Math.min(attempt - 1, 32);
  return random() * Math.min(doubled, maxDelayMs ?? standardRetry.maxDelayMs);
}

function wishOf(error: unknown): 'never' | number | Date | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  try {
    return (error as { [retryWish]?: 'never' | number | Date })[retryWish];
  } catch {
    return undefined; // a foreign object whose fields cannot even be read
  }
}

function wholeMs(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), longestMs);
}
