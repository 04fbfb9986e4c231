import type { Durability } from '../helpers/poster-planner.js';

/** What lies in the checkpoint directory before the call. */
type StartName =
  | 'nothing'
  | 'a run that was cut off'
  | 'a finished run'
  | 'one checkpoint and no journal'
  | 'a run whose journal is damaged';

export interface Scenario {
  readonly name: string;
  readonly start: StartName;
  readonly durability: Durability;
  readonly checkpointInterval?: number | undefined;
  readonly padding?: number;
  readonly call: RunCall | OtherCall;
  /** The call is made in the call of this node, while the run goes on. */
  readonly inCallOf?: string;
}

export type RunOptions = 'fresh' | 'of a checkpoint' | 'from what is intact';

/** A call of `executeWithResume`. */
interface RunCall {
  readonly kind: 'run';
  readonly options?: RunOptions;
}

/** Any other call of the planner. */
interface OtherCall {
  readonly kind: 'create' | 'delete' | 'list' | 'get';
  /** Which of the checkpoints that were listed it is about, the newest first; -1 is the oldest. Default 0. */
  readonly about?: number;
}

const levels = [
  { durability: 'strict', checkpointInterval: undefined },
  { durability: 'strict', checkpointInterval: 1 },
  { durability: 'strict', checkpointInterval: 3 },
  { durability: 'relaxed', checkpointInterval: undefined },
  { durability: 'relaxed', checkpointInterval: 3 },
] as const;

const runs: Scenario[] = (['nothing', 'a run that was cut off'] as const).flatMap((start) =>
  levels.map(({ durability, checkpointInterval }) => ({
    name: `a run from ${start}, ${durability}, checkpointInterval ${checkpointInterval ?? 'unset'}`,
    start,
    durability,
    checkpointInterval,
    call: { kind: 'run' },
  })),
);

const strict = { durability: 'strict', checkpointInterval: 3 } as const;
const cutOff = { start: 'a run that was cut off', ...strict } as const;
const finished = { start: 'a finished run', ...strict } as const;
/** Only the first two of its checkpoints are files. */
const large = { ...finished, checkpointInterval: 1, padding: 800_000 } as const;

export const scenarios: readonly Scenario[] = [
  ...runs,
  { name: 'a call for the result of a finished run', ...finished, call: { kind: 'run' } },
  { name: 'a run that starts over', ...finished, call: { kind: 'run', options: 'fresh' } },
  { name: 'a run from one of the checkpoints', ...cutOff, call: { kind: 'run', options: 'of a checkpoint' } },
  {
    name: 'a run from what is intact of a damaged journal',
    ...cutOff,
    start: 'a run whose journal is damaged',
    call: { kind: 'run', options: 'from what is intact' },
  },
  { name: 'createCheckpoint where nothing is', ...strict, start: 'nothing', call: { kind: 'create' } },
  { name: 'createCheckpoint of a run that was cut off', ...cutOff, call: { kind: 'create' } },
  { name: 'createCheckpoint in a run', ...strict, start: 'nothing', call: { kind: 'create' }, inCallOf: 'mix' },
  {
    name: 'createCheckpoint in a relaxed run',
    start: 'nothing',
    durability: 'relaxed',
    call: { kind: 'create' },
    inCallOf: 'mix',
  },
  { name: 'deleteCheckpoint of the newest file', ...finished, call: { kind: 'delete' } },
  { name: 'deleteCheckpoint of the oldest file', ...cutOff, call: { kind: 'delete', about: -1 } },
  {
    name: 'deleteCheckpoint of the only proof that there is',
    ...strict,
    start: 'one checkpoint and no journal',
    call: { kind: 'delete' },
  },
  { name: 'deleteCheckpoint of a position', ...large, call: { kind: 'delete', about: 1 } },
  { name: 'deleteCheckpoint in a run', ...cutOff, call: { kind: 'delete', about: -1 }, inCallOf: 'mix' },
  { name: 'listCheckpoints', ...cutOff, call: { kind: 'list' } },
  { name: 'listCheckpoints with positions', ...large, call: { kind: 'list' } },
  { name: 'getCheckpoint of a file', ...finished, call: { kind: 'get' } },
  { name: 'getCheckpoint of a position', ...large, call: { kind: 'get', about: 1 } },
];
