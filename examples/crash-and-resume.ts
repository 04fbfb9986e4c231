/**
 * A run is killed in the middle, and a new process finishes it without paying again for what was done.
 *
 * Run:    npm run demo                      (or: npx tsx examples/crash-and-resume.ts my-vibe.json)
 * Prints: the crash, the checkpoints it left, the resumed run, which process did what, and where the brief is.
 *
 * Every node here takes a fifth of a second, as a stand-in for a slow, paid call. Each call writes two lines to a
 * ledger, as a provider's bill would: when it begins and when it has been done. What is said about repeated work at the
 * end is read from that ledger.
 */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assertCompleted, composer, MetaPlanner, type NodeHandler, type VibeInput } from 'vibe-aigc';

const killAfterNodes = 4;
const callMs = 200;

const [role, ...args] = process.argv.slice(2);
if (role === '--work') await work(args[0] as string, args[1] as string);
else await demo(role ?? fileURLToPath(new URL('vibes/tide-film.json', import.meta.url)));

/** What an app does: one planner, one call. It knows nothing of the crash. */
async function work(vibeFile: string, directory: string): Promise<void> {
  const slowCall: NodeHandler = async (node, context) => {
    appendFileSync(join(directory, 'ledger'), `${process.pid} begins ${node.id}\n`);
    await sleep(callMs);
    const output = composer.handlers[node.type as keyof typeof composer.handlers](node, context);
    appendFileSync(join(directory, 'ledger'), `${process.pid} did ${node.id}\n`);
    return output;
  };
  const planner = new MetaPlanner({
    checkpointDir: join(directory, 'checkpoints'),
    checkpointInterval: 2,
    concurrency: 2,
    handlers: { default: slowCall },
    onProgress: (event) => console.log(JSON.stringify(event)),
  });
  const result = await planner.executeWithResume(JSON.parse(await readFile(vibeFile, 'utf8')));
  assertCompleted(result);
  await writeFile(join(directory, 'brief.md'), String(result.outputs.brief));
}

async function demo(vibeFile: string): Promise<void> {
  const vibe: VibeInput = JSON.parse(await readFile(vibeFile, 'utf8'));
  const directory = await mkdtemp(join(tmpdir(), 'vibe-aigc-demo-'));
  console.log(`Vibe: ${vibe.description}\n`);

  console.log('1. A process starts the run, and is killed (SIGKILL) in the middle of it, with work under way.');
  const crashed = await runWorker(vibeFile, directory, killAfterNodes);
  console.log(`   Process ${crashed} is gone.\n`);

  console.log('2. What it left behind:');
  const planner = new MetaPlanner({ checkpointDir: join(directory, 'checkpoints') });
  for (const cp of await planner.listCheckpoints()) {
    console.log(`   ${cp.checkpointId}  ${cp.createdAt}  ${cp.completedNodes}/${cp.totalNodes} nodes`);
  }

  console.log('\n3. A fresh process makes the same call, and goes on.');
  const resumed = await runWorker(vibeFile, directory);

  console.log('\n4. The ledger: who did what.');
  await showLedger(directory, crashed, resumed);

  const brief = join(directory, 'brief.md');
  const lines = (await readFile(brief, 'utf8')).split('\n');
  console.log(`\n5. The brief (${lines.length} lines) is in ${brief}. It begins:\n`);
  for (const line of lines.slice(0, 8)) console.log(`   ${line}`);
}

/** Starts a process that works on the vibe and follows its events; kills it after so many nodes. */
function runWorker(vibeFile: string, directory: string, killAfter = Number.POSITIVE_INFINITY): Promise<number> {
  return new Promise((resolve, reject) => {
    const argv = [
      '--import',
      import.meta.resolve('tsx'),
      fileURLToPath(import.meta.url),
      '--work',
      vibeFile,
      directory,
    ];
    const worker = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface(worker.stdout).on('line', (line) => {
      const event = JSON.parse(line);
      if (event.type === 'run_started' && event.resumed)
        console.log(`   resumed with ${event.completedNodes} nodes done`);
      if (event.type === 'node_completed') {
        console.log(`   process ${worker.pid}: ${event.nodeId}  (${event.progress.completed}/${event.progress.total})`);
      }
      if (event.type === 'checkpoint_saved' && event.completedNodes >= killAfter) worker.kill('SIGKILL');
    });
    worker.on('error', reject);
    worker.on('exit', (code, signal) => {
      const isExpected = Number.isFinite(killAfter) ? signal === 'SIGKILL' : code === 0;
      if (isExpected) resolve(worker.pid as number);
      else reject(new Error(`The worker ended with ${signal ?? `code ${code}`}.`));
    });
  });
}

async function showLedger(directory: string, crashed: number, resumed: number): Promise<void> {
  const entries = (await readFile(join(directory, 'ledger'), 'utf8')).trimEnd().split('\n');
  const nodeIds = [...new Set(entries.map((entry) => entry.split(' ').slice(2).join(' ')))];
  const twice: string[] = [];
  const again: string[] = [];
  for (const nodeId of nodeIds) {
    const cells = [crashed, resumed].map((pid) => {
      const did = entries.includes(`${pid} did ${nodeId}`);
      const began = entries.includes(`${pid} begins ${nodeId}`);
      return did ? 'done' : began ? 'cut off' : '-';
    });
    console.log(`   ${nodeId.padEnd(20)} process ${crashed}: ${cells[0]?.padEnd(8)} process ${resumed}: ${cells[1]}`);
    if (cells[0] === 'done' && cells[1] === 'done') twice.push(nodeId);
    if (cells[0] === 'cut off' && cells[1] === 'done') again.push(nodeId);
  }
  console.log(
    `   Done twice: ${twice.join(', ') || 'nothing'}. Cut off by the crash and done again: ${again.join(', ') || 'nothing'}.`,
  );
}
