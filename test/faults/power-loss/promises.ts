import type { Mark, Recording } from './operations.js';
import type { RecordedScenario } from './record-scenarios.js';

/** What a program was told before the power was cut, and may count on. */
export interface Promised {
  /** The run that must go on; `undefined` when none was announced. */
  readonly runId?: string;
  /** Whether a run was called for after that one, and its plan not announced: both may be gone on with. */
  readonly mayBeOther: boolean;
  /** Nodes of that run that are paid and never called again. */
  readonly kept: readonly string[];
  /** Whether that run is over and nothing of it may be called again. */
  readonly isOver: boolean;
  readonly saved: ReadonlyArray<{ readonly checkpointId: string; readonly completedNodes?: number }>;
  readonly deleted: readonly string[];
  /** In what order nodes of that run were settled, before and after the cut. */
  readonly order: readonly string[];
}

/** At `relaxed`, a record is promised when it was acknowledged before a flush of the journal began that is over. */
export function promisedAt({ recording, durability }: RecordedScenario, cut: number): Promised {
  const { marks } = recording;
  const flushedTo = durability === 'strict' ? cut : lastFlushOfJournal(recording, cut);
  const told = marks.filter(({ at }) => at < cut);
  const planned = told.findLast((mark) => mark.told === 'planned');
  const runId = planned?.told === 'planned' ? planned.runId : undefined;
  const ofRun = (list: readonly Mark[]) =>
    list.flatMap((mark) => (mark.told === 'acknowledged' && mark.runId === runId ? [mark.nodeId] : []));
  const beingDeleted = told.flatMap((mark) => (mark.told === 'deleting' ? [mark.checkpointId] : []));
  const isFlushed = (mark: Extract<Mark, { told: 'saved' }>) => durability === 'strict' || isFileAt(recording, mark);
  return {
    ...(runId !== undefined && { runId }),
    mayBeOther:
      told.findLast((mark) => mark.told === 'starting over' || mark.told === 'planned')?.told === 'starting over',
    kept: ofRun(told.filter(({ at }) => at < flushedTo)),
    isOver: told.some((mark) => mark.told === 'resolved' && mark.runId === runId),
    saved: told
      .filter((mark) => mark.told === 'saved')
      .filter((mark) => isFlushed(mark) && !beingDeleted.includes(mark.checkpointId)),
    deleted: told.flatMap((mark) => (mark.told === 'deleted' ? [mark.checkpointId] : [])),
    order: ofRun(marks),
  };
}

/** When it began: 0 when there was none. */
function lastFlushOfJournal({ operations }: Recording, cut: number): number {
  const journals = new Set<number>();
  let begun = 0;
  for (const operation of operations) {
    if (operation.endedAt >= cut) break;
    if (operation.kind === 'rename' && operation.path.includes('/.journal-')) journals.add(operation.file);
    if (operation.kind === 'flush' && journals.has(operation.file)) begun = Math.max(begun, operation.startedAt);
  }
  return begun;
}

/** Some checkpoints are positions in the journal. */
function isFileAt({ operations }: Recording, { at, checkpointId }: { at: number; checkpointId: string }): boolean {
  return operations.some(
    (operation) => 'path' in operation && operation.path.endsWith(`/${checkpointId}.json`) && operation.endedAt < at,
  );
}
