import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildState, readState } from '../helpers/disk-state.js';
import type { Durability } from '../helpers/poster-planner.js';
import { afterProcessDeath, keyOf } from './disk-model.js';
import type { KnownFiles } from './operation-log.js';
import { continued, parseRecording, type Recording } from './operations.js';
import type { Job } from './recorded-runs.js';
import { type ScenarioName, scenarioNames } from './scenarios.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const program = fileURLToPath(new URL('recorded-runs.ts', import.meta.url));

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
    const settings = (['strict', 'relaxed'] as const).flatMap((durability) =>
      [1, 3, undefined].map((checkpointInterval) => ({ durability, checkpointInterval })),
    );
    const at = (name: string) => join(base, name);
    const whole = scenarioNames.filter((scenario) => scenario !== 'a run that is resumed');
    const jobs = settings.flatMap((setting, index) =>
      whole.map((scenario) => ({ ...setting, scenario, directory: at(`${scenario} ${index}`) })),
    );
    for (const { directory } of jobs) await mkdir(directory);
    const recordings = await recordInProcess(base, jobs);
    const recorded = jobs.map((job, index) => ({ ...job, recording: recordings[index] as Recording }));

    const broken = recorded.filter(({ scenario }) => scenario === 'a run');
    const resumed = await resumeEach(base, broken);
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
async function resumeEach(base: string, broken: readonly RecordedScenario[]): Promise<Array<RecordedScenario & Job>> {
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
  const recordings = await recordInProcess(base, jobs);
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

async function recordInProcess(base: string, jobs: readonly Job[]): Promise<Recording[]> {
  const [jobsFile, recordingsFile] = [join(base, 'jobs.json'), join(base, 'recordings')];
  await writeFile(jobsFile, JSON.stringify(jobs));
  await promisify(execFile)(process.execPath, ['--import', 'tsx', program, jobsFile, recordingsFile], { cwd: root });
  return (await readFile(recordingsFile, 'utf8')).split('\n').map(parseRecording);
}
