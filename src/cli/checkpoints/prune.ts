import { MetaPlanner, type PruneOptions, type PruneReport } from 'vibe-aigc';
import { checkDir } from '../check-dir.js';
import { CommandError } from '../command-error.js';
import { checkpointsCommand } from '../command-line.js';
import { type ExitCode, exit, exitCodeOf } from '../exit-codes.js';
import { askYesNo, canAsk } from '../terminal/ask.js';
import { print, printJson, say } from '../terminal/output.js';
import { oneLine, printable } from '../terminal/printable.js';

export interface PruneCommand {
  readonly dir: string;
  readonly keepLast?: number;
  /** In milliseconds. */
  readonly maxAge?: number;
  readonly deleteOnSuccess?: boolean;
  readonly plan?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What would go is looked up first: to be shown, and so that nobody is asked about nothing. */
export async function pruneCheckpoints(command: PruneCommand): Promise<void> {
  const { dir, yes = false, dryRun = false, json = false } = command;
  const planner = new MetaPlanner({ checkpointDir: checkDir(dir) });
  const options = optionsOf(command);
  let report: PruneReport;
  if (dryRun || yes) report = await planner.pruneCheckpoints({ ...options, dryRun });
  else {
    report = await planner.pruneCheckpoints({ ...options, dryRun: true });
    if (hasWork(report)) {
      await ask(report);
      report = await planner.pruneCheckpoints(options);
    }
  }
  if (json) printJson(documentOf(report, dryRun));
  else tell(report, dryRun);
  failIfLeftAlone(report);
}

function optionsOf({ keepLast, maxAge, deleteOnSuccess, plan }: PruneCommand): PruneOptions {
  if (keepLast === undefined && maxAge === undefined && deleteOnSuccess !== true) {
    throw new CommandError(exit.usage, {
      what: 'It was not said what to keep.',
      next: ['add --keep-last 3, --max-age 30d or --delete-on-success, and --dry-run to see what would be deleted'],
    });
  }
  return { keepLast, maxAgeMs: maxAge, deleteOnSuccess, planId: plan };
}

function hasWork({ deleted, freedPlans, blobs }: PruneReport): boolean {
  return deleted.length > 0 || freedPlans.length > 0 || blobs.count > 0;
}

async function ask(report: PruneReport): Promise<void> {
  const what = countOf(report);
  if (!canAsk()) {
    throw new CommandError(exit.usage, {
      what: `Nothing was deleted: whether to delete ${what} can only be asked on a terminal.`,
      next: ['add --yes to delete without being asked, or --dry-run to see what would be deleted'],
    });
  }
  for (const line of linesOf(report)) say(`  ${line}`);
  if (await askYesNo(`Delete ${what}?`)) return;
  throw new CommandError(exit.failed, { what: 'Nothing was deleted, since you did not say yes.' });
}

/** `3 checkpoints and 2 blobs, and all that is left of 1 plan`. */
function countOf({ deleted, freedPlans, blobs }: PruneReport): string {
  const listed = `${deleted.length} ${deleted.length === 1 ? 'checkpoint' : 'checkpoints'}`;
  const checkpoints = blobs.count === 0 ? listed : `${listed} and ${blobsOf(blobs)}`;
  const plans = `${freedPlans.length} ${freedPlans.length === 1 ? 'plan' : 'plans'}`;
  return freedPlans.length === 0 ? checkpoints : `${checkpoints}, and all that is left of ${plans}`;
}

function blobsOf({ count }: PruneReport['blobs']): string {
  return `${count} ${count === 1 ? 'blob' : 'blobs'}`;
}

function linesOf({ deleted, freedPlans, blobs }: PruneReport): string[] {
  const checkpoints = deleted.map(
    ({ checkpointId, planId }) => `${printable(checkpointId)}  (plan ${printable(planId)})`,
  );
  const plans = freedPlans.map((planId) => `all that is left of plan ${printable(planId)}`);
  return [
    ...checkpoints,
    ...plans,
    ...(blobs.count > 0 ? [`${blobsOf(blobs)} that nothing names any more (${blobs.bytes} bytes)`] : []),
  ];
}

function tell(report: PruneReport, dryRun: boolean): void {
  for (const line of linesOf(report)) print(`${dryRun ? 'would delete' : 'deleted'} ${line}`);
  for (const { planId, error } of report.skipped) {
    say(`left as it is: plan ${printable(planId)}: ${oneLine(error.message)}`);
  }
  if (!hasWork(report)) say('There is nothing to delete.');
}

function documentOf({ deleted, freedPlans, blobs, skipped }: PruneReport, dryRun: boolean) {
  const told = skipped.map(({ planId, error: { code, message } }) => ({ planId, code, message }));
  return { version: 1, dryRun, deleted, freedPlans, blobs, skipped: told };
}

/** A plan that runs is pruned another time; one that cannot be read is for somebody to look at. */
function failIfLeftAlone({ skipped }: PruneReport): void {
  const failed = skipped.filter(({ error }) => error.code !== 'PLAN_LOCKED');
  const [first] = failed;
  if (first === undefined) return;
  const worst: ExitCode = failed.some(({ error }) => exitCodeOf[error.code] === exit.failed)
    ? exit.failed
    : exitCodeOf[first.error.code];
  const plans = failed.length === 1 ? 'A plan was' : `${failed.length} plans were`;
  const next = [`${checkpointsCommand('list')}   shows what is damaged`];
  throw new CommandError(worst, { what: `${plans} left alone that could not be read.`, next });
}
