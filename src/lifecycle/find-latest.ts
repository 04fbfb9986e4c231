import {
  byLatest,
  byNewest,
  type Checkpoint,
  type CheckpointSummary,
  type DamagedSummary,
  type IntactSummary,
  isDamaged,
  isIntact,
  provenNodes,
  summarize,
} from '../checkpoint/checkpoint.js';
import { parseRollingId, planIdOfOlderId } from '../checkpoint/checkpoint-id.js';
import type { Replayed } from '../checkpoint/replay.js';
import { CheckpointCorruptError, VibeError } from '../errors.js';
import type { CheckedStore } from './checked-store.js';
import { rollingIdOf } from './identity.js';
import type { JournalState, StoredPlan } from './stored-plan.js';

export interface LatestQuery {
  readonly planId: string;
  readonly vibeKey: string;
  readonly onCorrupt: 'throw' | 'fallback';
}

export interface Latest<Run> {
  readonly checkpoint: Checkpoint;
  readonly run: Run;
  /** Damage that was passed over because the caller said so. */
  readonly passedOver: readonly CheckpointCorruptError[];
}

/**
 * The latest state of a plan that can be gone on from; `undefined` when there is none and nothing is damaged. Where the
 * plan has journals, the latest of them is one such state, and wins over a checkpoint that proves no more.
 *
 * @param open makes a run of a checkpoint, and of the replay that it stands for, or throws a CheckpointCorruptError
 * @throws CheckpointCorruptError when something newer is damaged and `onCorrupt` is `'throw'`, or nothing intact is left
 * @throws CheckpointVersionError when something newer was written by a newer version, whatever `onCorrupt` says
 */
export async function findLatest<Run>(
  store: CheckedStore,
  { summaries, journals }: StoredPlan,
  query: LatestQuery,
  open: (checkpoint: Checkpoint, replayed?: Replayed) => Run,
): Promise<Latest<Run> | undefined> {
  const intact = summaries
    .filter(isIntact)
    .filter(({ vibeKey }) => vibeKey === query.vibeKey)
    .sort(byLatest);
  const ofJournals: Candidate[] = journals.states.flatMap(({ damage, checkpoint, replayed }) =>
    damage === undefined && checkpoint?.vibeKey === query.vibeKey
      ? [{ ...summarize(checkpoint), checkpoint, replayed }]
      : [],
  );
  const candidates: Candidate[] = [...ofJournals, ...intact];
  candidates.sort(byProof(candidates)); // stable: a journal stays before its equals

  const damages: Damage[] = [];
  let best: Found<Run> | undefined;
  for (const candidate of candidates) {
    const loaded = await orDamage(query.planId, candidate, async () => {
      const checkpoint = candidate.checkpoint ?? (await store.loadCheckpoint(candidate.checkpointId));
      if (checkpoint === undefined) throw new Vanished(candidate.checkpointId);
      return { checkpoint, run: open(checkpoint, candidate.replayed), isJournal: candidate.checkpoint !== undefined };
    });
    if (loaded.damage !== undefined) damages.push(loaded.damage);
    else {
      best = loaded.value;
      break;
    }
  }
  const harmless: CheckpointCorruptError[] = [];
  for (const state of journals.states) {
    if (state.damage === undefined) continue;
    const error = corruptJournal(query.planId, state);
    if (best !== undefined && provesAll(best.checkpoint, state)) harmless.push(error);
    else damages.push({ summary: { checkpointId: error.checkpointId ?? '', createdAt: state.createdAt }, error });
  }
  for (const damaged of summaries.filter(isDamaged)) {
    const known = journals.states.find(({ positionIds }) => positionIds.has(damaged.checkpointId));
    if (known !== undefined) {
      // The journal has all that it had. The newest one is worth a word.
      if (known.damage === undefined && [...known.positionIds].at(-1) === damaged.checkpointId) {
        const { damage } = await orDamage(query.planId, damaged, () => store.loadCheckpoint(damaged.checkpointId));
        if (damage !== undefined) harmless.push(damage.error);
      }
      continue;
    }
    if (best !== undefined && !mayBeLater(damaged, best, intact, query)) continue;
    const { damage } = await orDamage(query.planId, damaged, () => store.loadCheckpoint(damaged.checkpointId));
    if (damage !== undefined) damages.push(damage);
  }
  damages.sort((a, b) => byNewest(a.summary, b.summary));
  const [newest] = damages;
  if (newest !== undefined && query.onCorrupt === 'fallback') best = provesMost(best, journals.states, query, open);
  if (newest !== undefined && (query.onCorrupt === 'throw' || best === undefined)) {
    throw withFallback(newest.error, best === undefined ? undefined : intact[0]?.checkpointId);
  }
  const passedOver = [...damages.map(({ error }) => error), ...harmless];
  return best && { checkpoint: best.checkpoint, run: best.run, passedOver };
}

/** A state to try. That of a journal is there already. */
type Candidate = IntactSummary & { readonly checkpoint?: Checkpoint; readonly replayed?: Replayed | undefined };

/**
 * The run with the highest epoch first; of one run, what proves more results, whoever wrote it: a file may have what the
 * journal could not take any more.
 */
function byProof(candidates: readonly Candidate[]): (a: Candidate, b: Candidate) => number {
  const epochs = new Map<string, number>();
  for (const { runId, epoch } of candidates) epochs.set(runId, Math.max(epoch, epochs.get(runId) ?? 0));
  const epochOf = ({ runId }: Candidate) => epochs.get(runId) ?? 0;
  return (a, b) => {
    const isCounted = a.runId === b.runId && a.epoch > 0 && b.epoch > 0;
    if (isCounted && provenNodes(a) !== provenNodes(b)) return provenNodes(b) - provenNodes(a);
    return epochOf(b) - epochOf(a) || b.epoch - a.epoch || b.seq - a.seq;
  };
}

interface Found<Run> {
  readonly checkpoint: Checkpoint;
  readonly run: Run;
  readonly isJournal: boolean;
}

/** Whether a state has everything that a damaged journal can have acknowledged. */
function provesAll(best: Checkpoint, { epoch, runId, recordsWritten }: JournalState): boolean {
  if (best.epoch > epoch) return true;
  if (best.epoch === epoch && best.seq >= recordsWritten) return true;
  const isSameRun = runId === undefined ? best.epoch === epoch : best.runId === runId;
  return isSameRun && best.state === 'completed' && best.pendingNodes.length === 0;
}

/** What stands before the damage in a journal may be more than any checkpoint has. */
function provesMost<Run>(
  found: Found<Run> | undefined,
  states: readonly JournalState[],
  { vibeKey }: LatestQuery,
  open: (checkpoint: Checkpoint, replayed?: Replayed) => Run,
): Found<Run> | undefined {
  let best = found;
  for (const { damage, checkpoint } of states) {
    if (damage === undefined || checkpoint === undefined || checkpoint.vibeKey !== vibeKey) continue;
    const isMore =
      best === undefined ||
      (best.checkpoint.runId === checkpoint.runId
        ? provenNodes(summarize(checkpoint)) > provenNodes(summarize(best.checkpoint))
        : checkpoint.epoch > best.checkpoint.epoch);
    if (isMore) best = { checkpoint, run: open(checkpoint), isJournal: true };
  }
  return best;
}

/** What is affected is the end of the journal: whoever does not need it deletes it by its rolling id. */
function corruptJournal(planId: string, state: JournalState): CheckpointCorruptError {
  const { damage, location } = state;
  return new CheckpointCorruptError({
    planId,
    reason: `its journal: ${damage ?? ''}`,
    location,
    checkpointId: rollingIdOf(state),
  });
}

/** A checkpoint was deleted between the list and the look at it: the list is out of date. */
export class Vanished extends Error {
  override readonly name = 'Vanished';
}

interface Damage {
  readonly summary: Pick<CheckpointSummary, 'checkpointId' | 'createdAt'>;
  readonly error: CheckpointCorruptError;
}

/**
 * Whether damage may hide results that the best state lacks: by epoch and position where its head still tells them, and
 * otherwise unless it is known to be older. Older damage is listed and changes nothing.
 */
function mayBeLater(
  { checkpointId, createdAt, damaged: { head } }: DamagedSummary,
  { checkpoint: best, isJournal }: { readonly checkpoint: Checkpoint; readonly isJournal: boolean },
  intact: readonly IntactSummary[],
  { vibeKey }: LatestQuery,
): boolean {
  if (head !== undefined && head.vibeKey !== vibeKey) return false;
  if (head !== undefined) return head.epoch > best.epoch || (head.epoch === best.epoch && head.seq > best.seq);
  if (planIdOfOlderId(checkpointId) !== undefined && best.epoch > 0) return false; // never beats a run of ours
  const rolling = parseRollingId(checkpointId);
  if (rolling !== undefined && rolling.epoch !== best.epoch) return rolling.epoch > best.epoch;
  if (rolling !== undefined) return best.state === 'running'; // an epoch ends with a listed checkpoint
  if (isJournal && best.state === 'completed' && best.pendingNodes.length === 0) return false; // nothing is more
  // A copy of the best state may have been made much later: the first one tells when the run was there.
  const isSame = ({ epoch, seq }: IntactSummary) => epoch === best.epoch && seq === best.seq;
  const first = (isJournal || best.epoch === 0 ? undefined : intact.filter(isSame).sort(byNewest).at(-1)) ?? best;
  return createdAt > first.createdAt || (createdAt === first.createdAt && checkpointId > first.checkpointId);
}

/** What the work answers, or the damage that it met, told of the plan that was asked for. */
async function orDamage<T>(
  planId: string,
  summary: Pick<CheckpointSummary, 'checkpointId' | 'createdAt'>,
  work: () => Promise<T>,
): Promise<{ value: T; damage?: undefined } | { value?: undefined; damage: Damage }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!VibeError.is(error) || error.code !== 'CHECKPOINT_CORRUPT') throw error;
    const { reason, location } = error as CheckpointCorruptError;
    const told = { planId, reason, location, checkpointId: summary.checkpointId };
    return { damage: { summary, error: new CheckpointCorruptError(told, { cause: error.cause }) } };
  }
}

function withFallback(damage: CheckpointCorruptError, fallbackCheckpointId?: string): CheckpointCorruptError {
  const { planId, reason, location, checkpointId, cause } = damage;
  return new CheckpointCorruptError({ planId, reason, location, checkpointId, fallbackCheckpointId }, { cause });
}
