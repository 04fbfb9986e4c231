// A process of its own: plays scenarios, one after the other, and writes what it did to the disk. When the records are
// read it is gone, and with it every owner of a lock.
import { readFileSync, writeFileSync } from 'node:fs';
import type { KnownFiles } from './operation-log.js';
import { type Recording, stringifyRecording } from './operations.js';
import { recordOperations } from './record-operations.js';
import type { ScenarioName, ScenarioSettings } from './scenarios.js';

export interface Job extends ScenarioSettings {
  readonly scenario: ScenarioName;
  /** What an earlier process left. */
  readonly known?: KnownFiles;
  readonly nextFile?: number;
}

const [jobsFile = '', recordingsFile = ''] = process.argv.slice(2);
const recordings: Recording[] = [];
const awake = setInterval(() => {}, 60_000); // a run that waits for a flush has nothing else to live for
for (const job of JSON.parse(readFileSync(jobsFile, 'utf8')) as Job[]) {
  const { scenario, known, nextFile, ...settings } = job;
  const recorder = await recordOperations(settings.directory, known, nextFile);
  const { play } = await import('./scenarios.js'); // the library after the recorder, so that nothing is missed
  await play(scenario, settings, recorder);
  recordings.push(recorder.stop());
}
writeFileSync(recordingsFile, recordings.map(stringifyRecording).join('\n'));
clearInterval(awake);
