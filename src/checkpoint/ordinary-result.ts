import { isPlainObject, type JsonObject } from '../plan/json-value.js';
import type { CompletedResult } from '../run/node-result.js';

/**
 * The result of a node that a handler completed, where the document holds nothing else: what nearly every line of a
 * journal is. Anything out of the ordinary is `undefined`, and for `nodeResultSchema` to judge, which this agrees with.
 */
export function ordinaryResult(document: unknown): CompletedResult | undefined {
  if (!isPlainObject(document)) return undefined;
  const { node_id, status, output, attempts, started_at, completed_at, duration_ms, handler } = document;
  if (status !== 'completed' || output === undefined || Object.keys(document).length !== fieldCount) return undefined;
  if (typeof node_id !== 'string' || typeof started_at !== 'string' || typeof completed_at !== 'string')
    return undefined;
  if (!Number.isSafeInteger(attempts) || (attempts as number) < 0) return undefined;
  if (!Number.isFinite(duration_ms) || (duration_ms as number) < 0) return undefined;
  if (!isPlainObject(handler) || !isIdentity(handler)) return undefined;
  return {
    status,
    nodeId: node_id,
    attempts: attempts as number,
    startedAt: started_at,
    completedAt: completed_at,
    durationMs: duration_ms as number,
    handler,
    output,
  };
}

const fieldCount = 8;

function isIdentity(handler: JsonObject): handler is { name: string; version?: string } {
  const { name, version } = handler;
  const keys = Object.keys(handler).length;
  return typeof name === 'string' && (version === undefined ? keys === 1 : keys === 2 && typeof version === 'string');
}
