import { isPlainObject, type JsonObject } from '../plan/json-value.js';
import { type RunRecord, type RunStatus, runRecordSchema, runStatuses } from '../run/run-record.js';
import { isCheckpointId } from './checkpoint-id.js';
import { decodeNodeResult, encodeNodeResult } from './codec.js';
import { decodeNodeRecord, decodePauses, encodeNodeRecord, encodePause } from './node-record-codec.js';
import { ordinaryResult, ordinaryResultText } from './ordinary-result.js';
import { type Decoded, damaged } from './sealed-document.js';

// The lines of a journal behind its header: records of the run and marks of its checkpoints. The names of what is inside
// a result are those of codec.ts.

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

const recordKinds: readonly string[] = runRecordSchema.options.map(({ shape }) => shape.kind.value);

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

/** Whether it is a whole number from 0 on. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A line as an object; `undefined` when it is none. */
export function parseLine(text: string): JsonObject | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return isPlainObject(line) ? line : undefined;
  } catch {
    return undefined;
  }
}
