import { byNewest, type CheckpointSummary } from './checkpoint.js';
import { createdAtOfId } from './checkpoint-id.js';

/** What a list is asked for. Everything is optional; nothing means all checkpoints. */
export interface CheckpointQuery {
  readonly planId?: string;
  /** Checkpoints of equal vibes have equal keys. Damaged ones are listed whatever their key was. */
  readonly vibeKey?: string;
  /** Only what comes after this id in the order of the list. */
  readonly before?: string;
  /** At most so many, the newest. */
  readonly limit?: number;
}

/**
 * Answers a query from a list of everything: filtered, newest first, cut.
 * @example
 * listCheckpoints = async (query?: CheckpointQuery) => selectCheckpoints(await this.summaries(), query);
 */
export function selectCheckpoints(all: readonly CheckpointSummary[], query: CheckpointQuery = {}): CheckpointSummary[] {
  const asked = all.filter((summary) => isAsked(summary, query)).sort(byNewest);
  const after = query.before === undefined ? asked : listedAfter(query.before, all, asked);
  return query.limit === undefined ? after : after.slice(0, query.limit);
}

function isAsked({ planId, vibeKey, damaged }: CheckpointSummary, query: CheckpointQuery): boolean {
  if (query.planId !== undefined && planId !== query.planId) return false;
  return query.vibeKey === undefined || damaged !== undefined || vibeKey === query.vibeKey;
}

/** An id of ours has its place in the list even when it was deleted; any other one must still be there. */
function listedAfter(
  before: string,
  all: readonly CheckpointSummary[],
  asked: readonly CheckpointSummary[],
): CheckpointSummary[] {
  const createdAt = all.find(({ checkpointId }) => checkpointId === before)?.createdAt ?? createdAtOfId(before);
  if (createdAt === undefined) return [];
  const mark: CheckpointSummary = { checkpointId: before, planId: '', createdAt, damaged: { reason: '' } };
  return asked.filter((summary) => byNewest(mark, summary) < 0);
}
