import { InvalidIdError } from '../errors.js';
import { type Host, isoTime } from '../host.js';
import { idSchema } from '../plan/workflow-node.js';

/** Lower case only, so that two ids never meet in one file name on any file system. */
const idPattern = /^cp-[a-z0-9][a-z0-9-]{0,119}$/;
const timedPattern = /^cp-([0-9a-z]{11})-/;
const rollingPrefix = 'cp-live-';
const rollingPattern = /^cp-live-([0-9a-z]{1,64})-(\d{1,15})$/;

export interface RollingId {
  /** Stands for the run. */
  readonly runHash: string;
  readonly epoch: number;
}

/** Ids that can be told apart within one millisecond. */
const ticksPerMs = 36 ** 2;

/** Whether a checkpoint can have this id. */
export function isCheckpointId(id: string): boolean {
  return idPattern.test(id);
}

/** How the Python original calls its checkpoints: plan, date, time, eight hex digits. */
const olderPattern = /^(?!\.)([^/\\:*?"<>|\p{C}]{1,150})_(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)_[0-9a-f]{8}$/u;

/** The plan in an id of the Python original; `undefined` for other ids. */
export function planIdOfOlderId(id: string): string | undefined {
  return olderPattern.exec(id)?.[1];
}

/** When an id of the Python original was made, ISO 8601; the time in it is local. `undefined` for other ids. */
export function createdAtOfOlderId(id: string): string | undefined {
  const [, , ...parts] = olderPattern.exec(id) ?? [];
  if (parts.length === 0) return undefined;
  const [year, month, day, hour, minute, second] = parts.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return new Date(year, month - 1, day, hour, minute, second, 999).toISOString(); // some time in that second
}

/** @throws InvalidIdError when no checkpoint can have this id. */
export function checkCheckpointId(id: string): void {
  if (isCheckpointId(id)) return;
  const rule = 'a checkpoint id is "cp-" and 1 to 120 lower-case letters, digits and "-"';
  throw new InvalidIdError(id, rule);
}

/** Whether a plan can be called so. */
export function isPlanId(planId: string): boolean {
  return idSchema.safeParse(planId).success;
}

/** @throws InvalidIdError */
export function checkPlanId(planId: string): string {
  if (isPlanId(planId)) return planId;
  throw new InvalidIdError(planId, 'a plan id has 1 to 200 characters');
}

/** The last id made by each clock: planners that share a clock share the order. */
const lastTicks = new WeakMap<Host['now'], number>();

/** Makes ids whose order by name is the order in which they were made, and the time that goes with each. */
export class CheckpointIds {
  constructor(private readonly host: Host) {}

  next(): { checkpointId: string; createdAt: string } {
    const { now } = this.host;
    const tick = Math.max(Math.floor(now()) * ticksPerMs, (lastTicks.get(now) ?? 0) + 1);
    lastTicks.set(now, tick);
    const checkpointId = `cp-${tick.toString(36).padStart(11, '0')}-${this.host.newId().slice(0, 40)}`;
    checkCheckpointId(checkpointId);
    return { checkpointId, createdAt: timeOfTick(tick) };
  }
}

/** Whether an id says when it was made. */
export function isTimedId(id: string): boolean {
  return timedPattern.test(id);
}

/** When an id of ours was made, ISO 8601; `undefined` for other ids. */
export function createdAtOfId(id: string): string | undefined {
  const ticks = timedPattern.exec(id)?.[1];
  return ticks === undefined ? undefined : timeOfTick(Number.parseInt(ticks, 36));
}

/**
 * The id under which a run is saved between its listed checkpoints, each time over the last. An epoch has its own, so
 * that what an earlier process left, damaged or not, is never written over.
 */
function rollingCheckpointId({ runHash, epoch }: RollingId): string {
  return `${rollingPrefix}${runHash}-${epoch}`;
}

/** The rolling id of a run. Where nobody knows which run it is, the epoch alone tells. */
export function rollingIdOfRun(
  { runId, epoch }: { readonly runId: string | undefined; readonly epoch: number },
  sha256: (text: string) => string,
): string {
  const runHash = runId === undefined ? '0' : sha256(JSON.stringify(runId)).slice(0, 24);
  return rollingCheckpointId({ runHash, epoch });
}

/** Whose rolling save has this id; `undefined` for listed checkpoints. */
export function parseRollingId(id: string): RollingId | undefined {
  const [, runHash, epoch] = rollingPattern.exec(id) ?? [];
  return runHash === undefined ? undefined : { runHash, epoch: Number(epoch) };
}

export function isRollingId(id: string): boolean {
  return parseRollingId(id) !== undefined;
}

function timeOfTick(tick: number): string {
  return isoTime(Math.floor(tick / ticksPerMs));
}
