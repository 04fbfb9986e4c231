import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { type ExecutionEvent, type ExecutionResult, type MetaPlanner, VibeError } from 'vibe-aigc';
import { checkDir } from '../check-dir.js';
import { CommandError } from '../command-error.js';
import { progressOf, type RunProgress } from '../progress/progress.js';
import { print, whenReaderIsGone } from '../terminal/output.js';
import { endOf } from './end-of-run.js';
import { isOffline, offlineNote, openPlanner } from './open-planner.js';
import type { RunOptions } from './options.js';
import { resumeCommand } from './resume-command.js';
import { exitCodeOfSignal, StopSignals } from './stop-signals.js';

const usualGraceMs = 30_000;

/** Makes the call of a command: shows it, lets it be stopped, and tells what came of it. */
export async function performRun(
  call: (planner: MetaPlanner) => Promise<ExecutionResult>,
  options: RunOptions,
): Promise<void> {
  const { dir, grace = usualGraceMs, stream = false, quiet = false } = options;
  let planId: string | undefined;
  let isReaderGone = false;
  const onProgress = (event: ExecutionEvent) => {
    planId = event.planId;
    if (stream && !isReaderGone) print(lineOf(event));
    progress.tell(event);
  };
  const onPlanRetry = (line: string) => {
    if (!quiet) progress.say(line);
  };
  const planner = await openPlanner({ ...options, dir: checkDir(dir) }, { onProgress, onPlanRetry });
  const progress = progressOf((of) => planner.getExecutionState(of), { isQuiet: quiet || stream });
  const say = (line: string) => progress.say(line);
  if (!isOffline(options)) sendConsoleTo(progress);
  else if (!quiet) say(offlineNote);

  const again = () => (planId === undefined ? '' : ` Go on with: ${resumeCommand(planId, options)}`);
  const signals = new StopSignals(planner, grace, {
    onFirst: () => say('Stopping: what is under way may finish, and is saved. Once more stops at once.'),
    onSecond: () => {
      progress.end();
      say(`Stopped at once. What had finished is saved.${again()}`);
    },
  });
  if (stream) {
    whenReaderIsGone(() => {
      if (isReaderGone) return;
      isReaderGone = true;
      void signals.drain();
    });
  }
  try {
    const result = await call(planner);
    progress.end();
    await endOf(result, { planner, options, received: signals.received, isReaderGone, say });
  } catch (error) {
    throw stoppedBeforePlan(error, signals) ?? error;
  } finally {
    progress.end();
    signals.remove();
  }
}

function lineOf(event: ExecutionEvent): string {
  return JSON.stringify({ version: 1, ...event });
}

/** stdout is for data: what handlers print goes where progress is. */
function sendConsoleTo(progress: RunProgress): void {
  const stream = new Writable({
    write: (chunk, _, done) => {
      progress.write(String(chunk));
      done();
    },
  });
  globalThis.console = new Console({ stdout: stream, stderr: stream });
}

/** A run that is stopped while it is planned has nothing to go on with. */
function stoppedBeforePlan(error: unknown, { received }: StopSignals): CommandError | undefined {
  if (received === undefined || !VibeError.is(error) || error.code !== 'PLANNER_CLOSED') return undefined;
  const next = ['call it again to start'];
  return new CommandError(
    exitCodeOfSignal[received],
    { label: 'stopped', what: 'Stopped before there was a plan: nothing was run.', next },
    { cause: error },
  );
}
