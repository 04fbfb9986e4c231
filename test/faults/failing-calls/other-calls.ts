import { isDeepStrictEqual } from 'node:util';
import type { CheckpointSummary, MetaPlanner } from 'vibe-aigc';
import type { Scenario } from './scenarios.js';
import type { Start } from './starts.js';
import { type Ended, endOf } from './witness.js';

type OtherCall = Exclude<Scenario['call'], { kind: 'run' }>;

interface Place {
  readonly planner: MetaPlanner;
  readonly start: Start;
  /** Whether the run goes on in this process. */
  readonly isLive?: boolean;
}

export async function makeOtherCall(call: OtherCall, { planner, start, isLive }: Place): Promise<unknown> {
  const { planId, state: executionState } = start;
  switch (call.kind) {
    case 'create':
      return planner.createCheckpoint(isLive ? { planId } : { planId, executionState });
    case 'delete':
      return planner.deleteCheckpoint(idOf(call, start));
    case 'list':
      return planner.listCheckpoints();
    case 'get':
      return planner.getCheckpoint(idOf(call, start));
  }
}

/**
 * What is wrong with how a call ended, and ended again after the disk was repaired, and with what is listed then: the
 * same as before, but for what the calls themselves were to change.
 */
export async function otherCallProblems(
  call: OtherCall,
  start: Start,
  planner: MetaPlanner,
  ends: ReadonlyArray<Ended<unknown> | undefined>,
): Promise<string[]> {
  const problems: string[] = [];
  const [first, again] = ends;
  if (again?.error !== undefined) problems.push(`the same call threw ${again.error}`);
  const values = ends.flatMap((end) => (end === undefined || end.error !== undefined ? [] : [end.value]));
  const listed = await planner.listCheckpoints();
  const isThere = (id: unknown) => listed.some(({ checkpointId }) => checkpointId === id);
  const before =
    call.kind === 'delete'
      ? start.listed.filter(({ checkpointId }) => checkpointId !== idOf(call, start))
      : start.listed;
  for (const { checkpointId } of before) if (!isThere(checkpointId)) problems.push(`${checkpointId} is listed no more`);
  switch (call.kind) {
    case 'create':
      for (const id of values) if (!isThere(id)) problems.push(`${id} was created and is not listed`);
      break;
    case 'delete':
      if (isThere(idOf(call, start))) problems.push('it was deleted and is listed');
      if (first?.value === true && again?.value === true) problems.push('it was deleted twice');
      if (!values.includes(true) && first?.error === undefined) problems.push('it was there, and nothing was deleted');
      break;
    case 'list':
      for (const list of values as CheckpointSummary[][]) {
        if (!isDeepStrictEqual(list, start.listed))
          problems.push(`it listed ${list.map(({ checkpointId }) => checkpointId)}`);
      }
      break;
    case 'get': {
      const { value: expected } = await endOf(() => planner.getCheckpoint(idOf(call, start)));
      for (const value of values) if (!isDeepStrictEqual(value, expected)) problems.push('it got another checkpoint');
      break;
    }
  }
  return problems;
}

function idOf({ about = 0 }: OtherCall, { listed }: Start): string {
  const summary = listed.at(about);
  if (summary === undefined) throw new Error(`There is no checkpoint number ${about} among ${listed.length}.`);
  return summary.checkpointId;
}
