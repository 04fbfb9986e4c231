import { type CheckpointSummary, MetaPlanner } from 'vibe-aigc';
import { checkDir } from '../check-dir.js';
import { CommandError } from '../command-error.js';
import { exit } from '../exit-codes.js';
import { askYesNo, canAsk } from '../terminal/ask.js';
import { print, printJson, say } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { findCheckpoint } from './find-checkpoint.js';

export interface DeleteOptions {
  readonly dir: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** All ids are looked up before anything is deleted: one that is mistyped deletes nothing. */
export async function deleteCheckpoints(given: readonly string[], options: DeleteOptions): Promise<void> {
  const { dir, yes = false, dryRun = false, json = false } = options;
  const planner = new MetaPlanner({ checkpointDir: checkDir(dir) });
  const listed = await planner.listCheckpoints();
  const found = new Map(
    given.map((id) => findCheckpoint(id, listed, dir)).map((summary) => [summary.checkpointId, summary]),
  );
  const doomed = [...found.values()];
  if (!dryRun && !yes) await ask(doomed);

  const deleted = new Set<string>();
  try {
    if (!dryRun) {
      for (const { checkpointId } of doomed) {
        if (await planner.deleteCheckpoint(checkpointId)) deleted.add(checkpointId);
      }
    }
  } finally {
    // Printed at the end, also when one could not be deleted: a reader that goes away stops no deletion halfway.
    if (json) printJson(documentOf(doomed, deleted, dryRun));
    else for (const summary of doomed) tell(summary, { dryRun, isDeleted: deleted.has(summary.checkpointId) });
  }
  if (!dryRun && deleted.size < doomed.length) {
    throw new CommandError(exit.notFound, { what: 'Somebody else deleted a checkpoint in the meantime.' });
  }
}

async function ask(doomed: readonly CheckpointSummary[]): Promise<void> {
  const count = doomed.length === 1 ? 'this checkpoint' : `these ${doomed.length} checkpoints`;
  if (!canAsk()) {
    throw new CommandError(exit.usage, {
      what: `Nothing was deleted: whether to delete ${count} can only be asked on a terminal.`,
      next: ['add --yes to delete without being asked, or --dry-run to see what would be deleted'],
    });
  }
  for (const summary of doomed) say(`  ${describe(summary)}`);
  if (await askYesNo(`Delete ${count}?`)) return;
  throw new CommandError(exit.failed, { what: 'Nothing was deleted, since you did not say yes.' });
}

function tell(summary: CheckpointSummary, { dryRun, isDeleted }: { dryRun: boolean; isDeleted: boolean }): void {
  if (dryRun) print(`would delete ${describe(summary)}`);
  else if (isDeleted) print(`deleted ${describe(summary)}`);
  else say(`not deleted: ${describe(summary)}`);
}

function describe(summary: CheckpointSummary): string {
  const what = summary.damaged ? 'damaged' : `${summary.state}, ${summary.completedNodes}/${summary.totalNodes} nodes`;
  return `${printable(summary.checkpointId)}  (plan ${printable(summary.planId)}, ${what})`;
}

function documentOf(doomed: readonly CheckpointSummary[], deleted: ReadonlySet<string>, dryRun: boolean) {
  const checkpoints = doomed.map(({ checkpointId, planId }) => ({
    checkpointId,
    planId,
    deleted: deleted.has(checkpointId),
  }));
  return { version: 1, dryRun, checkpoints };
}
