import { type Checkpoint, isIntact } from '../checkpoint/checkpoint.js';
import { keptJournals } from '../checkpoint/journal-pruning.js';
import type { SurveyedJournal } from '../checkpoint/journal-survey.js';
import type { StoredBlob } from '../checkpoint/persistence-manager.js';
import type { CheckedStore } from './checked-store.js';
import type { StoredPlan } from './stored-plan.js';
import type { Pruning } from './what-to-prune.js';

/**
 * Blobs of a plan that nothing will name when this is pruned: neither a journal that stays, nor a checkpoint. What merely
 * mentions a hash counts as naming it. Of a plan that is not complete all stay: its next attempt may need what nothing
 * names yet, and somebody may be looking at it.
 */
export async function unnamedBlobs(
  planId: string,
  stored: StoredPlan,
  pruning: Pruning,
  store: CheckedStore,
): Promise<readonly StoredBlob[]> {
  const all = pruning.isComplete ? ((await store.blobs?.list(planId)) ?? []) : [];
  if (all.length === 0 || pruning.lastIds !== undefined) return all;
  const unnamed = new Map(all.map((blob) => [blob.sha256, blob]));
  const strike = (text: string) => {
    for (const [, sha256 = ''] of text.matchAll(/sha256:([0-9a-f]{64})/g)) unnamed.delete(sha256);
  };
  const { surveyed, states } = stored.journals;
  const replayed = pruning.isJournalDue ? states[0]?.replayed : undefined;
  const kept = replayed === undefined ? surveyed : keptJournals(replayed, surveyed, new Set(pruning.checkpointIds));
  for (const { journal } of kept) for (const line of journal.lines) strike(line);
  if (unnamed.size === 0) return [];

  for (const { isSetAside, lines, fragments } of (await store.inspect(planId))?.journals ?? []) {
    if (isSetAside) for (const text of [...lines.map((line) => line.text), ...fragments]) strike(text); // a repair reads it
  }
  for (const checkpointId of otherDocuments(stored, pruning, kept)) {
    if (unnamed.size === 0) break;
    const checkpoint = await store.loadCheckpoint(checkpointId);
    if (checkpoint !== undefined) for (const text of textsIn(checkpoint)) strike(text);
  }
  return [...unnamed.values()];
}

/** Checkpoints that stay and are no places in a journal that has all of what they have. */
function* otherDocuments(
  { summaries }: StoredPlan,
  { checkpointIds, rollingIds }: Pruning,
  kept: readonly SurveyedJournal[],
): Generator<string> {
  const known = new Set([...checkpointIds, ...rollingIds]);
  for (const { positions } of kept) for (const { checkpointId } of positions) known.add(checkpointId);
  for (const { checkpointId } of summaries.filter(isIntact)) if (!known.has(checkpointId)) yield checkpointId;
}

/** As one text, a large checkpoint would be more than a string can hold. */
function* textsIn(checkpoint: Checkpoint): Generator<string> {
  const open: unknown[] = [checkpoint];
  while (open.length > 0) {
    const found = open.pop();
    if (typeof found === 'string') yield found;
    else if (typeof found === 'object' && found !== null) for (const inside of Object.values(found)) open.push(inside);
  }
}
