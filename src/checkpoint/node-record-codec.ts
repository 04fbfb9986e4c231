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

/** What somebody has to say to a node of a run that waits for it, or will. */
export interface Signal {
  readonly runId: string;
  readonly nodeId: string;
  readonly name: string;
  readonly payload: unknown;
  /** ISO 8601, UTC. */
  readonly sentAt: string;
}

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

/** A message in the inbox of a plan, as opaque text. */
export function encodeSignal({ runId, nodeId, name, payload, sentAt }: Signal): string {
  return JSON.stringify({ run_id: runId, node_id: nodeId, name, payload, sent_at: sentAt });
}

/** `undefined` for what is no message of ours. */
export function decodeSignal(text: string): Signal | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isPlainObject(document)) return undefined;
  const { run_id, node_id, name, payload = null, sent_at } = document;
  const texts = [run_id, node_id, name, sent_at];
  if (!texts.every((field) => typeof field === 'string')) return undefined;
  const [runId, nodeId, of, sentAt] = texts as [string, string, string, string];
  return { runId, nodeId, name: of, payload, sentAt };
}

/** The fields of a record itself, never those inside. */
function renamed(fields: object, nameOf: (name: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [nameOf(name), value]));
}
