import { Command, InvalidArgumentError } from 'commander';
import { defaultDir } from './command-line.js';
import { duration } from './duration.js';
import type { ExitCode } from './exit-codes.js';
import { reportError } from './report-error.js';
import { printable } from './terminal/printable.js';
import { packageVersion } from './version.js';

/** Runs the command line and answers the exit code. Each command loads what it needs when it is called. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const called: { dir?: string } = {};
  const program = buildProgram().hook('preAction', (_, command) => {
    called.dir = command.opts().dir;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return reportError(error, { verbose: args.includes('--verbose'), dir: called.dir });
  }
}

function buildProgram(): Command {
  const program = new Command('vibe-aigc')
    .description('Look at the runs of vibe-aigc: what is checkpointed, how far it is, what it made.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .option('--verbose', 'show where an error comes from')
    // Before any command is added: commands inherit these.
    .exitOverride()
    .showHelpAfterError('Run it with --help to see what there is.')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(text.split('\n').map(printable).join('\n')) });
  opensWithExamples(program, [
    ['vibe-aigc demo', 'a run is killed halfway and resumed; needs no key'],
    ['vibe-aigc checkpoints list', 'what is stored in .vibe_checkpoints'],
  ]);

  const demo = program
    .command('demo')
    .description('kill a run halfway with SIGKILL, resume it, and show what was done by whom; needs no key')
    .option('--keep', 'keep the checkpoints and the ledger of the demo, not only the brief')
    .action(async (options) => (await import('./demo/demo.js')).demo(options));
  opensWithExamples(demo, [
    ['vibe-aigc demo', 'see a crash and a resume'],
    ['vibe-aigc demo --keep', 'and look at the checkpoints afterwards'],
  ]);
  program
    .command('demo-worker', { hidden: true })
    .argument('<directory>')
    .argument('<name>')
    .action(async (directory, name) => (await import('./demo/worker.js')).work(directory, name));

  addCheckpoints(program);
  return program;
}

function addCheckpoints(program: Command): void {
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
    .action(async (options) => (await import('./checkpoints/list.js')).listCheckpoints(options));
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
    .action(async (id, options) => (await import('./checkpoints/show.js')).showCheckpoint(id, options));
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
    .action(async (ids, options) => (await import('./checkpoints/delete.js')).deleteCheckpoints(ids, options));
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
    .action(async (id, options) => (await import('./checkpoints/repair.js')).repairCheckpoints(id, options));
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
    .action(async (options) => (await import('./checkpoints/prune.js')).pruneCheckpoints(options));
  opensWithExamples(prune, [
    ['vibe-aigc checkpoints prune --keep-last 3', 'asks first'],
    ['vibe-aigc checkpoints prune --max-age 30d --yes', 'for a nightly job'],
  ]);
}

function opensWithExamples(command: Command, examples: readonly (readonly [string, string])[]): void {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  ${line.padEnd(width)}   ${meaning}`);
  command.addHelpText('before', `Examples:\n${lines.join('\n')}\n`);
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return Number(text);
}
