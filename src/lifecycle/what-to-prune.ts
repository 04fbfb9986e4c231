import {
  byLatest,
  type Checkpoint,
  type CheckpointSummary,
  type IntactSummary,
  isIntact,
} from '../checkpoint/checkpoint.js';
import { isRollingId } from '../checkpoint/checkpoint-id.js';
import { isPruningDue, listedPositionIds } from '../checkpoint/journal-pruning.js';
import type { RetentionPolicy } from '../checkpoint/retention.js';
import type { StoredPlan } from './stored-plan.js';

/** What is to go of a plan, and in which order. */
export interface Pruning {
  /** Listed checkpoints, newest first. */
  readonly checkpointIds: readonly string[];
  /** What is kept under an id that no list shows. */
  readonly rollingIds: readonly string[];
  /** Some of these have no document. */
  readonly positionIds: ReadonlySet<string>;
  /** Whether the latest journal is to be written once more, without what goes. */
  readonly isJournalDue: boolean;
  /** Set when nothing is to be left: the documents that prove the result of the plan, to go when all else is gone. */
  readonly lastIds: ReadonlySet<string> | undefined;
  /** Whether nothing of the plan is left to be run. */
  readonly isComplete: boolean;
}

/**
 * Decides what a policy removes of an intact plan.
 * @param latest the state that the next call would go on from; of each vibe, where a plan has several
 */
export function whatToPrune(
  { summaries, journals }: StoredPlan,
  latest: readonly Checkpoint[],
  { keepLast = Number.POSITIVE_INFINITY, maxAgeMs = Number.POSITIVE_INFINITY, deleteOnSuccess }: RetentionPolicy,
  now: number,
): Pruning {
  const isOld = (time: string) => Date.parse(time) < now - maxAgeMs;
  const intact = summaries.filter(isIntact);
  const listed = intact.filter(({ checkpointId }) => !isRollingId(checkpointId));
  const rolling = intact.filter(({ checkpointId }) => isRollingId(checkpointId));
  const isComplete = latest.length > 0 && latest.every(isDone);
  const isAllOld = [...listed.map(({ createdAt }) => createdAt), ...latest.flatMap(timesOf)].every(isOld);
  const positionIds = listedPositionIds(journals.surveyed);
  if (isComplete && (deleteOnSuccess === true || isAllOld)) {
    const isDocument = (state: Checkpoint) => !journals.states.some(({ checkpoint }) => checkpoint === state);
    const lastIds = new Set(latest.filter(isDocument).map(idOf));
    const [checkpointIds, rollingIds] = [listed.map(idOf), rolling.map(idOf)];
    return { checkpointIds, rollingIds, positionIds, isJournalDue: false, lastIds, isComplete };
  }
  const kept = new Set(latest.flatMap((state) => [state.checkpointId, newestOf(state.vibeKey, listed) ?? '']));
  const canRewrite = isJournalOf(latest, journals.surveyed[0]?.head?.runId);
  const doomed = listed
    .filter(({ createdAt }, index) => index >= keepLast || isOld(createdAt))
    .filter(({ checkpointId: id }) => !kept.has(id) && (canRewrite || !positionIds.has(id)));
  const runIds = new Set(latest.map(({ runId }) => runId));
  const leftOver = rolling.filter(({ runId, checkpointId }) => !runIds.has(runId) && !kept.has(checkpointId));
  return {
    checkpointIds: doomed.map(idOf),
    rollingIds: leftOver.map(idOf),
    positionIds,
    isJournalDue: canRewrite && isPruningDue(journals.surveyed, new Set(doomed.map(idOf))),
    lastIds: undefined,
    isComplete,
  };
}

export function isNothing({ checkpointIds, rollingIds, isJournalDue, lastIds }: Pruning): boolean {
  return checkpointIds.length === 0 && rollingIds.length === 0 && !isJournalDue && lastIds === undefined;
}

function isDone({ state, pendingNodes }: Checkpoint): boolean {
  return state === 'completed' && pendingNodes.length === 0;
}

/** The end of a journal has the time of its newest checkpoint; that of the end may have been deleted. */
function timesOf({ createdAt, endedAt = createdAt }: Checkpoint): string[] {
  return [createdAt, endedAt];
}

/** So that a plan that goes on is still seen in lists. */
function newestOf(vibeKey: string, listed: readonly IntactSummary[]): string | undefined {
  return listed.filter((one) => one.vibeKey === vibeKey).sort(byLatest)[0]?.checkpointId;
}

/** A journal that is written once more is the latest: the one of an earlier run must not become that. */
function isJournalOf(latest: readonly Checkpoint[], runId: string | undefined): boolean {
  return runId !== undefined && latest.length === 1 && latest[0]?.runId === runId;
}

/** The same of a whole plan, damaged files included: whether no run is later than the one with the latest journal. */
export function isLatestInJournal({ summaries, journals }: StoredPlan): boolean {
  const [latest] = journals.surveyed;
  if (latest === undefined) return false;
  const runId = latest.head?.runId;
  const { epoch } = latest.journal;
  return !summaries.some((one) => epochOf(one) > epoch && (one.damaged?.head ?? one).runId !== runId);
}

/** 0 where a damaged file does not tell it any more. */
export function epochOf(summary: CheckpointSummary): number {
  return (isIntact(summary) ? summary.epoch : summary.damaged.head?.epoch) ?? 0;
}

function idOf({ checkpointId }: { readonly checkpointId: string }): string {
  return checkpointId;
}
