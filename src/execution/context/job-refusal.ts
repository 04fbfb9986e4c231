/** Errors of our own that say so themselves. */
const refusals = ['FatalError', 'RetryAfterError'];

/**
 * Whether an error says that the provider did not take a job: HTTP status 4xx, where the usual clients put it. Not 408
 * and 409: after these it may have it, from this try or from an earlier one.
 */
export function isRefusal(error: unknown): boolean {
  try {
    const { name, status, statusCode, response } = error as Record<string, unknown>;
    if (error instanceof Error && refusals.includes(name as string)) return true;
    const told = [status, statusCode, (response as { status?: unknown } | undefined)?.status];
    const code = told.find((value) => typeof value === 'number') as number | undefined;
    return code !== undefined && code >= 400 && code < 500 && code !== 408 && code !== 409;
  } catch {
    return false; // an error that cannot be read says nothing
  }
}
