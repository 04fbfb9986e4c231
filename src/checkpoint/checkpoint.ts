import type { z } from 'zod';
import type { RunStatus } from '../run/run-record.js';
import type { checkpointSchema } from './checkpoint-schema.js';

/** A snapshot to resume from: an execution state with an id and a time. */
export type Checkpoint = z.infer<typeof checkpointSchema>;

interface SummaryFields {
  readonly checkpointId: string;
  readonly planId: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

interface IntactFields {
  readonly runId: string;
  readonly state: RunStatus;
  readonly vibeKey: string;
  readonly epoch: number;
  readonly seq: number;
  /** How many nodes are complete. */
  readonly completedNodes: number;
  readonly totalNodes: number;
  /** How many nodes were complete once and were opened again. Left out when none was. */
  readonly reopened?: number;
  /** At most 1,000 characters of it. */
  readonly vibeDescription: string;
}

/** What the intact first lines of a damaged checkpoint still say. */
interface DamagedHead {
  readonly runId: string;
  readonly vibeKey: string;
  readonly epoch: number;
  readonly seq: number;
}

interface DamagedFields {
  readonly damaged: { readonly reason: string; readonly head?: DamagedHead };
}

type Absent<Fields> = { readonly [field in keyof Fields]?: undefined };

export type IntactSummary = SummaryFields & IntactFields & Absent<DamagedFields>;
export type DamagedSummary = SummaryFields & DamagedFields & Absent<IntactFields>;
/** What a list says of a checkpoint: intact, or damaged and why. */
export type CheckpointSummary = IntactSummary | DamagedSummary;

export function isIntact(summary: CheckpointSummary): summary is IntactSummary {
  return summary.damaged === undefined;
}

export function isDamaged(summary: CheckpointSummary): summary is DamagedSummary {
  return summary.damaged !== undefined;
}

const maxDescriptionLength = 1_000;

/**
 * The line of a list for a checkpoint; for stores that keep whole checkpoints.
 * @example
 * const summaries = [...checkpoints.values()].map(summarize);
 */
export function summarize(checkpoint: Checkpoint): IntactSummary {
  return {
    checkpointId: checkpoint.checkpointId,
    planId: checkpoint.planId,
    createdAt: checkpoint.createdAt,
    runId: checkpoint.runId,
    state: checkpoint.state,
    vibeKey: checkpoint.vibeKey,
    epoch: checkpoint.epoch,
    seq: checkpoint.seq,
    completedNodes: checkpoint.completedNodes.length,
    totalNodes: checkpoint.completedNodes.length + checkpoint.pendingNodes.length,
    vibeDescription: shortDescription(checkpoint.vibe.description),
    ...(checkpoint.reopened !== undefined && { reopened: checkpoint.reopened }),
  };
}

/** How much of a run a state proves: nodes that were opened again were complete, and are no reason to go back. */
export function provenNodes({
  completedNodes,
  reopened = 0,
}: Pick<IntactSummary, 'completedNodes' | 'reopened'>): number {
  return completedNodes + reopened;
}

/** Cut so that the head of a stored checkpoint stays short. */
export function shortDescription(description: string): string {
  return description.length <= maxDescriptionLength
    ? description
    : `${description.slice(0, maxDescriptionLength - 1)}…`;
}

/** Orders a list: newest first, ids where times are equal. */
export function byNewest(
  a: Pick<CheckpointSummary, 'checkpointId' | 'createdAt'>,
  b: Pick<CheckpointSummary, 'checkpointId' | 'createdAt'>,
): number {
  if (a.createdAt !== b.createdAt) {
    if (isOurTime(a.createdAt) && isOurTime(b.createdAt)) return a.createdAt < b.createdAt ? 1 : -1;
    const difference = Date.parse(b.createdAt) - Date.parse(a.createdAt);
    if (difference !== 0 && !Number.isNaN(difference)) return difference;
  }
  return a.checkpointId < b.checkpointId ? 1 : a.checkpointId > b.checkpointId ? -1 : 0;
}

/** Times as this library writes them stand in the order of their texts: to parse them is most of what a sort takes. */
function isOurTime(time: string): boolean {
  return time.length === 24 && time.endsWith('Z');
}

/** Orders states of one plan, latest first: by epoch, then by position. Time does not decide. */
export function byLatest(a: IntactSummary, b: IntactSummary): number {
  return b.epoch - a.epoch || b.seq - a.seq || byNewest(a, b);
}
