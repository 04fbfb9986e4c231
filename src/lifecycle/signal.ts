import { byLatest, isIntact, summarize } from '../checkpoint/checkpoint.js';
import { checkPlanId } from '../checkpoint/checkpoint-id.js';
import { encodeSignal } from '../checkpoint/node-record-codec.js';
import { SignalInvalidError, SignalRefusedError, VibeError } from '../errors.js';
import { isoTime } from '../host.js';
import { copyJson, type JsonObject } from '../plan/json-value.js';
import { type ExecutionState, executionStateOf } from '../run/execution-state.js';
import { issuesOfPayload } from '../run/payload-schema.js';
import { findLatest, Vanished } from './find-latest.js';
import { findLiveRun } from './find-live-run.js';
import type { PlannerServices } from './planner-services.js';
import { readStoredPlan } from './stored-plan.js';

export interface SignalRequest {
  readonly planId: string;
  /** What the handler passed to `waitFor`. */
  readonly name: string;
  /** JSON. Default `null`. */
  readonly payload?: unknown;
  /** The node that waits. May be left out while one node waits for this name. */
  readonly nodeId?: string;
}

export interface SignalReceipt {
  readonly signalId: string;
  readonly nodeId: string;
  /** A run in this process has it. Otherwise it is kept, for whoever runs the plan now or next. */
  readonly isTaken: boolean;
}

/** Puts a signal into the inbox of a plan, and tells a run in this process to look. */
export async function sendSignal(request: SignalRequest, planner: PlannerServices): Promise<SignalReceipt> {
  const { store, host } = planner;
  const planId = checkPlanId(request.planId);
  const { name } = request;
  const { inbox } = store;
  if (inbox === undefined) throw new VibeError('NO_INBOX', noInbox(planId));
  const payload = copyJson(request.payload, 'payload');
  if (!payload.ok) throw new TypeError(`signal takes JSON as its payload: ${payload.path} (${payload.reason}).`);
  const live = findLiveRun(planId, planner);
  const state = live === undefined ? await storedState(planId, name, planner) : executionStateOf(live.state);
  const { nodeId, schema } = waitOf(state, request);
  const issues = issuesOfPayload(payload.value, schema);
  if (issues.length > 0) throw new SignalInvalidError(planId, nodeId, name, issues);
  const signalId = `signal-${host.newId()}`;
  const signal = { runId: state.runId, nodeId, name, payload: payload.value, sentAt: isoTime(host.now()) };
  await inbox.post(planId, { id: signalId, text: encodeSignal(signal) });
  await live?.mailbox?.look();
  const problems = live?.mailbox?.problemsOf(signalId);
  if (problems !== undefined && problems.length > 0) throw new SignalInvalidError(planId, nodeId, name, problems);
  return { signalId, nodeId, isTaken: problems !== undefined };
}

/** Which node the signal is for. One that nobody waits for yet must say so itself: a second click is no answer to another. */
function waitOf(
  state: ExecutionState,
  { planId, name, nodeId }: SignalRequest,
): { readonly nodeId: string; readonly schema?: JsonObject | undefined } {
  const refused = (reason: string) => new SignalRefusedError(planId, name, reason);
  if (state.state === 'completed' && state.pendingNodes.length === 0) throw refused('the run has completed');
  const isDone = (id: string) => Object.hasOwn(state.nodeResults, id) && state.nodeResults[id]?.status === 'completed';
  const schemas = new Map<string, JsonObject | undefined>();
  const answered = new Set<string>();
  for (const record of state.nodeProgress ?? []) {
    if (!('name' in record) || record.name !== name || isDone(record.nodeId)) continue;
    if (record.kind === 'wait_started') schemas.set(record.nodeId, record.schema);
    if (record.kind === 'signal_received') answered.add(record.nodeId);
  }
  if (nodeId !== undefined) {
    if (![...state.completedNodes, ...state.pendingNodes].includes(nodeId))
      throw refused(`no node is called ${nodeId}`);
    if (isDone(nodeId)) throw refused(`node ${JSON.stringify(nodeId)} is done`);
    if (answered.has(nodeId)) throw refused(`node ${JSON.stringify(nodeId)} has its answer already`);
    return { nodeId, schema: schemas.get(nodeId) };
  }
  const waiting = [...schemas.keys()].filter((id) => !answered.has(id));
  const [first] = waiting;
  if (first === undefined) throw refused('no node waits for it; to send it ahead, say which node with nodeId');
  if (waiting.length > 1) throw refused(`${waiting.length} nodes wait for it; say which one with nodeId`);
  return { nodeId: first, schema: schemas.get(first) };
}

/** The latest state that is intact. Nothing is locked: the plan may be running elsewhere. */
async function storedState(planId: string, name: string, { store, host }: PlannerServices): Promise<ExecutionState> {
  for (let look = 1; ; look++) {
    const stored = await readStoredPlan(store, planId, host.log);
    const ofJournals = stored.journals.states.flatMap(({ checkpoint }) => (checkpoint ? [summarize(checkpoint)] : []));
    const [newest] = [...ofJournals, ...stored.summaries.filter(isIntact)].sort(byLatest);
    try {
      const query = { planId, vibeKey: newest?.vibeKey ?? '', onCorrupt: 'fallback' as const };
      const latest = await findLatest(store, stored, query, () => undefined);
      if (latest !== undefined) return latest.checkpoint;
      throw new SignalRefusedError(planId, name, 'nothing is stored of this plan');
    } catch (error) {
      if (!(error instanceof Vanished) || look === maxLooks) throw error;
    }
  }
}

/** How often to read again when what was listed is gone by the time it is read. */
const maxLooks = 5;

function noInbox(planId: string): string {
  return `Plan ${JSON.stringify(planId)} is in a store without an inbox, which takes no signals. Use one that has one.`;
}
