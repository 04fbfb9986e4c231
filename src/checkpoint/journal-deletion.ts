import { CheckpointCorruptError } from '../errors.js';
import { openingOf } from './journal-opening.js';
import { allDeletedIds, type SurveyedJournal } from './journal-survey.js';
import type { JournalOpening } from './persistence-manager.js';
import { replayJournal } from './replay.js';
import type { Sha256 } from './sealed-document.js';

export interface Deletion {
  readonly checkpointId: string;
  /** The rolling id of the end of the latest journal. */
  readonly endId: string;
  readonly planId: string;
  /** Of the journal that is to begin. */
  readonly epoch: number;
}

/**
 * The latest journal of a plan once more, without a position that lies in one of the plan's journals; `undefined` when
 * there is nothing to delete.
 *
 * A damaged journal is gone on from only when its end is what is deleted: whoever does that says that what the damage
 * has reached is not needed. Then it is what stands before the damage, or `'set aside'` when nothing does.
 *
 * @throws CheckpointCorruptError when the latest journal is damaged and something else was to be deleted
 */
export async function openingWithout(
  { checkpointId, endId, planId, epoch }: Deletion,
  journals: readonly SurveyedJournal[],
  sha256: Sha256,
): Promise<JournalOpening | 'set aside' | undefined> {
  const [latest] = journals;
  if (latest === undefined) return undefined;
  const { journal } = latest;
  const replay = await replayJournal(journal, planId, sha256);
  const reason = journal.damage?.reason ?? (replay.ok ? undefined : replay.reason);
  const isEnd = checkpointId === endId;
  if (reason === undefined && isEnd) return undefined; // that is the run itself
  if (reason !== undefined && !isEnd) {
    const { location } = journal;
    throw new CheckpointCorruptError({ planId, reason: `its journal: ${reason}`, location, checkpointId: endId });
  }
  if (replay.value === undefined) return 'set aside';
  const { header, headerText, records } = replay.value;
  const positions = latest.positions.filter(({ seq }) => seq <= records.length);
  const deletedIds = new Set([...allDeletedIds(journals), checkpointId]);
  const broken = new Set(reason === undefined ? [] : [journal.epoch]);
  const run = { identity: header, epoch, records, positions, headerText };
  return openingOf(run, journals, 'strict', { deletedIds, broken });
}
