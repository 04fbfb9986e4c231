import { type Command, Option } from 'commander';
import { defaultDir } from '../command-line.js';
import { duration } from '../duration.js';
import { wholeNumber } from '../whole-number.js';
import { budget } from './budget.js';

/** Who plans and who does the work. */
export interface ModelOptions {
  readonly model?: string;
  readonly handlers?: string;
}

/** What `execute` and `resume` have in common. */
export interface RunOptions extends ModelOptions {
  readonly dir: string;
  readonly interval?: number;
  readonly concurrency?: number;
  readonly budget?: Readonly<Record<string, number>>;
  readonly onCorrupt?: 'throw' | 'fallback';
  readonly grace?: number;
  readonly json?: boolean;
  readonly stream?: boolean;
  readonly quiet?: boolean;
}

export function addModelOptions(command: Command): Command {
  return command
    .option('--model <name>', 'a model that plans and does the work: gpt-5-mini, or ollama/llama3.2')
    .option('--handlers <file>', 'a module of your own that exports handlers, and what else it likes');
}

export function addRunOptions(command: Command): Command {
  return addModelOptions(command)
    .option('--dir <path>', 'where the checkpoints are', defaultDir)
    .option('--interval <n>', 'a listed checkpoint after every so many nodes', wholeNumber)
    .option('--concurrency <n>', 'so many nodes at once', wholeNumber)
    .option('--budget <amount>', 'pause before more is spent: 5, or 5EUR; may be repeated', budget)
    .addOption(
      new Option('--on-corrupt <way>', 'when the latest state is damaged: stop, or go on from what is intact').choices([
        'throw',
        'fallback',
      ]),
    )
    .option('--grace <time>', 'how long nodes may finish after Ctrl-C, such as 10s; default 30s', duration)
    .addOption(new Option('--json', 'print the result as one JSON document').conflicts('stream'))
    .option('--stream', 'print each event as a line of JSON, and the result as the last')
    .option('--quiet', 'no progress');
}
