/**
 * What must happen in a process of its own: `seed <dir>` runs most of a plan and is killed, `raw <file>` only reads its
 * journal and checks the sums, and the ways of `resume` go on with it, each as the first thing that the process does
 * with a store. All but the first print one line of JSON.
 */
import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MetaPlanner } from '../../src/index.js';
import { outputOf, shapes } from './plans.js';

/** `cold`: the library is loaded as a part of the call. */
export type ResumeWay = 'resume' | 'resume-with-plan' | 'resume-cold';

export interface ResumeFigures {
  readonly firstNodeMs: number;
  readonly firstNodeMb: number;
  readonly endMb: number;
}

const plan = shapes.wide(10_000);
const done = 9_000;
const output = outputOf(1_024);

const [mode, path = ''] = process.argv.slice(2);
if (mode === 'seed') await seed(path);
else console.log(JSON.stringify(mode === 'raw' ? checkSums(path) : await resume(path, mode as ResumeWay)));

async function seed(checkpointDir: string): Promise<void> {
  let completed = 0;
  const indexOf = (id: string) => Number(id.slice('node-'.length));
  const handlers = { default: ({ id }: { id: string }) => (indexOf(id) < done ? output : new Promise(() => {})) };
  await new MetaPlanner({ checkpointDir, handlers }).executeWithResume(plan.sourceVibe, {
    plan,
    onProgress: ({ type }) => {
      if (type === 'node_completed' && ++completed === done) process.kill(process.pid, 'SIGKILL');
    },
  });
}

async function resume(checkpointDir: string, way: ResumeWay): Promise<ResumeFigures> {
  if (way !== 'resume-cold') await loadLibrary();
  const planner = new MetaPlanner({ checkpointDir, handlers: { default: async () => output } });
  let firstNodeMs: number | undefined;
  let firstNodeMb = 0;
  const begin = performance.now();
  const result = await planner.executeWithResume(plan.sourceVibe, {
    ...(way === 'resume-with-plan' ? { plan } : { planId: plan.id }),
    onProgress: ({ type }) => {
      if (type !== 'node_started' || firstNodeMs !== undefined) return;
      firstNodeMs = performance.now() - begin;
      firstNodeMb = peakMb();
    },
  });
  if (result.executionSummary.reused !== done) throw new Error('the run was not resumed');
  return { firstNodeMs: firstNodeMs ?? Number.NaN, firstNodeMb, endMb: peakMb() };
}

/** An app has done so by then, and once: it takes the same time however long a journal is. */
async function loadLibrary(): Promise<void> {
  const checkpointDir = mkdtempSync(join(tmpdir(), 'vibe-aigc-bench-'));
  await new MetaPlanner({ checkpointDir }).listCheckpoints();
  rmSync(checkpointDir, { recursive: true });
}

/** The least that a resume has to do: read, split, and compare each line with its sum. */
function checkSums(journal: string): { ms: number } {
  const begin = performance.now();
  for (const line of readFileSync(journal, 'utf8').split('\n')) {
    if (line === '') continue;
    const [number, flushed, prev, sum] = line.split(' ', 4) as [string, string, string, string];
    const text = line.slice(number.length + flushed.length + prev.length + sum.length + 4);
    const isIntact = hash('sha256', `${number} ${flushed} ${prev} ${text}`, 'hex').startsWith(sum);
    if (!isIntact) throw new Error(`line ${number} is damaged`);
  }
  return { ms: performance.now() - begin };
}

function peakMb(): number {
  return process.resourceUsage().maxRSS / 1_000;
}
