import type { ExecutionResult, MetaPlanner } from 'vibe-aigc';
import { shortDuration } from '../checkpoints/words.js';
import { CommandError, type Explanation } from '../command-error.js';
import { type ExitCode, exit } from '../exit-codes.js';
import { errorText } from '../progress/event-line.js';
import { spendText } from '../progress/spend-text.js';
import { print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { documentOf } from './document.js';
import type { RunOptions } from './options.js';
import { outputText } from './output-text.js';
import { pauseText } from './pause-text.js';
import { afterPause, resumeCommand } from './resume-command.js';
import { exitCodeOfSignal, type StopSignal } from './stop-signals.js';

interface Ending {
  readonly planner: MetaPlanner;
  readonly options: RunOptions;
  readonly received: StopSignal | undefined;
  readonly isReaderGone: boolean;
  say(line: string): void;
}

/**
 * Prints what a run made, and says how it went.
 * @throws CommandError unless it is complete
 */
export async function endOf(result: ExecutionResult, ending: Ending): Promise<void> {
  const { planner, options, received, isReaderGone, say } = ending;
  const { json = false, stream = false, quiet = false } = options;
  const left = explanationOf(result, options, received);
  const document = documentOf(result, left?.explanation.next ?? []);
  if (stream && !isReaderGone) print(JSON.stringify({ ...document, type: 'result' }));
  else if (json) printJson(document);
  else if (!stream && result.status === 'completed') print(await outputText(result, planner));
  if (!quiet) for (const line of summaryLines(result)) say(line);
  if (left === undefined || isReaderGone) return;
  throw new CommandError(left.exitCode, left.explanation);
}

function summaryLines({ status, planId, executionSummary, persistenceInfo }: ExecutionResult): string[] {
  const { completed, totalNodes, reused, failed, skipped, totalDurationMs, spend } = executionSummary;
  const spent = spendText(Object.entries(spend).map(([currency, sums]) => ({ currency, ...sums })));
  const counts = [
    `${completed}/${totalNodes} nodes`,
    ...(reused > 0 ? [`${reused} of them done before`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(spent === '' ? [] : [spent]),
  ].join(', ');
  const checkpoint = persistenceInfo.lastCheckpointId;
  return [
    `${status}: ${counts}, in ${shortDuration(totalDurationMs)}`,
    `plan ${printable(planId)}${checkpoint === undefined ? '' : `, checkpoint ${printable(checkpoint)}`}`,
    ...(status === 'completed' && reused === totalNodes
      ? ['This run was complete: nothing was done again. "execute --fresh" starts over.']
      : []),
  ];
}

/** What is left to do, and the code to end with; `undefined` when nothing is. */
function explanationOf(
  result: ExecutionResult,
  options: RunOptions,
  received: StopSignal | undefined,
): { readonly exitCode: ExitCode; readonly explanation: Explanation } | undefined {
  const { status, planId, failures, pause, executionSummary } = result;
  const { completed, totalNodes } = executionSummary;
  const resume = resumeCommand(planId, options);
  switch (status) {
    case 'completed':
      return undefined;
    case 'failed': {
      const shown = failures.slice(0, 5).map(({ nodeId, error }) => `${printable(nodeId)} (${errorText(error)})`);
      const more = failures.length > shown.length ? ` and ${failures.length - shown.length} more` : '';
      const what = `The run failed: ${shown.join(', ')}${more}.`;
      return { exitCode: exit.failed, explanation: { what, next: [`${resume}   tries again what failed`] } };
    }
    case 'cancelled':
    case 'paused': {
      if (received !== undefined || pause === undefined || pause.reason === 'drain') {
        const what = `Stopped with ${completed}/${totalNodes} nodes done and saved.`;
        const exitCode = received === undefined ? exit.failed : exitCodeOfSignal[received];
        return { exitCode, explanation: { label: 'stopped', what, next: [resume] } };
      }
      const what = `${pauseText(pause)}.`;
      return {
        exitCode: exit.paused,
        explanation: { label: 'paused', what, next: afterPause(pause, planId, options) },
      };
    }
    default:
      return status satisfies never;
  }
}
