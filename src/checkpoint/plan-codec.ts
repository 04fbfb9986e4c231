import { isPlainObject, type JsonObject, setOwn } from '../plan/json-value.js';
import type { Vibe } from '../plan/vibe.js';
import type { NodeRetry, WorkflowNode } from '../plan/workflow-node.js';
import type { WorkflowPlan } from '../plan/workflow-plan.js';

// Vibes, plans and nodes: the names on disk, both directions side by side. Unknown fields come back as they were; what
// belongs to the host (metadata, parameters) is never looked into.

export function encodeVibe({ description, style, constraints, domain, metadata, unknownFields }: Vibe): JsonObject {
  return withUnknown({ description, style, constraints, domain, metadata }, unknownFields);
}

export function decodeVibe(document: unknown): unknown {
  if (!isPlainObject(document)) return document;
  const { description, style, constraints, domain, metadata, ...unknown } = document;
  return { description, style, constraints, domain, metadata, ...unknownFieldsOf(unknown) };
}

export function encodePlan(plan: WorkflowPlan): JsonObject {
  const fields = {
    id: plan.id,
    source_vibe: encodeVibe(plan.sourceVibe),
    root_nodes: plan.rootNodes.map(encodeNode),
    estimated_total_duration: plan.estimatedTotalDuration,
    created_at: plan.createdAt,
  };
  return withUnknown(fields, plan.unknownFields);
}

export function decodePlan(document: unknown): unknown {
  if (!isPlainObject(document)) return document;
  const { id, source_vibe, root_nodes, estimated_total_duration, created_at, ...unknown } = document;
  return {
    id,
    sourceVibe: decodeVibe(source_vibe),
    rootNodes: Array.isArray(root_nodes) ? root_nodes.map(decodeNode) : root_nodes,
    estimatedTotalDuration: estimated_total_duration,
    createdAt: created_at,
    ...unknownFieldsOf(unknown),
  };
}

export function encodeNode(node: WorkflowNode): JsonObject {
  const fields = {
    id: node.id,
    type: node.type,
    description: node.description,
    parameters: node.parameters,
    dependencies: node.dependencies,
    children: node.children.map(encodeNode),
    estimated_duration: node.estimatedDuration,
    limits: node.limits,
    ...(node.retry !== undefined && { retry: encodeRetry(node.retry) }),
  };
  return withUnknown(fields, node.unknownFields);
}

export function decodeNode(document: unknown): unknown {
  if (!isPlainObject(document) || hasSameNames(document)) return document;
  const { id, type, description, parameters, dependencies, children, ...rest } = document;
  const { estimated_duration, limits, retry, ...unknown } = rest;
  return {
    id,
    type,
    description,
    parameters,
    dependencies,
    children: Array.isArray(children) ? children.map(decodeNode) : children,
    estimatedDuration: estimated_duration,
    ...(limits !== undefined && { limits }),
    ...(retry !== undefined && { retry: decodeRetry(retry) }),
    ...unknownFieldsOf(unknown),
  };
}

/** Fields of a node that are called the same here and there. */
const sameNames: ReadonlySet<string> = new Set(['id', 'type', 'description', 'parameters', 'dependencies', 'children']);

/** Most nodes have no others, and nothing below them: whoever reads them makes a copy anyway. */
function hasSameNames(document: JsonObject): boolean {
  for (const name in document) if (!sameNames.has(name)) return false;
  return !Array.isArray(document.children) || document.children.length === 0;
}

function encodeRetry({ maxAttempts, delayMs, backoff, maxDelayMs, unknownFields }: NodeRetry): JsonObject {
  const fields = { max_attempts: maxAttempts, delay_ms: delayMs, backoff, max_delay_ms: maxDelayMs };
  return withUnknown(fields, unknownFields);
}

function decodeRetry(document: unknown): unknown {
  if (!isPlainObject(document)) return document;
  const { max_attempts, delay_ms, backoff, max_delay_ms, ...unknown } = document;
  return {
    maxAttempts: max_attempts,
    delayMs: delay_ms,
    backoff,
    maxDelayMs: max_delay_ms,
    ...unknownFieldsOf(unknown),
  };
}

export function unknownFieldsOf(fields: JsonObject): { unknownFields?: JsonObject } {
  return Object.keys(fields).length === 0 ? {} : { unknownFields: fields };
}

/** What this version knows always wins over what it does not, here or in another part of the document. */
export function withUnknown(fields: JsonObject, unknown: JsonObject = {}, elsewhere: JsonObject = {}): JsonObject {
  for (const key of Object.keys(unknown)) {
    if (!Object.hasOwn(fields, key) && !Object.hasOwn(elsewhere, key)) setOwn(fields, key, unknown[key]);
  }
  return fields;
}
