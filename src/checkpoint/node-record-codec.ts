import { isPlainObject, type JsonObject } from '../plan/json-value.js';
import type { NodeRecord } from '../run/node-record.js';
import type { Pause } from '../run/pause.js';
import type { NodeSpend } from '../run/spend.js';
import { decodeNode, encodeNode } from './plan-codec.js';

// What happens to a node before it has its result, and why a run pauses: the names on disk, both directions side by
// side. What belongs to the host (output, handle, payload, schema) is never looked into.

const storedNames = {
  nodeId: 'node_id',
  retryAt: 'retry_at',
  durationMs: 'duration_ms',
  idempotencyKey: 'idempotency_key',
  signalId: 'signal_id',
  resumeAt: 'resume_at',
} as const;
const ourNames = new Map<string, string>(Object.entries(storedNames).map(([ours, stored]) => [stored, ours]));

export function encodeNodeRecord(record: NodeRecord): JsonObject {
  const fields = renamed(record, (name) => (Object.hasOwn(storedNames, name) ? storedNames[name as 'nodeId'] : name));
  return record.kind === 'nodes_spawned' ? { ...fields, nodes: record.nodes.map(encodeNode) } : fields;
}

export function decodeNodeRecord(document: unknown): unknown {
  if (!isPlainObject(document)) return document;
  const fields = renamed(document, (name) => ourNames.get(name) ?? name);
  const { nodes } = document;
  return Array.isArray(nodes) ? { ...fields, nodes: nodes.map(decodeNode) } : fields;
}

export function encodePause(pause: Pause): JsonObject {
  return renamed(pause, (name) => (Object.hasOwn(storedNames, name) ? storedNames[name as 'nodeId'] : name));
}

export function decodePauses(documents: unknown): unknown {
  return Array.isArray(documents) ? documents.map((document) => decodeNodeRecord(document)) : documents;
}

export function encodeSpend({ nodeId, currency, amount, tokens }: NodeSpend): JsonObject {
  return { node_id: nodeId, currency, amount, tokens };
}

export function decodeSpend(document: unknown): unknown {
  if (!isPlainObject(document)) return document;
  const { node_id, currency, amount, tokens } = document;
  return { nodeId: node_id, currency, amount, tokens };
}

/** The fields of a record itself, never those inside. */
function renamed(fields: object, nameOf: (name: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [nameOf(name), value]));
}
