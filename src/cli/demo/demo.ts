import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ExecutionEvent, MetaPlanner } from 'vibe-aigc';
import { summaryLines } from '../checkpoints/summary-table.js';
import { CommandError } from '../command-error.js';
import { checkpointsCommand } from '../command-line.js';
import { exit } from '../exit-codes.js';
import { paint, print, terminalColumns, usualColumns } from '../terminal/output.js';
import { type Cell, tableLines } from '../terminal/table.js';
import { demoVibe } from './demo-vibe.js';
import { fileIn, readHistory } from './ledger.js';
import { checkpointsIn } from './worker.js';

/** The first process is killed when a checkpoint with so many completed nodes is on disk. */
const killAfterNodes = 4;

/** A run is killed in the middle, and a fresh process finishes it without doing again what was saved. */
export async function demo({ keep = false }: { readonly keep?: boolean }): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'vibe-aigc-demo-'));
  print(`Vibe: ${demoVibe.description}`);
  print('Each node takes a fifth of a second, as a stand-in for a slow, paid call. No model is used, and no key.');

  title('1. A process works on it, and is killed (SIGKILL) in the middle.');
  await runWorker(directory, 'first', { killAfterNodes });

  title('2. What it left behind:');
  const planner = new MetaPlanner({ checkpointDir: checkpointsIn(directory) });
  const columns = (terminalColumns() ?? usualColumns) - 3;
  for (const line of summaryLines(await planner.listCheckpoints(), columns)) print(`   ${line}`);

  title('3. A fresh process makes the same call, and goes on.');
  await runWorker(directory, 'second');

  title('4. The ledger: who did what.');
  for (const line of ledgerLines(directory)) print(`   ${line}`);

  const brief = join(directory, 'brief.md');
  const lines = (await readFile(brief, 'utf8')).trimEnd().split('\n');
  title(`5. The brief (${lines.length} lines) is in ${brief}. It begins:`);
  print('');
  for (const line of lines.slice(0, 8)) print(`   ${line}`.trimEnd());
  print('');
  if (keep) print(`Look at its checkpoints:  ${checkpointsCommand('list', checkpointsIn(directory))}`);
  else for (const path of [checkpointsIn(directory), fileIn(directory)]) await rm(path, { recursive: true });
}

function title(text: string): void {
  print(`\n${paint('bold', text)}`);
}

/** Starts this command line again as a process that works on the vibe, and tells what it does. */
function runWorker(directory: string, name: string, options: { readonly killAfterNodes?: number } = {}): Promise<void> {
  const isDoomed = options.killAfterNodes !== undefined;
  const argv = [...process.execArgv, process.argv[1] as string, 'demo-worker', directory, name];
  const worker = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const stopWithUs = () => worker.kill('SIGKILL');
  process.once('exit', stopWithUs);
  createInterface(worker.stdout).on('line', (line) => {
    const event = JSON.parse(line) as ExecutionEvent;
    tell(event, `process ${worker.pid}`);
    if (event.type !== 'checkpoint_saved' || !event.listed || !isDoomed) return;
    if (event.completedNodes >= (options.killAfterNodes as number)) worker.kill('SIGKILL');
  });
  return new Promise<void>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('close', (code, signal) => {
      process.removeListener('exit', stopWithUs);
      if (isDoomed ? signal === 'SIGKILL' : code === 0) resolve();
      else reject(endedOtherwise(name, signal ?? `code ${code}`, directory));
    });
  }).then(() => tellEnd(worker, isDoomed));
}

function tell(event: ExecutionEvent, who: string): void {
  if (event.type === 'run_started' && event.resumed) print(`   ${who} resumes with ${event.completedNodes} nodes done`);
  if (event.type !== 'node_completed') return;
  print(`   ${who}: ${event.nodeId}  (${event.progress.completed}/${event.progress.total})`);
}

function tellEnd({ pid }: ChildProcess, isKilled: boolean): void {
  print(isKilled ? `   process ${pid} is dead` : `   process ${pid} is done`);
}

function endedOtherwise(name: string, how: string, directory: string): CommandError {
  const what = `The ${name} process of the demo ended with ${how}, which was not the idea.`;
  return new CommandError(exit.failed, { what, next: [`what it left is in ${directory}`] });
}

function ledgerLines(directory: string): string[] {
  const history = readHistory(directory, ['first', 'second']);
  const rows = history.map(({ nodeId, by }): Cell[] => [nodeId, ...by]);
  const head = ['NODE', 'FIRST PROCESS', 'SECOND PROCESS'].map((heading) => ({ title: heading }));
  const twice = history.filter(({ by }) => by.every((what) => what === 'done'));
  const again = history.filter(({ by }) => by[0] === 'cut off' && by[1] === 'done');
  const names = (nodes: typeof history) => nodes.map(({ nodeId }) => nodeId).join(', ') || 'nothing';
  return [
    ...tableLines(head, rows),
    `Done twice: ${names(twice)}. Cut off by the crash and done again: ${names(again)}.`,
  ];
}
