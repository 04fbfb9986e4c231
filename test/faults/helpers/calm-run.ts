import { unfinished } from './laws.js';
import { Scratch, type Task } from './scratch.js';
import type { EndedProcess } from './victim-process.js';

/** The run that nothing disturbs, with which the others are compared. @throws Error when not even that one succeeds */
export async function calmRun(task: Task): Promise<EndedProcess> {
  const calm = await Scratch.during((scratch) => scratch.run(task));
  const wrong = unfinished(calm, calm);
  if (wrong.length > 0) throw new Error(`A run that nothing disturbs failed: ${wrong.join('; ')}`);
  return calm;
}
