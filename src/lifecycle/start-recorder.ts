import { type Checkpoint, type IntactSummary, isIntact } from '../checkpoint/checkpoint.js';
import { isRollingId } from '../checkpoint/checkpoint-id.js';
import { encodeRecord, type Position } from '../checkpoint/journal-codec.js';
import { openingOf } from '../checkpoint/journal-opening.js';
import { JournalRecorder } from '../checkpoint/journal-recorder.js';
import type { PlanLease } from '../checkpoint/persistence-manager.js';
import { Recorder } from '../checkpoint/recorder.js';
import type { RunRecorder } from '../checkpoint/run-recorder.js';
import type { RunRecord } from '../run/run-record.js';
import { type RunState, recordsOf } from '../run/run-state.js';
import { spendBeyond } from '../run/spend.js';
import { rollingIdOf } from './identity.js';
import type { OpenRun } from './open-run.js';
import type { PlannerServices } from './planner-services.js';
import type { JournalState, StoredPlan } from './stored-plan.js';

/** A run that is to be recorded, and where it comes from. */
export interface RecordedRun {
  readonly run: OpenRun;
  /** Its state so far, where that is known already: whoever runs it will own it. */
  readonly state: RunState | undefined;
  /** The stored state that it goes on from. */
  readonly checkpoint: Checkpoint | undefined;
  /** Whether it begins here, rather than going on. */
  readonly isNewRun: boolean;
  readonly stored: StoredPlan;
  readonly lease: PlanLease | undefined;
  /** Damaged journals stay where they are: whoever begins this one puts them aside later. */
  readonly leavesDamaged?: boolean;
}

export interface StartedRecorder {
  /** The state that the run goes on from, for whoever runs it. */
  readonly state: RunState;
  readonly recorder: RunRecorder;
  /**
   * Appends that may wait before nothing more is started. With a journal, so many that a flush is shared by all that
   * settle meanwhile; without one, what a crash can cost is what settles while a checkpoint is being saved.
   */
  readonly maxUncommitted: number;
}

/** Told of each checkpoint that is stored. */
export type OnSaved = (saved: { checkpointId: string; completed: number; isListed: boolean }) => void;

/** Opens the log of a run: its journal where the store has one, snapshots otherwise. */
export async function startRecorder(
  recorded: RecordedRun,
  planner: PlannerServices,
  onSaved: OnSaved,
): Promise<StartedRecorder> {
  const { lease } = recorded;
  if (lease === undefined || !planner.store.isJournaled) {
    const recorder = snapshotRecorder(recorded, planner, onSaved);
    return { state: recorded.state ?? recorded.run.makeState(), recorder, maxUncommitted: 1 };
  }
  const linesPerNode = 1 + 1 / (planner.checkpointInterval ?? Number.POSITIVE_INFINITY);
  const maxUncommitted = Math.ceil(linesAtOnce / linesPerNode);
  return { ...(await journalRecorder(recorded, lease, planner, onSaved)), maxUncommitted };
}

/** Lines of a journal that go out together: enough to share a flush, too few to keep the event loop for long. */
const linesAtOnce = 96;

async function journalRecorder(
  { run, state: known, checkpoint, stored, isNewRun, leavesDamaged }: RecordedRun,
  lease: PlanLease,
  { store, ids, checkpointInterval, durability, host }: PlannerServices,
  onSaved: OnSaved,
): Promise<{ state: RunState; recorder: JournalRecorder }> {
  const [state, recordedState] = [known ?? run.makeState(), run.makeState()];
  const { surveyed, states } = stored.journals;
  const ofRun = states.filter(({ replayed, runId }) => replayed !== undefined && runId === state.runId);
  const length = ({ replayed }: JournalState) => replayed?.records.length ?? 0;
  const [longest] = [...ofRun].sort((a, b) => length(b) - length(a)); // each begins as the others do
  const earlier = ofRun.find((one) => one.checkpoint === checkpoint) ?? longest;
  const all = surveyed.filter(({ head }) => head?.runId === state.runId).flatMap(({ positions: some }) => some);
  const { records, positions } = carriedFrom(isNewRun ? undefined : earlier, all, state, checkpoint);
  state.seq = recordedState.seq = records.length;
  const broken = new Set(states.filter(({ damage }) => damage !== undefined).map(({ epoch }) => epoch));
  const isSamePlan = earlier?.replayed?.header.plan === run.identity.plan;
  const headerText = isSamePlan ? earlier.replayed.headerText : undefined;
  const next = { identity: run.identity, epoch: lease.epoch, records, positions, headerText };
  const begun = await openingOf(next, surveyed, durability, { broken });
  const opening = leavesDamaged ? { ...begun, setsAside: [] } : begun;
  const writer = await store.beginJournal(state.planId, lease, opening);
  try {
    for (const id of rollingIdsOf(run, stored)) await store.deleteCheckpoint(id); // the journal has what they had
  } catch (error) {
    await writer.close();
    throw error;
  }
  const recorder = new JournalRecorder(recordedState, {
    writer,
    lease,
    store,
    ids,
    checkpointInterval,
    headerCharacters: (opening.lines[0] as string).length,
    recordCharacters: records.reduce((sum, { length }) => sum + length, 0),
    positionIds: surveyed.flatMap((one) => one.positions.filter(({ hasFile }) => !hasFile)).map(idOf),
    onSaved: ({ checkpointId, completed }) => onSaved({ checkpointId, completed, isListed: true }),
    onLateFailure: (error) => host.log('warn', 'A checkpoint file could not be written.', { error }),
  });
  return { state, recorder };
}

/** The records of a run so far: as its journal has them, and what a checkpoint proves beyond that. */
function carriedFrom(
  earlier: JournalState | undefined,
  /** Those of all its journals: some may stand behind a damage. */
  all: readonly Position[],
  state: RunState,
  checkpoint: Checkpoint | undefined,
): { records: readonly string[]; positions: readonly Position[] } {
  if (checkpoint === undefined) return { records: [], positions: [] };
  const replayed = earlier?.replayed;
  if (replayed === undefined) return { records: recordsOf(state).map(encodeRecord), positions: [] };
  const { records } = replayed;
  const byId = new Map(
    all.filter(({ seq }) => seq <= records.length).map((position) => [position.checkpointId, position]),
  );
  const kept = [...byId.values()].sort((a, b) => a.seq - b.seq);
  if (checkpoint === earlier?.checkpoint) return { records, positions: kept };
  const isNews = (nodeId: string) => replayed.state.results.get(nodeId)?.status !== 'completed';
  const known = replayed.state.spawned.length;
  const spawned = new Set<RunRecord>(state.spawned.slice(0, known));
  const more = recordsOf(state).filter((record) => {
    if (record.kind === 'nodes_spawned') return !spawned.has(record);
    if (record.kind === 'spend_recorded') return false; // a sum, of which the journal has a part
    if (record.kind === 'node_settled') return isNews(record.result.nodeId);
    return record.kind !== 'composite_completed' || isNews(record.nodeId);
  });
  const at = state.lastAt ?? state.endedAt ?? checkpoint.createdAt;
  const spend = spendBeyond(state.spends, replayed.state.spends);
  const spent = spend.map((one): RunRecord => ({ kind: 'spend_recorded', ...one, at }));
  return { records: [...records, ...[...more, ...spent].map(encodeRecord)], positions: kept };
}

function snapshotRecorder(
  { run, stored, lease }: RecordedRun,
  { store, ids, checkpointInterval, host }: PlannerServices,
  onSaved: OnSaved,
): Recorder {
  return new Recorder(run.makeState(), {
    store,
    ids,
    lease,
    checkpointInterval,
    rollingId: rollingIdOf(run.identity),
    earlierRollingIds: rollingIdsOf(run, stored),
    onSaved: ({ checkpointId, completedNodes }, isListed) =>
      onSaved({ checkpointId, completed: completedNodes.length, isListed }),
    onLeftover: (error) => host.log('warn', 'The rolling checkpoint of a run that ended stays.', { error }),
  });
}

/** Intact saves under rolling ids that earlier epochs of this run left. */
function rollingIdsOf({ identity }: OpenRun, { summaries }: StoredPlan): string[] {
  const isEarlier = ({ checkpointId, runId }: IntactSummary) => isRollingId(checkpointId) && runId === identity.runId;
  return summaries.filter(isIntact).filter(isEarlier).map(idOf);
}

function idOf({ checkpointId }: { readonly checkpointId: string }): string {
  return checkpointId;
}
