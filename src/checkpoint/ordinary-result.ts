import { isPlainObject, type JsonObject } from '../plan/json-value.js';
import type { CompletedResult, NodeResult } from '../run/node-result.js';

// What nearly every line of a journal is, both directions side by side. Anything out of the ordinary is `undefined`.

/**
 * As `JSON.stringify` writes what `encodeNodeResult` makes of it, in a fraction of the time: it would be most of what a
 * record costs, besides its checksum.
 */
export function ordinaryResultText(result: NodeResult): string | undefined {
  if (result.status !== 'completed' || result.output === undefined || result.handler === undefined) return undefined;
  if (result.fromChildren !== undefined || result.blobs !== undefined || result.unknownFields !== undefined)
    return undefined;
  const { nodeId, output, attempts, startedAt, completedAt, durationMs, handler } = result;
  if (!isIdentity(handler) || !Number.isFinite(attempts) || !Number.isFinite(durationMs)) return undefined;
  const made = `{"node_id":${quoted(nodeId)},"status":"completed","output":${textOf(output)},"attempts":${attempts}`;
  const times = `"started_at":${quoted(startedAt)},"completed_at":${quoted(completedAt)},"duration_ms":${durationMs}`;
  const version = handler.version === undefined ? '' : `,"version":${quoted(handler.version)}`;
  return `${made},${times},"handler":{"name":${quoted(handler.name)}${version}}}`;
}

/** Printable ASCII of which nothing has to be escaped. */
const plainText = /^[ !#-[\]-~]*$/;

function quoted(text: string): string {
  return plainText.test(text) ? `"${text}"` : JSON.stringify(text);
}

function textOf(output: unknown): string {
  return typeof output === 'string' ? quoted(output) : JSON.stringify(output);
}

/**
 * The result of a node that a handler completed, where the document holds nothing else; otherwise it is for
 * `nodeResultSchema` to judge, which this agrees with.
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
