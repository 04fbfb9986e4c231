import { VibeError, type VibeErrorCode } from '../errors.js';

/** Whether and when a failed attempt is tried again. */
export interface RetryPolicy {
  /** Attempts in all; 1 means that nothing is tried again. Default 1. */
  readonly maxAttempts: number;
  /** Milliseconds between the end of an attempt and the start of the next. Default 0. */
  readonly delayMs: number;
}

const afterPayment: readonly VibeErrorCode[] = ['OUTPUT_NOT_SERIALIZABLE', 'REDACTION_FAILED'];

/** Milliseconds to wait before the next attempt; `undefined` when there is none. */
export function delayBeforeRetry(policy: RetryPolicy, attempt: number, error: unknown): number | undefined {
  if (attempt >= policy.maxAttempts) return undefined;
  // The handler did its work and was paid; it would return the same kind of thing again.
  if (VibeError.is(error) && afterPayment.includes(error.code)) return undefined;
  return policy.delayMs;
}
