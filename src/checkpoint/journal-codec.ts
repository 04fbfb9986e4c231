import { isPlainObject, type JsonObject } from '../plan/json-value.js';
import { type Vibe, vibeSchema } from '../plan/vibe.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import { isTooDeep, type WorkflowPlan, workflowPlanSchema } from '../plan/workflow-plan.js';
import { executionStateSchema } from '../run/execution-state.js';
import { type RunRecord, type RunStatus, runRecordSchema, runStatuses } from '../run/run-record.js';
import type { RunParent } from '../run/run-state.js';
import { isCheckpointId } from './checkpoint-id.js';
import { decodeNodeResult, decodeParent, encodeNodeResult, encodeParent } from './codec.js';
import { decodeNodeRecord, decodePauses, encodeNodeRecord, encodePause } from './node-record-codec.js';
import { ordinaryResult, ordinaryResultText } from './ordinary-result.js';
import type { Durability } from './persistence-manager.js';
import {
  decodePlan,
  decodeVibe,
  encodeNode,
  encodePlan,
  encodeVibe,
  unknownFieldsOf,
  withUnknown,
} from './plan-codec.js';
import { type Decoded, damaged } from './sealed-document.js';

// The lines of a journal: a header, then records of the run and marks of its checkpoints. The names of what is inside a
// plan or a result are those of codec.ts.

/** What a journal says of its run before anything happened. */
export interface JournalHeader {
  readonly planId: string;
  readonly runId: string;
  readonly epoch: number;
  /** How many of the lines that follow were there from the beginning. */
  readonly carried: number;
  readonly vibeKey: string;
  /** Whether the key was made of another vibe, before it was redacted. */
  readonly isVibeRedacted?: boolean | undefined;
  readonly vibe: Vibe;
  readonly plan: WorkflowPlan;
  readonly parent?: RunParent | undefined;
  readonly unknownFields?: JsonObject | undefined;
}

/** What a list needs of a header. */
export interface JournalHead {
  readonly planId: string;
  readonly runId: string;
  readonly epoch: number;
  readonly carried: number;
  readonly vibeKey: string;
  readonly vibeDescription: string;
  readonly totalNodes: number;
}

/** A checkpoint as a place in the journal: the first `seq` records. */
export interface Position {
  readonly checkpointId: string;
  readonly createdAt: string;
  readonly state: RunStatus;
  readonly seq: number;
  /** How many nodes were complete. */
  readonly completed: number;
  /** How many nodes there were; left out when they were those of the plan. */
  readonly total?: number | undefined;
  /** It has a file of its own, which says whether it exists. */
  readonly hasFile: boolean;
}

export type Mark =
  | { readonly kind: 'position'; readonly position: Position }
  | { readonly kind: 'deleted'; readonly checkpointId: string };

const format = 'vibe-journal';
const version = 1;
const recordKinds: readonly string[] = runRecordSchema.options.map(({ shape }) => shape.kind.value);

/** Root nodes that are turned into text in one step. */
const nodesAtOnce = 256;

/** The first line of a journal, made in steps: the nodes of a large plan are most of it. */
export function* encodingHeader(header: JournalHeader, durability: Durability): Generator<void, string> {
  const { planId, runId, epoch, carried, vibeKey, vibe, plan, parent, unknownFields } = header;
  const known = {
    format,
    v: version,
    plan_id: planId,
    run_id: runId,
    parent: parent && encodeParent(parent),
    epoch,
    carried,
    durability,
    fingerprint: vibeKey,
    vibe_redacted: header.isVibeRedacted,
    vibe: encodeVibe(vibe),
  };
  const { id, source_vibe, root_nodes: _, ...others } = encodePlan({ ...plan, rootNodes: [] });
  const nodes = yield* encodingNodes(plan.rootNodes);
  const planText = `{${members({ id, source_vibe })},"root_nodes":[${nodes}]${moreMembers(others)}}`;
  const unknown = withUnknown({}, unknownFields, { ...known, workflow_plan: plan.id });
  return `{${members(known)},"workflow_plan":${planText}${moreMembers(unknown)}}`;
}

function* encodingNodes(nodes: readonly WorkflowNode[]): Generator<void, string> {
  const texts: string[] = [];
  for (let from = 0; from < nodes.length; from += nodesAtOnce) {
    if (from > 0) yield;
    texts.push(JSON.stringify(nodes.slice(from, from + nodesAtOnce).map(encodeNode)).slice(1, -1));
  }
  return texts.join(',');
}

/** The text of an object without its braces. */
function members(fields: JsonObject): string {
  return JSON.stringify(fields).slice(1, -1);
}

function moreMembers(fields: JsonObject): string {
  const text = members(fields);
  return text === '' ? '' : `,${text}`;
}

export function decodeHeader(text: string): Decoded<JournalHeader> {
  const opened = openHeader(text);
  if (!opened.ok) return opened;
  const { format: _f, v: _v, durability: _d, fingerprint, ...fields } = opened.value;
  const { plan_id, run_id, parent, epoch, carried, vibe_redacted, vibe: rawVibe, workflow_plan, ...unknown } = fields;
  if (isPlainObject(workflow_plan) && isTooDeep(workflow_plan.root_nodes)) return damaged('its plan nests too deep');
  const vibe = vibeSchema.safeParse(decodeVibe(rawVibe));
  const plan = workflowPlanSchema.safeParse(decodePlan(workflow_plan));
  if (!vibe.success || !plan.success) return damaged(`its ${vibe.success ? 'plan' : 'vibe'} is none`);
  const knownParent = executionStateSchema.shape.parent.safeParse(decodeParent(parent));
  const head = headOf(opened.value);
  if (head === undefined || !knownParent.success) return damaged('its header lacks a field');
  const { planId, runId, vibeKey } = head;
  return {
    ok: true,
    value: {
      planId,
      runId,
      epoch: head.epoch,
      carried: head.carried,
      vibeKey,
      ...(vibe_redacted === true && { isVibeRedacted: true }),
      vibe: vibe.data,
      plan: plan.data,
      ...(knownParent.data !== undefined && { parent: knownParent.data }),
      ...unknownFieldsOf(unknown),
    },
  };
}

export function decodeHead(text: string): Decoded<JournalHead> {
  const opened = openHeader(text);
  if (!opened.ok) return opened;
  const head = headOf(opened.value);
  return head === undefined ? damaged('its header lacks a field') : { ok: true, value: head };
}

/** The key of the vibe in a header that is known to be intact, without reading the plan. */
export function vibeKeyInHeader(text: string): string | undefined {
  return /"fingerprint":"([^"\\]*)"/.exec(text)?.[1]; // inside a text, a quote stands behind a backslash
}

function openHeader(text: string): Decoded<JsonObject> {
  const header = parseLine(text);
  if (header === undefined || header.format !== format) return damaged('its first line is no header');
  if (header.v === version) return { ok: true, value: header };
  return { ok: false, kind: 'version', reason: `journal version ${JSON.stringify(header.v)?.slice(0, 20)}` };
}

function headOf(header: JsonObject): JournalHead | undefined {
  const { plan_id, run_id, epoch, carried, fingerprint, vibe, workflow_plan } = header;
  const description = isPlainObject(vibe) ? vibe.description : undefined;
  const rootNodes = isPlainObject(workflow_plan) ? workflow_plan.root_nodes : undefined;
  const texts = [plan_id, run_id, fingerprint, description];
  if (!texts.every((text) => typeof text === 'string') || !Array.isArray(rootNodes)) return undefined;
  if (!isCount(epoch) || !isCount(carried)) return undefined;
  const [planId, runId, vibeKey, vibeDescription] = texts as [string, string, string, string];
  return { planId, runId, epoch, carried, vibeKey, vibeDescription, totalNodes: countNodes(rootNodes) };
}

function countNodes(rootNodes: readonly unknown[]): number {
  let count = 0;
  const open: unknown[] = [...rootNodes];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    count++;
    if (isPlainObject(node) && Array.isArray(node.children)) for (const child of node.children) open.push(child);
  }
  return count;
}

/** One line of JSON, without a line feed. */
export function encodeRecord(record: RunRecord): string {
  switch (record.kind) {
    case 'node_settled': {
      const text = ordinaryResultText(record.result) ?? JSON.stringify(encodeNodeResult(record.result));
      return `{"kind":"node_settled","result":${text}}`;
    }
    case 'composite_completed':
      return JSON.stringify({ kind: record.kind, node_id: record.nodeId, at: record.at });
    case 'run_restored': {
      const { kind, status, startedAt, endedAt, activeMs, reopened } = record;
      const times = { started_at: startedAt, ended_at: endedAt, active_ms: activeMs };
      return JSON.stringify({ kind, status, ...times, pauses: record.pauses?.map(encodePause), reopened });
    }
    case 'run_started':
      return JSON.stringify(record);
    case 'run_ended':
      return JSON.stringify({ ...record, pauses: record.pauses?.map(encodePause) });
    default:
      return JSON.stringify(encodeNodeRecord(record));
  }
}

/** A kind that is not known is a `version`: what a newer library paid for is never dropped. */
export function decodeRecord(text: string): Decoded<RunRecord> {
  const line = parseLine(text);
  if (line === undefined) return damaged('a record is no JSON object');
  if (typeof line.kind !== 'string') return damaged('a record has no kind');
  if (line.kind === 'node_settled' && Object.keys(line).length === 2) {
    const result = ordinaryResult(line.result);
    if (result !== undefined) return { ok: true, value: { kind: line.kind, result } };
  }
  if (!recordKinds.includes(line.kind)) {
    return {
      ok: false,
      kind: 'version',
      reason: `a journal record of the kind ${JSON.stringify(line.kind.slice(0, 80))}`,
    };
  }
  const parsed = runRecordSchema.safeParse(recordFields(line));
  return parsed.success ? { ok: true, value: parsed.data } : damaged(`a record of the kind "${line.kind}" is none`);
}

function recordFields(line: JsonObject): JsonObject {
  switch (line.kind) {
    case 'node_settled':
      return { kind: line.kind, result: decodeNodeResult(line.result) };
    case 'composite_completed':
      return { kind: line.kind, nodeId: line.node_id, at: line.at };
    case 'run_restored': {
      const { kind, status, started_at, ended_at, active_ms, pauses, reopened } = line;
      const times = { startedAt: started_at, endedAt: ended_at, activeMs: active_ms };
      return { kind, status, ...times, pauses: decodePauses(pauses), reopened };
    }
    case 'run_ended':
      return { ...line, pauses: decodePauses(line.pauses) };
    case 'run_started':
      return line;
    default:
      return decodeNodeRecord(line) as JsonObject;
  }
}

/** The node that a damaged line still names as completed: a hint, and nothing to trust. */
export function completedNodeIn(fragment: string): string | undefined {
  const [, quoted = '', status] = /"node_id":("(?:[^"\\]|\\.)*")(?:,"status":"(\w+)")?/.exec(fragment) ?? [];
  return status === 'failed' || status === 'skipped' ? undefined : parseText(quoted);
}

function parseText(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return undefined;
  }
}

const positionStart = '{"checkpoint":';
const deletedStart = '{"deleted":';

/** Whether a line is a mark, judged by its first characters: the others are records. */
export function isMark(text: string): boolean {
  return text.startsWith(positionStart) || text.startsWith(deletedStart);
}

export function encodePosition({ checkpointId, createdAt, state, seq, completed, total, hasFile }: Position): string {
  const file = hasFile ? 'file' : '';
  const rest = total !== undefined ? [file, total] : hasFile ? [file] : [];
  const fields = [checkpointId, createdAt, state, seq, completed, ...rest];
  return JSON.stringify({ checkpoint: fields });
}

export function encodeDeleted(checkpointId: string): string {
  return JSON.stringify({ deleted: checkpointId });
}

export function decodeMark(text: string): Decoded<Mark> {
  const line = parseLine(text);
  if (typeof line?.deleted === 'string') return { ok: true, value: { kind: 'deleted', checkpointId: line.deleted } };
  const [checkpointId, createdAt, state, seq, completed = 0, file, total] = Array.isArray(line?.checkpoint)
    ? line.checkpoint
    : [];
  const isState = runStatuses.includes(state as RunStatus);
  if (typeof checkpointId !== 'string' || !isCheckpointId(checkpointId)) return damaged('a mark is none');
  if (typeof createdAt !== 'string' || !isState) return damaged('a mark is none');
  if (!isCount(seq) || !isCount(completed) || Number.isNaN(Date.parse(createdAt))) return damaged('a mark is none');
  if (total !== undefined && !isCount(total)) return damaged('a mark is none');
  const counts = { seq, completed, ...(total !== undefined && { total }) };
  const position = { checkpointId, createdAt, state: state as RunStatus, ...counts, hasFile: file === 'file' };
  return { ok: true, value: { kind: 'position', position } };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseLine(text: string): JsonObject | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return isPlainObject(line) ? line : undefined;
  } catch {
    return undefined;
  }
}
