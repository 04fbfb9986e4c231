import { CheckpointCorruptError } from '../errors.js';
import { type Checkpoint, type CheckpointSummary, shortDescription } from './checkpoint.js';
import { isMark, type Position } from './journal-codec.js';
import { allDeletedIds, listedPositions, type SurveyedJournal } from './journal-survey.js';
import type { StoredJournal } from './persistence-manager.js';
import { checkpointOf, replayJournal } from './replay.js';
import type { Sha256 } from './sealed-document.js';

// Checkpoints that are places in the journals of a plan, for a store to list and to load.

/**
 * The listed positions in the journals of a plan, each once, the intact one where a crash left it in two.
 * @param planId where no header tells it
 */
export function positionSummaries(journals: readonly SurveyedJournal[], planId: string): CheckpointSummary[] {
  const deletedIds = allDeletedIds(journals);
  const byId = new Map<string, CheckpointSummary>();
  for (const surveyed of current(journals)) {
    for (const position of listedPositions(surveyed, deletedIds)) {
      const known = byId.get(position.checkpointId);
      if (known === undefined || known.damaged !== undefined) {
        byId.set(position.checkpointId, summaryOf(position, surveyed, planId));
      }
    }
  }
  return [...byId.values()];
}

/** Whether a checkpoint is a listed position in one of the journals. */
export function hasPosition(journals: readonly SurveyedJournal[], checkpointId: string): boolean {
  const deletedIds = allDeletedIds(journals);
  return journals.some((one) => listedPositions(one, deletedIds).some((at) => at.checkpointId === checkpointId));
}

/**
 * The checkpoint at a position; `undefined` when no journal has it.
 * @throws CheckpointCorruptError when what came before it cannot be read back, CheckpointVersionError
 */
export async function loadPosition(
  journals: readonly SurveyedJournal[],
  planId: string,
  checkpointId: string,
  sha256: Sha256,
): Promise<Checkpoint | undefined> {
  const deletedIds = allDeletedIds(journals);
  let problem: CheckpointCorruptError | undefined;
  for (const surveyed of current(journals)) {
    const position = listedPositions(surveyed, deletedIds).find((at) => at.checkpointId === checkpointId);
    if (position === undefined) continue;
    const { journal } = surveyed;
    const replay = await replayJournal(journal, planId, sha256, position.seq);
    if (replay.value !== undefined && replay.value.records.length >= position.seq) {
      return { ...checkpointOf(replay.value, position), state: position.state };
    }
    const reason = replay.ok ? (journal.damage?.reason ?? missing) : replay.reason;
    problem ??= new CheckpointCorruptError({ planId, reason, location: journal.location, checkpointId });
  }
  if (problem !== undefined) throw problem; // an older journal of the run might have had it intact
  return undefined;
}

const missing = 'the records before it are missing';

function summaryOf(position: Position, { head, journal }: SurveyedJournal, planId: string): CheckpointSummary {
  const { checkpointId, createdAt, state, seq, completed, total } = position;
  const id = { checkpointId, planId: head?.planId ?? planId, createdAt };
  if (head === undefined) return { ...id, damaged: { reason: journal.damage?.reason ?? missing } };
  const { runId, vibeKey, vibeDescription, totalNodes } = head;
  const at = { runId, vibeKey, epoch: journal.epoch, seq };
  if (seq > intactRecords(journal)) {
    return { ...id, damaged: { reason: journal.damage?.reason ?? missing, head: at } };
  }
  return {
    ...id,
    ...at,
    state,
    completedNodes: completed,
    totalNodes: total ?? totalNodes,
    vibeDescription: shortDescription(vibeDescription),
  };
}

function intactRecords({ lines, damage }: StoredJournal): number {
  if (damage === undefined) return Number.POSITIVE_INFINITY; // what is torn off was never a position
  return lines.reduce((count, line) => (isMark(line) ? count : count + 1), -1);
}

/** Without those that a later intact journal of the same run has taken over. */
function current(journals: readonly SurveyedJournal[]): SurveyedJournal[] {
  const runIds = new Set<string>();
  return journals.filter(({ head, journal }) => {
    if (head === undefined) return true;
    if (runIds.has(head.runId)) return false;
    if (journal.damage === undefined) runIds.add(head.runId);
    return true;
  });
}
