import { type CheckpointSummary, type ExecuteOptions, MetaPlanner, type Vibe } from 'vibe-aigc';
import { checkDir } from '../check-dir.js';
import { CommandError } from '../command-error.js';
import { checkpointsCommand, commandLine, shellWord } from '../command-line.js';
import { exit } from '../exit-codes.js';
import { parseJson } from '../read-json.js';
import { findRun } from '../run/find-run.js';
import type { RunOptions } from '../run/options.js';
import { performRun } from '../run/perform-run.js';
import { say } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';

export interface ResumeOptions extends RunOptions {
  readonly jobs?: string;
}

/** Goes on with a plan where it is; from a checkpoint, a new run begins. */
export async function resume(given: string | undefined, options: ResumeOptions): Promise<void> {
  const { dir, onCorrupt, quiet } = options;
  const jobs = options.jobs === undefined ? undefined : parseJson(options.jobs, '--jobs');
  const planner = new MetaPlanner({ checkpointDir: checkDir(dir) });
  const listed = await planner.listCheckpoints();
  const found = findRun(given ?? 'latest', listed, dir);
  const start = found.kind === 'plan' ? { planId: found.planId } : { checkpointId: found.checkpointId };
  const vibe = await vibeOf(found, listed, planner, dir);
  if (found.kind === 'checkpoint' && !quiet) {
    say(`A new run from checkpoint ${printable(found.checkpointId)}: what was done after it is done again.`);
  }
  await performRun(
    (runner) =>
      runner.executeWithResume(vibe, {
        ...start,
        ...(jobs !== undefined && { jobs: jobs as NonNullable<ExecuteOptions['jobs']> }),
        ...(onCorrupt !== undefined && { onCorrupt }),
      }),
    options,
  );
}

/** Every intact checkpoint of a plan tells what it was asked for; the run itself looks for the latest state. */
async function vibeOf(
  { planId, ...found }: { readonly planId: string; readonly checkpointId?: string },
  listed: readonly CheckpointSummary[],
  planner: MetaPlanner,
  dir: string,
): Promise<Vibe> {
  const intact = listed.find((summary) => summary.planId === planId && summary.damaged === undefined);
  const id = found.checkpointId ?? intact?.checkpointId;
  if (id !== undefined) return (await planner.getCheckpoint(id)).vibe;
  throw new CommandError(exit.unusable, {
    what: `Nothing intact of plan ${JSON.stringify(printable(planId))} tells what it was made for.`,
    next: [
      `${checkpointsCommand(`repair ${shellWord(planId)}`, dir)}   saves what can be saved`,
      `or start over: ${commandLine(['execute'])}, with the vibe, --plan-id and --fresh`,
    ],
  });
}
