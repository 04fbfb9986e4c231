import type { Command } from 'commander';
import { defaultDir } from '../command-line.js';
import { duration } from '../duration.js';
import { opensWithExamples } from '../examples.js';
import { wholeNumber } from '../whole-number.js';

/** `checkpoints` and the commands below it. */
export function addCheckpoints(program: Command): void {
  const checkpoints = program.command('checkpoints').description('list, show, delete, prune and repair');
  opensWithExamples(checkpoints, [
    ['vibe-aigc checkpoints list', 'what is stored in .vibe_checkpoints'],
    ['vibe-aigc checkpoints show latest', 'look into the newest one'],
  ]);

  const list = checkpoints
    .command('list')
    .description('list checkpoints, newest first; damaged ones are listed as damaged')
    .option('--plan <id>', 'only those of this plan')
    .option('--limit <n>', 'at most so many, the newest', wholeNumber)
    .option('--dir <path>', 'where the checkpoints are', defaultDir)
    .option('--json', 'print one JSON document')
    .option('--no-trunc', 'cut nothing to fit the terminal')
    .action(async (options) => (await import('./list.js')).listCheckpoints(options));
  opensWithExamples(list, [
    ['vibe-aigc checkpoints list --plan plan-001 --limit 5', 'the newest five of a plan'],
    ['vibe-aigc checkpoints list --json', 'for a script'],
  ]);

  const show = checkpoints
    .command('show')
    .description('show what a checkpoint is of, how far the run was, and what each node made')
    .argument('<id>', 'an id, the beginning of one, or "latest"')
    .option('--dir <path>', 'where the checkpoints are', defaultDir)
    .option('--json', 'print the whole checkpoint as one JSON document')
    .action(async (id, options) => (await import('./show.js')).showCheckpoint(id, options));
  opensWithExamples(show, [
    ['vibe-aigc checkpoints show latest', 'the newest one'],
    ['vibe-aigc checkpoints show cp-0mwuvwspi --json', 'a whole one, for a script'],
  ]);

  const remove = checkpoints
    .command('delete')
    .description('delete checkpoints: places to return to, never the progress of a run')
    .argument('<id...>', 'ids, beginnings of them, or "latest"')
    .option('--dir <path>', 'where the checkpoints are', defaultDir)
    .option('--yes', 'do not ask; needed where nobody can be asked')
    .option('--dry-run', 'only say what would be deleted')
    .option('--json', 'print one JSON document')
    .action(async (ids, options) => (await import('./delete.js')).deleteCheckpoints(ids, options));
  opensWithExamples(remove, [
    ['vibe-aigc checkpoints delete cp-0mwuvwspi', 'asks first'],
    ['vibe-aigc checkpoints delete latest --dry-run', 'says what it would delete'],
  ]);

  const repair = checkpoints
    .command('repair')
    .description('save all that is intact of a damaged plan, and move damaged files aside; nothing is deleted')
    .argument('<plan-id>', 'the plan, as a list shows it')
    .option('--dir <path>', 'where the checkpoints are', defaultDir)
    .option('--yes', 'do not ask; needed where nobody can be asked')
    .option('--dry-run', 'only say what would be done')
    .option('--rerun', 'drop results that were made from what is lost, so that they are made again')
    .option('--json', 'print one JSON document')
    .action(async (id, options) => (await import('./repair.js')).repairCheckpoints(id, options));
  opensWithExamples(repair, [
    ['vibe-aigc checkpoints repair plan-001 --dry-run', 'says what would be kept and what is lost'],
    ['vibe-aigc checkpoints repair plan-001', 'asks first'],
  ]);

  addPrune(checkpoints);
}

function addPrune(checkpoints: Command): void {
  const prune = checkpoints
    .command('prune')
    .description('delete checkpoints that are not to be kept; what is unfinished stays resumable')
    .option('--keep-last <n>', 'keep so many checkpoints of each plan, the newest', wholeNumber)
    .option('--max-age <time>', 'delete what is older, such as 12h, 30d or 8w', duration)
    .option('--delete-on-success', 'delete complete runs as a whole: running their vibes again is a new run')
    .option('--plan <id>', 'only of this plan')
    .option('--dir <path>', 'where the checkpoints are', defaultDir)
    .option('--yes', 'do not ask; needed where nobody can be asked')
    .option('--dry-run', 'only say what would be deleted')
    .option('--json', 'print one JSON document')
    .action(async (options) => (await import('./prune.js')).pruneCheckpoints(options));
  opensWithExamples(prune, [
    ['vibe-aigc checkpoints prune --keep-last 3', 'asks first'],
    ['vibe-aigc checkpoints prune --max-age 30d --yes', 'for a nightly job'],
  ]);
}
