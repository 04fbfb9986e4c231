import { type Checkpoint, type CheckpointSummary, isIntact } from '../checkpoint/checkpoint.js';
import { parseRollingId } from '../checkpoint/checkpoint-id.js';
import { decodeMark, isMark, type Position } from '../checkpoint/journal-codec.js';
import { type SurveyedJournal, surveyJournal, surveyReplayed } from '../checkpoint/journal-survey.js';
import type { StoredJournal } from '../checkpoint/persistence-manager.js';
import { checkpointOf, type Replay, type Replayed, replayJournal } from '../checkpoint/replay.js';
import type { Host } from '../host.js';
import type { CheckedStore } from './checked-store.js';
import { rollingIdOf, sha256 } from './identity.js';

/** All that a store has of a plan. */
export interface StoredPlan {
  readonly summaries: readonly CheckpointSummary[];
  readonly journals: StoredJournals;
}

interface StoredJournals {
  /** All of them, the highest epoch first. */
  readonly surveyed: readonly SurveyedJournal[];
  /** What they amount to, from the highest epoch down to the first that is intact. */
  readonly states: readonly JournalState[];
}

/** What a journal says of its run. */
export interface JournalState {
  readonly epoch: number;
  readonly location: string;
  /** `undefined` when even the first line is damaged. */
  readonly runId: string | undefined;
  /** What is wrong with it. */
  readonly damage: string | undefined;
  /** The state after its last record, or after the last one before the damage. */
  readonly checkpoint: Checkpoint | undefined;
  readonly replayed: Replayed | undefined;
  /** At most so many records had been written. */
  readonly recordsWritten: number;
  /** When its newest checkpoint was made; ISO 8601, UTC. */
  readonly createdAt: string;
  readonly positionIds: ReadonlySet<string>;
}

/** Reads all that a store has of a plan, and changes nothing. */
export async function readStoredPlan(store: CheckedStore, planId: string, log: Host['log']): Promise<StoredPlan> {
  const journals = await store.readJournals(planId);
  const summaries = await store.listCheckpoints({ planId });
  const listedIds = new Set(summaries.filter(isIntact).map(({ checkpointId }) => checkpointId));
  const surveyed: SurveyedJournal[] = [];
  const states: JournalState[] = [];
  for (const journal of journals) {
    if (states.some(({ damage }) => damage === undefined)) {
      surveyed.push(surveyJournal(journal, planId));
      continue;
    }
    const replay = await replayJournal(journal, planId, sha256);
    const survey = replay.value ? surveyReplayed(journal, replay.value) : surveyJournal(journal, planId);
    const state = stateOf(survey, replay, listedIds);
    surveyed.push(survey);
    states.push(state);
    if (journal.isTorn) {
      log('warn', 'The last record of a journal was cut off and is left out.', { planId, location: state.location });
    }
  }
  return { summaries, journals: { surveyed, states } };
}

/** The highest epoch that anything stored has. */
export function highestEpoch({ summaries, journals }: StoredPlan): number {
  const epochs = [...summaries.map(epochOf), ...journals.surveyed.map(({ journal }) => journal.epoch)];
  return epochs.reduce((highest, epoch) => Math.max(highest, epoch), 0);
}

function stateOf(surveyed: SurveyedJournal, replay: Replay, listedIds: ReadonlySet<string>): JournalState {
  const { journal, positions } = surveyed;
  const damage = journal.damage?.reason ?? (replay.ok ? undefined : replay.reason);
  const replayed = replay.value;
  const { epoch, location } = journal;
  const isStrange = replayed === undefined && journal.lines.length > 0; // the journal of another plan, say
  return {
    epoch,
    location,
    runId: replayed?.header.runId,
    damage,
    checkpoint: replayed && endOf(replayed, positions, listedIds),
    replayed,
    recordsWritten: isStrange ? Number.MAX_SAFE_INTEGER : recordsWritten(journal),
    createdAt: positions.at(-1)?.createdAt ?? replayed?.state.lastAt ?? '',
    positionIds: new Set(positions.map(({ checkpointId }) => checkpointId)),
  };
}

/** The end of a journal as a checkpoint: under the id of the newest one that is listed, or of none that is. */
function endOf(replayed: Replayed, positions: readonly Position[], listedIds: ReadonlySet<string>): Checkpoint {
  const { state } = replayed;
  const reached = positions.filter(({ seq }) => seq <= state.seq);
  const listed = reached.findLast(({ checkpointId }) => listedIds.has(checkpointId));
  const createdAt = reached.at(-1)?.createdAt ?? state.lastAt ?? new Date(0).toISOString();
  return checkpointOf(replayed, { checkpointId: listed?.checkpointId ?? rollingIdOf(state), createdAt });
}

/** What cannot be read may be a record; the last checkpoint behind the damage still says how many there were by then. */
function recordsWritten({ damage, lines }: StoredJournal): number {
  if (damage === undefined) return lines.length - 1 - lines.filter(isMark).length;
  const { linesWritten, linesBehind } = damage;
  const behind = new Map(linesBehind.map(({ number, text }) => [number, text])); // a line may lie there twice
  const marks = [...behind].filter(([number, text]) => number > lines.length && isMark(text));
  const atMost = linesWritten - 1 - lines.filter(isMark).length - marks.length;
  const last = marks.findLast(([, text]) => positionIn(text) !== undefined);
  if (last === undefined) return atMost;
  const [number, text] = last;
  const { seq = atMost } = positionIn(text) ?? {};
  if (seq < lines.length - 1 - lines.filter(isMark).length) return Number.MAX_SAFE_INTEGER; // not of this journal
  const marksAfter = marks.filter(([other]) => other > number).length;
  return Math.min(atMost, seq + linesWritten - number - marksAfter);
}

function positionIn(text: string): Position | undefined {
  const mark = decodeMark(text);
  return mark.ok && mark.value.kind === 'position' ? mark.value.position : undefined;
}

function epochOf({ epoch, damaged, checkpointId }: CheckpointSummary): number {
  return epoch ?? damaged?.head?.epoch ?? parseRollingId(checkpointId)?.epoch ?? 0;
}
