import type { Command } from 'commander';
import { defaultDir } from '../command-line.js';
import { opensWithExamples } from '../examples.js';
import { addModelOptions } from '../run/options.js';

export function addDoctor(program: Command): void {
  const doctor = addModelOptions(program.command('doctor'))
    .description('check what runs need: Node, a folder that keeps what is written, and a model if one is set up')
    .option('--dir <path>', 'where the checkpoints are', defaultDir)
    .option('--json', 'print one JSON document')
    .action(async (options) => (await import('./doctor.js')).doctor(options));
  opensWithExamples(doctor, [
    ['vibe-aigc doctor', 'before the first run'],
    ['vibe-aigc doctor --dir /mnt/runs --json', 'another folder, for a script'],
  ]);
}
