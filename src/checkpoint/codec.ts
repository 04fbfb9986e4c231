import { isPlainObject, type JsonObject, maxJsonDepth, nestsDeeperThan, setOwn } from '../plan/json-value.js';
import { vibeSchema } from '../plan/vibe.js';
import { isTooDeep, maxNodeLevels, type WorkflowPlan } from '../plan/workflow-plan.js';
import type { NodeResult } from '../run/node-result.js';
import type { RunParent } from '../run/run-state.js';
import { type Checkpoint, type IntactSummary, shortDescription } from './checkpoint.js';
import { checkpointSchema } from './checkpoint-schema.js';
import {
  decodeNodeRecord,
  decodePauses,
  decodeSpend,
  encodeNodeRecord,
  encodePause,
  encodeSpend,
} from './node-record-codec.js';
import {
  decodePlan,
  decodeVibe,
  encodeNode,
  encodePlan,
  encodeVibe,
  unknownFieldsOf,
  withUnknown,
} from './plan-codec.js';
import {
  type Decoded,
  damaged,
  Entries,
  Items,
  isOlderFormat,
  openDocument,
  openHead,
  type RunningSha256,
  type Sha256,
  sealedParts,
} from './sealed-document.js';
import { upgradeFrom1 } from './upgrade.js';
import { vibeKeyOf } from './vibe-key.js';

const schemaVersion = '2.0';
/** Parameters of the innermost node; a level of nodes is a list and an object. */
const maxDocumentDepth = maxJsonDepth + 2 * maxNodeLevels + 10;

/** A checkpoint as a document, in parts. What a list needs stands in the head. */
export function checkpointParts(checkpoint: Checkpoint, newSha256: () => RunningSha256): Generator<Uint8Array> {
  const head = encodeHead(checkpoint);
  return sealedParts(head, bodyOf(checkpoint, head), newSha256);
}

/** Reads what `checkpointParts` wrote, or the Python original. */
export function decodeCheckpoint(bytes: Uint8Array, sha256: Sha256): Decoded<Checkpoint> {
  const opened = openDocument(bytes, sha256);
  if (!opened.ok) return opened;
  if (nestsDeeperThan(maxDocumentDepth, opened.value)) return damaged('it nests too deep');
  const isOld = isOlderFormat(bytes);
  const plan = isOld ? opened.value.plan : opened.value.workflow_plan;
  if (isPlainObject(plan) && isTooDeep(plan.root_nodes)) return damaged('its plan nests too deep');
  try {
    const fields = decodeFields(isOld ? upgradeFrom1(opened.value, sha256) : opened.value);
    const parsed = checkpointSchema.safeParse(isOld ? withVibeKey(fields, sha256) : fields);
    if (parsed.success) return { ok: true, value: parsed.data };
    const { path, message } = parsed.error.issues[0] as { path: PropertyKey[]; message: string };
    return damaged(`${path.slice(0, 3).map(String).join('.')}: ${message}`);
  } catch (error) {
    if (error instanceof RangeError) return damaged('it nests too deep'); // made by hand: the checksum is right
    throw error;
  }
}

/** Reads what a list needs from the first bytes of a document, without looking at the rest. */
export function decodeHead(start: Uint8Array, sha256: Sha256): Decoded<IntactSummary> {
  const opened = openHead(start, sha256);
  if (!opened.ok) return opened;
  const document = opened.value;
  const { progress } = document;
  const summary = {
    checkpointId: document.checkpoint_id,
    planId: document.plan_id,
    createdAt: document.created_at,
    runId: document.run_id,
    state: document.state,
    vibeKey: document.vibe_key,
    epoch: document.epoch,
    seq: document.seq,
    completedNodes: isPlainObject(progress) ? progress.completed : undefined,
    totalNodes: isPlainObject(progress) ? progress.total : undefined,
    ...reopenedIn(progress),
    vibeDescription: document.vibe_description,
  };
  return isSummary(summary) ? { ok: true, value: summary } : damaged('its head lacks a field');
}

/** Ids of nodes that a damaged document still names as completed: a hint, and nothing to trust. */
export function completedNodesIn(bytes: Uint8Array): string[] {
  const text = new TextDecoder().decode(bytes);
  const nodeIds: string[] = [];
  const name = /"completed_nodes":\s*\[/.exec(text);
  if (name === null) return nodeIds;
  const item = /\s*("(?:[^"\\\n]|\\.)*"),?/y;
  item.lastIndex = name.index + name[0].length;
  for (let found = item.exec(text); found !== null; found = item.exec(text)) {
    try {
      nodeIds.push(JSON.parse(found[1] as string) as string);
    } catch {}
  }
  return nodeIds;
}

function withVibeKey(fields: JsonObject, sha256: Sha256): JsonObject {
  const vibe = vibeSchema.safeParse(fields.vibe);
  return vibe.success ? { ...fields, vibeKey: vibeKeyOf(vibe.data, sha256) } : fields;
}

function isSummary(summary: { [field in keyof IntactSummary]: unknown }): summary is IntactSummary {
  const { checkpointId, planId, createdAt, runId, state, vibeKey, vibeDescription } = summary;
  const { epoch, seq, completedNodes, totalNodes } = summary;
  const texts = [checkpointId, planId, createdAt, runId, state, vibeKey, vibeDescription];
  const counts = [epoch, seq, completedNodes, totalNodes];
  return texts.every((text) => typeof text === 'string') && counts.every((count) => Number.isSafeInteger(count));
}

// The names on disk, both directions side by side. Unknown fields come back as they were; what belongs to the host
// (metadata, parameters, output) is never looked into.

function encodeHead(checkpoint: Checkpoint): JsonObject {
  const completed = checkpoint.completedNodes.length;
  return {
    schema_version: schemaVersion,
    run_id: checkpoint.runId,
    state: checkpoint.state,
    epoch: checkpoint.epoch,
    seq: checkpoint.seq,
    vibe_key: checkpoint.vibeKey,
    vibe_description: shortDescription(checkpoint.vibe.description),
    progress: { completed, total: completed + checkpoint.pendingNodes.length, reopened: checkpoint.reopened },
    parent: checkpoint.parent && encodeParent(checkpoint.parent),
    checkpoint_id: checkpoint.checkpointId,
    plan_id: checkpoint.planId,
    created_at: checkpoint.createdAt,
  };
}

function* bodyOf(checkpoint: Checkpoint, head: JsonObject): Generator<readonly [string, unknown]> {
  const { vibe, workflowPlan, completedNodes, nodeResults, pendingNodes, unknownFields = {} } = checkpoint;
  const fields = {
    vibe_redacted: checkpoint.isVibeRedacted,
    vibe: encodeVibe(vibe),
    workflow_plan: new Entries(planEntries(workflowPlan)),
    completed_nodes: completedNodes,
    node_results: new Entries(encodedResults(nodeResults)),
    pending_nodes: pendingNodes,
    started_at: checkpoint.startedAt,
    ended_at: checkpoint.endedAt,
    active_ms: checkpoint.activeMs,
    pauses: checkpoint.pauses?.map(encodePause),
    node_progress: checkpoint.nodeProgress?.map(encodeNodeRecord),
    spawned_nodes: checkpoint.spawnedNodes?.map(encodeNodeRecord),
    spend: checkpoint.spend?.map(encodeSpend),
  };
  yield* Object.entries(fields);
  const known = { ...fields, ...head, head_checksum: '', checksum: '' };
  for (const key of Object.keys(unknownFields)) if (!Object.hasOwn(known, key)) yield [key, unknownFields[key]];
}

/** As `encodePlan` has it, node by node. */
function planEntries(plan: WorkflowPlan): Iterable<readonly [string, unknown]> {
  return Object.entries({ ...encodePlan({ ...plan, rootNodes: [] }), root_nodes: new Items(encodedNodes(plan)) });
}

function* encodedNodes({ rootNodes }: WorkflowPlan): Generator<JsonObject> {
  for (const node of rootNodes) yield encodeNode(node);
}

function* encodedResults(results: Checkpoint['nodeResults']): Generator<readonly [string, unknown]> {
  for (const nodeId of Object.keys(results)) yield [nodeId, encodeNodeResult(results[nodeId] as NodeResult)];
}

function decodeFields(document: JsonObject): JsonObject {
  const { schema_version, vibe_description, progress, head_checksum, checksum, ...fields } = document;
  const { run_id, state, epoch, seq, vibe_key, parent, checkpoint_id, plan_id, created_at, ...content } = fields;
  const { vibe_redacted, vibe, workflow_plan, completed_nodes, node_results, pending_nodes, ...rest } = content;
  const { started_at, ended_at, active_ms, pauses, node_progress, spawned_nodes, spend, ...unknown } = rest;
  return {
    runId: run_id,
    state,
    epoch,
    seq,
    vibeKey: vibe_key,
    parent: decodeParent(parent),
    checkpointId: checkpoint_id,
    planId: plan_id,
    createdAt: created_at,
    isVibeRedacted: vibe_redacted,
    vibe: decodeVibe(vibe),
    workflowPlan: decodePlan(workflow_plan),
    completedNodes: completed_nodes,
    nodeResults: decodeNodeResults(node_results),
    pendingNodes: pending_nodes,
    startedAt: started_at,
    endedAt: ended_at,
    activeMs: active_ms,
    pauses: decodePauses(pauses),
    nodeProgress: listOf(node_progress, decodeNodeRecord),
    spawnedNodes: listOf(spawned_nodes, decodeNodeRecord),
    spend: listOf(spend, decodeSpend),
    ...reopenedIn(progress),
    ...unknownFieldsOf(unknown),
  };
}

/** Left out when no node was. */
function reopenedIn(progress: unknown): { readonly reopened?: number } {
  const reopened = isPlainObject(progress) ? progress.reopened : undefined;
  return Number.isSafeInteger(reopened) ? { reopened: reopened as number } : {};
}

function listOf(documents: unknown, decode: (document: unknown) => unknown): unknown {
  return Array.isArray(documents) ? documents.map(decode) : documents;
}

export function encodeParent({ runId, checkpointId, unknownFields }: RunParent): JsonObject {
  return withUnknown({ run_id: runId, checkpoint_id: checkpointId }, unknownFields);
}

export function decodeParent(document: unknown): unknown {
  if (!isPlainObject(document)) return document;
  const { run_id, checkpoint_id, ...unknown } = document;
  return { runId: run_id, checkpointId: checkpoint_id, ...unknownFieldsOf(unknown) };
}

export function encodeNodeResult(result: NodeResult): JsonObject {
  const fields: JsonObject = { node_id: result.nodeId, status: result.status };
  if (result.status === 'failed') fields.error = result.error;
  else if (result.status === 'skipped') fields.blocked_by = result.blockedBy;
  else if (result.fromChildren !== true) fields.output = result.output;
  else {
    fields.output = Object.keys(result.output as JsonObject); // they stand in results of their own
    fields.output_from_children = true;
  }
  fields.attempts = result.attempts;
  fields.started_at = result.startedAt;
  fields.completed_at = result.completedAt;
  fields.duration_ms = result.durationMs;
  fields.handler = result.handler;
  if (result.status === 'completed' && result.blobs !== undefined) fields.blobs = result.blobs;
  return result.unknownFields === undefined ? fields : withUnknown(fields, result.unknownFields);
}

function decodeNodeResults(documents: unknown): unknown {
  if (!isPlainObject(documents)) return documents;
  const results: JsonObject = {};
  for (const nodeId of Object.keys(documents)) setOwn(results, nodeId, decodeNodeResult(documents[nodeId]));
  const gathering = new Set<string>();
  for (const nodeId of Object.keys(results)) gatherOutput(nodeId, results, gathering);
  return results;
}

export function decodeNodeResult(document: unknown): unknown {
  if (!isPlainObject(document)) return document;
  const { node_id, status, output, output_from_children, error, blocked_by, attempts, ...rest } = document;
  const { started_at, completed_at, duration_ms, handler, blobs, ...unknown } = rest;
  return {
    nodeId: node_id,
    status,
    output,
    fromChildren: output_from_children,
    error,
    blockedBy: blocked_by,
    attempts,
    startedAt: started_at,
    completedAt: completed_at,
    durationMs: duration_ms,
    blobs,
    handler,
    ...unknownFieldsOf(unknown),
  };
}

/** Replaces the names of children by their outputs, inner composites first. */
function gatherOutput(nodeId: string, results: JsonObject, gathering: Set<string>): unknown {
  const result = Object.hasOwn(results, nodeId) ? results[nodeId] : undefined;
  if (!isPlainObject(result) || result.status !== 'completed') return undefined;
  if (result.fromChildren !== true || !Array.isArray(result.output) || gathering.has(nodeId)) return result.output;
  gathering.add(nodeId);
  const output: JsonObject = {};
  for (const child of result.output) {
    if (typeof child === 'string') setOwn(output, child, gatherOutput(child, results, gathering));
  }
  result.output = output;
  return output;
}
