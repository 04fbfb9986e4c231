import { spawnSync } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freshDirectory, planDirectory } from './recorded-run.js';
import { heading, interleaved, print, shown } from './report.js';
import type { ResumeFigures, ResumeWay } from './resume-child.js';

const child = fileURLToPath(new URL('./resume-child.js', import.meta.url));

/** How fast a fresh process is back at work, and what memory it takes. */
export async function benchResume(): Promise<void> {
  heading('Resume with 9,000 of 10,000 nodes done, 1 KB outputs, in a fresh process');
  const seeded = await freshDirectory();
  spawnSync(process.execPath, [child, 'seed', seeded], { stdio: 'inherit' });
  const journal = join(await planDirectory(seeded), '.journal-1');
  const resume = async (way: ResumeWay) => {
    const copy = await freshDirectory();
    await cp(seeded, copy, { recursive: true });
    spawnSync('sync'); // as the killed run had left it
    return answerOf<ResumeFigures>(way, copy);
  };
  const figures = await interleaved<'raw' | 'withPlan' | 'cold' | keyof ResumeFigures>([
    async () => ({ raw: answerOf<{ ms: number }>('raw', journal).ms }),
    () => resume('resume'),
    async () => ({ withPlan: (await resume('resume-with-plan')).firstNodeMs }),
    async () => ({ cold: (await resume('resume-cold')).firstNodeMs }),
  ]);
  const { raw, firstNodeMs, firstNodeMb, endMb, withPlan, cold } = figures;
  const over = `over ${shown(raw, 'ms')}`;
  const target = { unit: 'x', atMost: 5 } as const;
  const note = `${shown(firstNodeMs, 'ms')} ${over}`;
  print('call to first node / reading and checking the journal', { value: firstNodeMs / raw, ...target, note });
  const planNote = `${shown(withPlan, 'ms')} ${over}`;
  print('the same, with the plan passed again', { value: withPlan / raw, ...target, note: planNote });
  const coldNote = `${shown(cold, 'ms')} ${over}`;
  print('the same, and the library is loaded first', { value: cold / raw, ...target, note: coldNote });
  print('peak memory at the first node', { value: firstNodeMb, unit: 'MB', atMost: 200 });
  print('peak memory at the end of the run', { value: endMb, unit: 'MB', atMost: 200 });
}

function answerOf<Answer>(mode: string, path: string): Answer {
  const { stdout, stderr, status } = spawnSync(process.execPath, [child, mode, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answer;
}
