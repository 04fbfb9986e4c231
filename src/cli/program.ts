import { Command } from 'commander';
import { addCheckpoints } from './checkpoints/commands.js';
import { addCompletion } from './completion/commands.js';
import { addDemo } from './demo/commands.js';
import { addDoctor } from './doctor/commands.js';
import { opensWithExamples } from './examples.js';
import { addExecute } from './execute/commands.js';
import type { ExitCode } from './exit-codes.js';
import { addPlan } from './plan/commands.js';
import { type Called, reportError } from './report-error.js';
import { addResume } from './resume/commands.js';
import { addSignal } from './signal/commands.js';
import { printable } from './terminal/printable.js';
import { packageVersion } from './version.js';

/** Runs the command line and answers the exit code. Each command loads what it needs when it is called. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  let called: Called = { args };
  const program = buildProgram().hook('preAction', (_, command) => {
    const { dir, model } = command.opts();
    called = { args, dir, model };
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return reportError(error, called);
  }
}

/** All commands, and nothing loaded of what they do. */
function buildProgram(): Command {
  const program = new Command('vibe-aigc')
    .description(
      'Turn a vibe into a plan, run it, and go on with it after a crash: nothing that is finished is done again.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .option('--verbose', 'show where an error comes from')
    // Before any command is added: commands inherit these.
    .exitOverride()
    .showHelpAfterError('Run it with --help to see what there is.')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(text.split('\n').map(printable).join('\n')) });
  opensWithExamples(program, [
    ['vibe-aigc execute "a noir short film about tides"', 'plan and run it; needs no key'],
    ['vibe-aigc resume latest', 'go on with the run that was stopped'],
  ]);
  addExecute(program);
  addResume(program);
  addPlan(program);
  addSignal(program);
  addCheckpoints(program);
  addDoctor(program);
  addDemo(program);
  addCompletion(program, buildProgram);
  return program;
}
