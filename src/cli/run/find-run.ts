import type { CheckpointSummary } from 'vibe-aigc';
import { findCheckpoint } from '../checkpoints/find-checkpoint.js';
import { CommandError } from '../command-error.js';
import { checkpointsCommand } from '../command-line.js';
import { exit } from '../exit-codes.js';

/** Shorter beginnings name everything and nothing. */
const shortestPrefix = 4;
const shownCandidates = 10;

/** A run to go on with, or a checkpoint to return to. */
export type FoundRun =
  | { readonly kind: 'plan'; readonly planId: string }
  | { readonly kind: 'checkpoint'; readonly planId: string; readonly checkpointId: string };

/**
 * What a user means: a plan or a checkpoint, by its id, by the beginning of it, or the `latest` plan that was worked on.
 * @param listed newest first
 * @throws CommandError when there is none, or more than one
 */
export function findRun(given: string, listed: readonly CheckpointSummary[], dir: string): FoundRun {
  const plan = planOf(given, listed);
  if (plan !== undefined) return { kind: 'plan', planId: plan };
  const checkpointIds = matching(given, listed, ({ checkpointId }) => checkpointId);
  const planIds = matching(given, listed, ({ planId }) => planId);
  if (planIds.length + checkpointIds.length > 1) throw ambiguous(given, [...planIds, ...checkpointIds]);
  const [planId] = planIds;
  if (planId !== undefined) return { kind: 'plan', planId };
  if (checkpointIds.length === 0) throw notFound(given, dir);
  const found = findCheckpoint(given, listed, dir);
  return { kind: 'checkpoint', planId: found.planId, checkpointId: found.checkpointId };
}

/** The same where only a plan can be meant. */
export function findPlan(given: string, listed: readonly CheckpointSummary[], dir: string): string {
  const plan = planOf(given, listed);
  if (plan !== undefined) return plan;
  const planIds = matching(given, listed, ({ planId }) => planId);
  if (planIds.length > 1) throw ambiguous(given, planIds);
  const [planId] = planIds;
  if (planId === undefined) throw notFound(given, dir);
  return planId;
}

function planOf(given: string, listed: readonly CheckpointSummary[]): string | undefined {
  if (given === 'latest') return listed[0]?.planId;
  return listed.find(({ planId }) => planId === given)?.planId;
}

function matching(
  given: string,
  listed: readonly CheckpointSummary[],
  idOf: (summary: CheckpointSummary) => string,
): string[] {
  const ids = [...new Set(listed.map(idOf))];
  if (ids.includes(given)) return [given];
  return given.length < shortestPrefix ? [] : ids.filter((id) => id.startsWith(given));
}

function notFound(given: string, dir: string): CommandError {
  const isLatest = given === 'latest';
  return new CommandError(exit.notFound, {
    what: isLatest ? 'There is no run at all.' : `There is no plan and no checkpoint ${JSON.stringify(given)}.`,
    why: `none is listed in ${dir}`,
    next: [`${checkpointsCommand('list', dir)}   shows those that exist`],
  });
}

function ambiguous(given: string, ids: readonly string[]): CommandError {
  const more = ids.length > shownCandidates ? [`and ${ids.length - shownCandidates} more`] : [];
  return new CommandError(exit.usage, {
    what: `${JSON.stringify(given)} is the beginning of ${ids.length} ids.`,
    next: ['give more of the id; it can be', ...ids.slice(0, shownCandidates), ...more],
  });
}
