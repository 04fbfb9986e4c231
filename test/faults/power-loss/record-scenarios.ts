import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { buildState, readState } from '../helpers/disk-state.js';
import type { Durability } from '../helpers/poster-planner.js';
import { afterProcessDeath, keyOf } from './disk-model.js';
import type { KnownFiles } from './operation-log.js';
import { continued, parseRecording, type Recording } from './operations.js';
import type { Job } from './recorded-runs.js';
import { type ScenarioName, scenarioNames } from './scenarios.js';

const source = fileURLToPath(new URL('recorded-runs.ts', import.meta.url));

export interface RecordedScenario {
  readonly scenario: ScenarioName;
  readonly durability: Durability;
  readonly checkpointInterval?: number;
  readonly recording: Recording;
}

/** Every scenario, at both levels and with each interval, as other processes lived it. */
export async function recordScenarios(): Promise<RecordedScenario[]> {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'vibe-aigc-power-')));
  try {
    const program = await buildProgram(base);
    const settings = (['strict', 'relaxed'] as const).flatMap((durability) =>
      [1, 3, undefined].map((checkpointInterval) => ({ durability, checkpointInterval })),
    );
    const at = (name: string) => join(base, name);
    const whole = scenarioNames.filter((scenario) => scenario !== 'a run that is resumed');
    const jobs = settings.flatMap((setting, index) =>
      whole.map((scenario) => ({ ...setting, scenario, directory: at(`${scenario} ${index}`) })),
    );
    for (const { directory } of jobs) await mkdir(directory);
    const recordings = await recordInProcess(base, program, jobs);
    const recorded = jobs.map((job, index) => ({ ...job, recording: recordings[index] as Recording }));

    const broken = recorded.filter(({ scenario }) => scenario === 'a run');
    const resumed = await resumeEach(base, program, broken);
    for (const { directory, recording } of [...recorded, ...resumed]) checkComplete(directory, recording);
    return [...recorded, ...resumed].map(({ scenario, durability, checkpointInterval, recording }) => ({
      scenario,
      durability,
      checkpointInterval,
      recording,
    }));
  } finally {
    await rm(base, { recursive: true, force: true });
  }
}

/** Another process goes on with what is left when the first one dies in mid-run. */
async function resumeEach(
  base: string,
  program: string,
  broken: readonly RecordedScenario[],
): Promise<Array<RecordedScenario & Job>> {
  const jobs: Array<Job & { first: Recording; diedAt: number }> = [];
  for (const [index, { recording, durability, checkpointInterval }] of broken.entries()) {
    const diedAt = middleOf(recording);
    const { state, files } = afterProcessDeath(recording, diedAt);
    const directory = join(base, `resumed ${index}`);
    buildState(directory, state);
    const known: KnownFiles = [...state].map(([path, bytes]) => [
      path,
      bytes === null ? 'directory' : { file: files.get(path) as number, size: bytes.length },
    ]);
    const scenario = 'a run that is resumed';
    const { nextFile } = recording;
    jobs.push({ scenario, directory, durability, checkpointInterval, known, nextFile, first: recording, diedAt });
  }
  const recordings = await recordInProcess(base, program, jobs);
  return jobs.map(({ first, diedAt, ...job }, index) => ({
    ...job,
    recording: continued(first, diedAt, recordings[index] as Recording),
  }));
}

/** The operations of a record make the directory that it is the record of, or it missed some. */
function checkComplete(directory: string, recording: Recording): void {
  const { state } = afterProcessDeath(recording, recording.moments);
  if (keyOf(state) !== keyOf(readState(directory))) throw new Error(`The record of ${directory} is not complete.`);
}

/** In the operation that follows the sixth node. */
function middleOf({ marks, operations }: Recording): number {
  const after = marks.filter(({ told }) => told === 'acknowledged')[5]?.at ?? 0;
  return (operations.find(({ startedAt, kind }) => startedAt > after && kind === 'write')?.startedAt ?? after) + 1;
}

/** What write-file-atomic, which is CommonJS, finds in a module. */
const commonJs = [
  "import { createRequire } from 'node:module';",
  'const require = createRequire(import.meta.url);',
  'const __filename = import.meta.filename;',
];

/** In few files, which start faster than many sources. */
async function buildProgram(base: string): Promise<string> {
  await build({
    entryPoints: { recorder: source },
    outdir: base,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true, // the library is loaded after the recorder
    format: 'esm',
    platform: 'node',
    target: 'node20',
    banner: { js: commonJs.join(' ') },
  });
  return join(base, 'recorder.mjs');
}

async function recordInProcess(base: string, program: string, jobs: readonly Job[]): Promise<Recording[]> {
  const [jobsFile, recordingsFile] = [join(base, 'jobs.json'), join(base, 'recordings')];
  await writeFile(jobsFile, JSON.stringify(jobs));
  await promisify(execFile)(process.execPath, [program, jobsFile, recordingsFile]);
  return (await readFile(recordingsFile, 'utf8')).split('\n').map(parseRecording);
}
