import type { Command } from 'commander';
import { defaultDir } from '../command-line.js';
import { opensWithExamples } from '../examples.js';

export function addSignal(program: Command): void {
  const signal = program
    .command('signal')
    .description('answer a node that waits for somebody')
    .argument('<plan-id>', 'the plan: its id, the beginning of it, or "latest"')
    .argument('<name>', 'what the node waits for')
    .option('--payload <json>', 'the answer; default null')
    .option('--payload-file <file>', 'the answer, from a file; "-" reads stdin')
    .option('--node <id>', 'the node that waits, where several do')
    .option('--dir <path>', 'where the checkpoints are', defaultDir)
    .option('--json', 'print one JSON document')
    .action(async (id, name, options) => (await import('./signal.js')).signal(id, name, options));
  opensWithExamples(signal, [
    [`vibe-aigc signal latest approval --payload '{"ok":true}'`, 'answer, then: vibe-aigc resume latest'],
    ['vibe-aigc signal plan-001 approval --payload-file answer.json', 'with an answer from a file'],
  ]);
}
