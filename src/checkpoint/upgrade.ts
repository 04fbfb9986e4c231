import { isPlainObject, type JsonObject, setOwn } from '../plan/json-value.js';
import type { Sha256 } from './sealed-document.js';

/**
 * A document of the Python original (`schema_version` "1.0") as one of ours. What that format lacks is derived: the run
 * id from plan and start, counts from the results, milliseconds from seconds. Times without a zone are local.
 *
 * Epoch and position are 0, so that such a file never counts as later than anything that we wrote, and the newest of
 * several is the latest. A composite that is marked completed although a node below it failed is not taken over: the
 * original marks it before its children run.
 */
export function upgradeFrom1(document: JsonObject, sha256: Sha256): JsonObject {
  const plan = objectOf(document.plan);
  const execution = objectOf(document.execution_result);
  const rootNodes = listOf(plan.root_nodes);
  const startedAt = knownTime(execution.started_at, document.created_at);
  const results = upgradeResults(objectOf(execution.node_results), rootNodes, startedAt);
  const completed: unknown[] = [];
  const pending: unknown[] = [];
  for (const node of rootNodes) sortNode(node, results, completed, pending);
  return {
    schema_version: '2.0',
    run_id: `run-${sha256(JSON.stringify([plan.id, execution.started_at])).slice(0, 20)}`,
    state: runStates.has(execution.status) ? execution.status : 'running',
    epoch: 0,
    seq: 0,
    checkpoint_id: document.checkpoint_id,
    plan_id: plan.id,
    created_at: utcOf(document.created_at),
    vibe: upgradeVibe(plan.source_vibe),
    workflow_plan: {
      id: plan.id,
      source_vibe: upgradeVibe(plan.source_vibe),
      root_nodes: rootNodes.map(upgradeNode),
      estimated_total_duration: plan.estimated_total_duration ?? undefined,
      created_at: plan.created_at === undefined ? undefined : utcOf(plan.created_at),
    },
    completed_nodes: completed,
    node_results: results,
    pending_nodes: pending,
    started_at: startedAt,
    ended_at: execution.completed_at == null ? undefined : utcOf(execution.completed_at),
    active_ms: msOf(execution.total_duration),
  };
}

const runStates: ReadonlySet<unknown> = new Set(['completed', 'failed', 'cancelled']);

function upgradeVibe(vibe: unknown): unknown {
  if (!isPlainObject(vibe)) return vibe;
  const { description, style, constraints, domain, metadata } = vibe;
  return {
    description,
    style: style ?? undefined,
    constraints: constraints ?? [],
    domain: domain ?? undefined,
    metadata: metadata ?? {},
  };
}

function upgradeNode(node: unknown): unknown {
  if (!isPlainObject(node)) return node;
  const { id, type, description, parameters, dependencies, children, estimated_duration } = node;
  return {
    id,
    type,
    description,
    parameters: parameters ?? {},
    dependencies: dependencies ?? [],
    children: listOf(children).map(upgradeNode),
    estimated_duration: estimated_duration ?? undefined,
  };
}

function upgradeResults(results: JsonObject, rootNodes: readonly unknown[], runStartedAt: string): JsonObject {
  const upgraded: JsonObject = {};
  for (const nodeId of Object.keys(results)) {
    const result = upgradeResult(nodeId, objectOf(results[nodeId]), runStartedAt);
    if (result !== undefined) setOwn(upgraded, nodeId, result);
  }
  for (const node of rootNodes) dropBrokenComposites(node, upgraded);
  return upgraded;
}

/** Results that are neither completed nor failed say nothing that helps to go on. */
function upgradeResult(nodeId: string, result: JsonObject, runStartedAt: string): JsonObject | undefined {
  if (result.status !== 'completed' && result.status !== 'failed') return undefined;
  const startedAt = knownTime(result.started_at, runStartedAt);
  const durationMs = msOf(result.duration);
  const outcome =
    result.status === 'completed'
      ? { output: result.result ?? null }
      : { error: { name: 'Error', message: typeof result.error === 'string' ? result.error : 'failed' } };
  return {
    node_id: nodeId,
    status: result.status,
    ...outcome,
    attempts: 1,
    started_at: startedAt,
    completed_at: new Date(Date.parse(startedAt) + durationMs).toISOString(),
    duration_ms: durationMs,
  };
}

/** Answers whether a node failed, here or anywhere below. */
function dropBrokenComposites(node: unknown, results: JsonObject): boolean {
  if (!isPlainObject(node) || typeof node.id !== 'string') return false;
  let isBroken = false;
  for (const child of listOf(node.children)) if (dropBrokenComposites(child, results)) isBroken = true;
  if (isBroken && node.type === 'composite') delete results[node.id];
  return isBroken || statusOf(node.id, results) === 'failed';
}

/** Sorts a node and all below it into complete and pending; answers whether it is complete. */
function sortNode(node: unknown, results: JsonObject, completed: unknown[], pending: unknown[]): boolean {
  if (!isPlainObject(node)) return false;
  let isComplete = statusOf(node.id, results) === 'completed';
  for (const child of listOf(node.children)) if (!sortNode(child, results, completed, pending)) isComplete = false;
  (isComplete ? completed : pending).push(node.id);
  return isComplete;
}

function statusOf(nodeId: unknown, results: JsonObject): unknown {
  return typeof nodeId === 'string' && Object.hasOwn(results, nodeId) ? objectOf(results[nodeId]).status : undefined;
}

/** ISO 8601 in UTC. What is no time is left as it is, for the schema to refuse. */
function utcOf(time: unknown): string {
  const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? String(time) : new Date(ms).toISOString();
}

/** The first of them that can be read as a time, in UTC; the beginning of time when none can. */
function knownTime(...times: readonly unknown[]): string {
  const known = times.find((time) => typeof time === 'string' && !Number.isNaN(Date.parse(time)));
  return known === undefined ? new Date(0).toISOString() : utcOf(known);
}

function msOf(seconds: unknown): number {
  return typeof seconds === 'number' && seconds >= 0 && seconds < 1e9 ? Math.round(seconds * 1_000) : 0;
}

function objectOf(value: unknown): JsonObject {
  return isPlainObject(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
