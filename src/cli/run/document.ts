import type { ExecutionResult } from 'vibe-aigc';

/** What `execute --json` and `resume --json` print. */
export function documentOf(result: ExecutionResult, next: readonly string[]) {
  return { version: 1, ...result, next };
}
