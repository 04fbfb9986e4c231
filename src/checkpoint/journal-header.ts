import { isPlainObject, type JsonObject } from '../plan/json-value.js';
import { type Vibe, vibeSchema } from '../plan/vibe.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import { countNodes, isTooDeep, type WorkflowPlan, workflowPlanSchema } from '../plan/workflow-plan.js';
import { executionStateSchema } from '../run/execution-state.js';
import type { RunParent } from '../run/run-state.js';
import { decodeParent, encodeParent } from './codec.js';
import { isCount, parseLine } from './journal-codec.js';
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

// The first line of a journal. The names of what is inside a vibe or a plan are those of plan-codec.ts.

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

const format = 'vibe-journal';
const version = 1;
/** Root nodes that are turned into text in one step. */
const nodesAtOnce = 256;

/**
 * The first line of a journal, made in steps: the nodes of a large plan are most of it.
 * @param earlier the header of another journal of the same run, of whose plan nothing has changed: the plan is copied as
 *   it stands there
 */
export function* encodingHeader(
  header: JournalHeader,
  durability: Durability,
  earlier?: string,
): Generator<void, string> {
  const { planId, runId, epoch, carried, vibeKey, vibe, plan, parent, unknownFields } = header;
  const known = {
    format,
    v: version,
    plan_id: planId,
    run_id: runId,
    parent: parent && encodeParent(parent),
    epoch,
    carried,
    total_nodes: countNodes(plan.rootNodes),
    durability,
    fingerprint: vibeKey,
    vibe_redacted: header.isVibeRedacted,
    vibe: encodeVibe(vibe),
  };
  const before = earlier === undefined ? undefined : beforePlan(earlier);
  if (before !== undefined && Object.keys(before.fields).every((name) => Object.hasOwn(known, name))) {
    return `{${members(known)}${earlier?.slice(before.length)}`;
  }
  const { id, source_vibe, root_nodes: _, ...others } = encodePlan({ ...plan, rootNodes: [] });
  const nodes = yield* encodingNodes(plan.rootNodes);
  const planText = `{${members({ id, source_vibe })},"root_nodes":[${nodes}]${moreMembers(others)}}`;
  const unknown = withUnknown({}, unknownFields, { ...known, workflow_plan: plan.id });
  return `{${members(known)}${planStart}${planText}${moreMembers(unknown)}}`;
}

const planStart = ',"workflow_plan":';

/**
 * What stands before the plan in a header that counts its nodes: enough for a list, and a small part of the line.
 * Elsewhere, the same characters begin a plan only inside the vibe, and what stands before them is no object then.
 */
function beforePlan(text: string): { readonly fields: JsonObject; readonly length: number } | undefined {
  const length = text.indexOf(planStart);
  const fields = length === -1 ? undefined : parseLine(`${text.slice(0, length)}}`);
  return fields !== undefined && isCount(fields.total_nodes) ? { fields, length } : undefined;
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
  const opened = openHeader(parseLine(text));
  if (!opened.ok) return opened;
  const { format: _f, v: _v, durability: _d, total_nodes: _t, fingerprint, ...fields } = opened.value;
  const { plan_id, run_id, parent, epoch, carried, vibe_redacted, vibe: rawVibe, workflow_plan, ...unknown } = fields;
  if (isPlainObject(workflow_plan) && isTooDeep(workflow_plan.root_nodes)) return damaged('its plan nests too deep');
  const vibe = vibeSchema.safeParse(decodeVibe(rawVibe));
  const plan = workflowPlanSchema.safeParse(decodePlan(workflow_plan));
  if (!vibe.success || !plan.success) return damaged(`its ${vibe.success ? 'plan' : 'vibe'} is none`);
  const knownParent = executionStateSchema.shape.parent.safeParse(decodeParent(parent));
  const head = headOf(opened.value);
  if (head === undefined || !knownParent.success) return damaged('its header lacks a field');
  if (head.totalNodes !== countNodes(plan.data.rootNodes))
    return damaged('its header counts other nodes than its plan');
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
  const opened = openHeader(beforePlan(text)?.fields ?? parseLine(text));
  if (!opened.ok) return opened;
  const head = headOf(opened.value);
  return head === undefined ? damaged('its header lacks a field') : { ok: true, value: head };
}

/** The key of the vibe in a header that is known to be intact, without reading the plan. */
export function vibeKeyInHeader(text: string): string | undefined {
  return /"fingerprint":"([^"\\]*)"/.exec(text)?.[1]; // inside a text, a quote stands behind a backslash
}

function openHeader(header: JsonObject | undefined): Decoded<JsonObject> {
  if (header === undefined || header.format !== format) return damaged('its first line is no header');
  if (header.v === version) return { ok: true, value: header };
  return { ok: false, kind: 'version', reason: `journal version ${JSON.stringify(header.v)?.slice(0, 20)}` };
}

function headOf(header: JsonObject): JournalHead | undefined {
  const { plan_id, run_id, epoch, carried, fingerprint, vibe } = header;
  const description = isPlainObject(vibe) ? vibe.description : undefined;
  const texts = [plan_id, run_id, fingerprint, description];
  const totalNodes = nodesIn(header);
  if (!texts.every((text) => typeof text === 'string') || !isCount(totalNodes)) return undefined;
  if (!isCount(epoch) || !isCount(carried)) return undefined;
  const [planId, runId, vibeKey, vibeDescription] = texts as [string, string, string, string];
  return { planId, runId, epoch, carried, vibeKey, vibeDescription, totalNodes };
}

/** Earlier versions of this library did not write how many nodes there are. */
function nodesIn({ total_nodes, workflow_plan }: JsonObject): unknown {
  if (total_nodes !== undefined) return total_nodes;
  const rootNodes = isPlainObject(workflow_plan) ? workflow_plan.root_nodes : undefined;
  return Array.isArray(rootNodes) ? countDocuments(rootNodes) : undefined;
}

function countDocuments(rootNodes: readonly unknown[]): number {
  let count = 0;
  const open: unknown[] = [...rootNodes];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    count++;
    if (isPlainObject(node) && Array.isArray(node.children)) for (const child of node.children) open.push(child);
  }
  return count;
}
