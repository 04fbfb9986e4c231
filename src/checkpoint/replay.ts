import { CheckpointVersionError, PlanInvalidError } from '../errors.js';
import { copyJson } from '../plan/json-value.js';
import { buildingPlanGraph } from '../plan/plan-graph.js';
import { executionStateOf } from '../run/execution-state.js';
import type { NodeRecord } from '../run/node-record.js';
import type { RunRecord } from '../run/run-record.js';
import { applyRecord, newRunState, type RunState } from '../run/run-state.js';
import { inTurns, nextTurn } from '../turns.js';
import type { Checkpoint } from './checkpoint.js';
import { decodeMark, decodeRecord, isMark, type Position } from './journal-codec.js';
import { decodeHeader, type JournalHeader } from './journal-header.js';
import type { StoredJournal } from './persistence-manager.js';
import type { Decoded, Sha256 } from './sealed-document.js';
import { isItsVibe } from './vibe-key.js';

/** What a journal amounts to. */
export interface Replayed {
  readonly header: JournalHeader;
  /** The same as it stands in the journal. */
  readonly headerText: string;
  /** After its last record, or after the last one asked for. Outputs are frozen. */
  readonly state: RunState;
  /** The texts of its records, in order. */
  readonly records: readonly string[];
  readonly positions: readonly Position[];
  readonly deletedIds: ReadonlySet<string>;
}

export type Replay =
  | { readonly ok: true; readonly value: Replayed }
  /** What could not be read, and all that came before it. */
  | { readonly ok: false; readonly reason: string; readonly value?: Replayed };

/** Between two breaths, so much text is taken in: a few milliseconds of work. */
const charactersAtOnce = 250_000;

/**
 * Adds up a journal with the same reducer that a live run has.
 * @param upTo only so many records
 * @throws CheckpointVersionError for what a newer version of this library wrote
 */
export async function replayJournal(
  { lines, epoch }: Pick<StoredJournal, 'lines' | 'epoch'>,
  planId: string,
  sha256: Sha256,
  upTo = Number.POSITIVE_INFINITY,
): Promise<Replay> {
  const [headerText = ''] = lines;
  const header = known(decodeHeader(headerText), planId);
  if (!header.ok) return header;
  if (header.value.planId !== planId) return { ok: false, reason: 'it is the journal of another plan' };
  if (header.value.epoch !== epoch) return { ok: false, reason: 'it is the journal of another epoch' };
  if (!isItsVibe(header.value, sha256)) {
    return { ok: false, reason: 'its vibe is not the one that it was begun with' };
  }
  const state = await stateOf(header.value);
  if (typeof state === 'string') return { ok: false, reason: state };
  const records: string[] = [];
  const positions: Position[] = [];
  const deletedIds = new Set<string>();
  const replayed = { header: header.value, headerText, state, records, positions, deletedIds };
  let taken = 0;
  for (let number = 1; number < lines.length; number++) {
    const line = lines[number] as string;
    if (isMark(line)) {
      const mark = known(decodeMark(line), planId);
      if (!mark.ok) return { ...mark, value: replayed };
      if (mark.value.kind === 'deleted') deletedIds.add(mark.value.checkpointId);
      else positions.push(mark.value.position);
      continue;
    }
    if (records.length >= upTo) continue;
    const record = known(decodeRecord(line), planId);
    if (!record.ok) return { ...record, value: replayed };
    const problem = tryApply(state, record.value);
    if (problem !== undefined) return { ok: false, reason: problem, value: replayed };
    records.push(line);
    taken += line.length;
    if (taken > charactersAtOnce) {
      taken = 0;
      await nextTurn();
    }
  }
  if (lines.length < 1 + header.value.carried) return { ok: false, reason: 'it is cut off', value: replayed };
  const [cycle] = state.spawned.length === 0 ? [] : state.graph.cycles();
  if (cycle !== undefined) return { ok: false, reason: cycle.message, value: replayed };
  return { ok: true, value: replayed };
}

/** A replayed state as a checkpoint. */
export function checkpointOf({ state }: Replayed, id: { checkpointId: string; createdAt: string }): Checkpoint {
  return { ...id, ...executionStateOf(state) };
}

function known<T>(decoded: Decoded<T>, planId: string): { ok: true; value: T } | { ok: false; reason: string } {
  if (decoded.ok || decoded.kind === 'damaged') return decoded;
  throw new CheckpointVersionError(planId, decoded.reason);
}

async function stateOf(header: JournalHeader): Promise<RunState | string> {
  const { plan, carried, ...names } = header;
  try {
    const graph = await inTurns(buildingPlanGraph(plan, () => true));
    return newRunState({ ...names, plan, graph, parent: header.parent, unknownFields: header.unknownFields });
  } catch (error) {
    if (error instanceof PlanInvalidError) return error.issues[0]?.message ?? 'its plan is invalid';
    throw error;
  }
}

/** Applies a record from outside; says what is wrong with it when it fits no such run. */
export function tryApply(state: RunState, record: RunRecord): string | undefined {
  if (record.kind === 'node_settled') {
    const { result } = record;
    if (state.graph.get(result.nodeId) === undefined) return strange(result.nodeId);
    if (result.status !== 'completed') applyRecord(state, record);
    else {
      const copy = copyJson(result.output, 'output', { freeze: true });
      if (!copy.ok) return `${copy.path} of ${JSON.stringify(result.nodeId)} is not JSON (${copy.reason})`;
      const kept = Object.is(copy.value, result.output) ? result : { ...result, output: copy.value };
      applyRecord(state, { kind: record.kind, result: Object.freeze(kept) });
    }
    return undefined;
  }
  if (record.kind === 'composite_completed') {
    if (state.graph.get(record.nodeId) === undefined) return strange(record.nodeId);
  } else if ('nodeId' in record) return tryApplyProgress(state, record);
  applyRecord(state, record);
  return undefined;
}

function tryApplyProgress(state: RunState, record: NodeRecord): string | undefined {
  const placed = state.graph.get(record.nodeId);
  if (placed === undefined) return strange(record.nodeId);
  if (record.kind === 'nodes_spawned') {
    const [issue] = state.graph.issuesBelow(placed, record.nodes, () => true); // results may stand behind this
    if (issue !== undefined) return `nodes that ${JSON.stringify(record.nodeId)} added: ${issue.path} ${issue.message}`;
  }
  const copy = copyJson(record, 'record', { freeze: true });
  if (!copy.ok) return `${copy.path} of ${JSON.stringify(record.nodeId)} is not JSON (${copy.reason})`;
  applyRecord(state, copy.value as NodeRecord);
  return undefined;
}

function strange(nodeId: string): string {
  return `it has a result for ${JSON.stringify(nodeId)}, which its plan lacks`;
}
