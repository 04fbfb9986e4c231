import { type CheckpointCorruptError, MetaPlanner, type RepairReport, VibeError } from 'vibe-aigc';
import { checkDir } from '../check-dir.js';
import { CommandError } from '../command-error.js';
import { checkpointsCommand } from '../command-line.js';
import { exit } from '../exit-codes.js';
import { askYesNo, canAsk } from '../terminal/ask.js';
import { print, printJson, say } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { reportLines } from './repair-lines.js';

export interface RepairOptions {
  readonly dir: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly rerun?: boolean;
  readonly json?: boolean;
}

/** Without `--yes` it looks first, and says what it would do. */
export async function repairCheckpoints(planId: string, options: RepairOptions): Promise<void> {
  const { dir, yes = false, dryRun = false, rerun = false, json = false } = options;
  const planner = new MetaPlanner({
    checkpointDir: checkDir(dir),
    onProgress: (event) => {
      if (event.type === 'lock_waiting') say(`The plan is held by process ${event.holder.pid}: waiting for it.`);
    },
  });
  const repair = (isDry: boolean) =>
    planner
      .repairCheckpoints({ planId, dryRun: isDry, onLostInput: rerun ? 'rerun' : 'keep' })
      .catch((error) => explainBeyondRepair(error, dir));
  if (!dryRun && !yes) {
    const found = await repair(true);
    if (found.damage.length > 0) await ask(found);
  }
  show(await repair(dryRun), { dryRun, json });
}

function show(report: RepairReport, { dryRun, json }: { readonly dryRun: boolean; readonly json: boolean }): void {
  if (json) printJson({ version: 1, dryRun, ...report });
  else for (const line of reportLines(report, { dryRun })) print(line);
}

async function ask(found: RepairReport): Promise<void> {
  if (!canAsk()) {
    throw new CommandError(exit.usage, {
      what: 'Nothing was repaired: whether to repair this plan can only be asked on a terminal.',
      next: ['add --yes to repair without being asked, or --dry-run to see what would be done'],
    });
  }
  for (const line of reportLines(found, { dryRun: true })) say(line);
  if (await askYesNo('Repair it?')) return;
  throw new CommandError(exit.failed, { what: 'Nothing was repaired, since you did not say yes.' });
}

function explainBeyondRepair(error: unknown, dir: string): never {
  if (!VibeError.is(error) || error.code !== 'CHECKPOINT_CORRUPT') throw error;
  const { planId, location, fallbackCheckpointId } = error as CheckpointCorruptError;
  const intact = `${checkpointsCommand(`show ${fallbackCheckpointId}`, dir)}   shows the latest intact one, of an earlier run`;
  throw new CommandError(
    exit.unusable,
    {
      what: `Plan ${JSON.stringify(printable(planId))} cannot be repaired.`,
      why: `nothing intact is left that tells the vibe and the plan of its latest run (${location})`,
      next: [
        ...(fallbackCheckpointId === undefined ? [] : [intact]),
        'start over with fresh: true in your program; nothing was changed',
      ],
    },
    { cause: error },
  );
}
