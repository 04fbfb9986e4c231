import type { CheckpointSummary } from 'vibe-aigc';
import { CommandError } from '../command-error.js';
import { checkpointsCommand } from '../command-line.js';
import { exit } from '../exit-codes.js';

/** Shorter beginnings name everything and nothing: `cp-` is that of every id of ours. */
const shortestPrefix = 4;
const shownCandidates = 10;

/**
 * The checkpoint that a user means: by its id, by the beginning of its id, or as the `latest`.
 * @param listed newest first
 * @throws CommandError when there is none, or more than one
 */
export function findCheckpoint(given: string, listed: readonly CheckpointSummary[], dir: string): CheckpointSummary {
  if (given === 'latest') {
    const [newest] = listed;
    if (newest === undefined) throw notFound('There is no checkpoint at all.', dir);
    return newest;
  }
  const exact = byId(given, listed);
  if (exact !== undefined) return exact;
  if (given.length < shortestPrefix) {
    const what = `${quoted(given)} is too short for an id of a checkpoint or the beginning of one.`;
    throw new CommandError(exit.usage, { what, next: [`give ${shortestPrefix} characters or more, or "latest"`] });
  }
  const ids = [...new Set(listed.map(({ checkpointId }) => checkpointId).filter((id) => id.startsWith(given)))];
  const [id] = ids;
  if (id === undefined) throw notFound(`There is no checkpoint ${quoted(given)}.`, dir);
  if (ids.length > 1) throw ambiguous(given, ids);
  return byId(id, listed) as CheckpointSummary;
}

/** A copied directory has an id twice: the intact one is meant then. */
function byId(id: string, listed: readonly CheckpointSummary[]): CheckpointSummary | undefined {
  const same = listed.filter(({ checkpointId }) => checkpointId === id);
  return same.find(({ damaged }) => damaged === undefined) ?? same[0];
}

function notFound(what: string, dir: string): CommandError {
  return new CommandError(exit.notFound, {
    what,
    why: `none of that name is listed in ${dir}`,
    next: [`${checkpointsCommand('list', dir)}   shows those that exist`],
  });
}

function ambiguous(given: string, ids: readonly string[]): CommandError {
  const more = ids.length > shownCandidates ? [`and ${ids.length - shownCandidates} more`] : [];
  return new CommandError(exit.usage, {
    what: `${quoted(given)} is the beginning of ${ids.length} checkpoint ids.`,
    next: ['give more of the id; it can be', ...ids.slice(0, shownCandidates), ...more],
  });
}

function quoted(given: string): string {
  return JSON.stringify(given.length <= 200 ? given : `${given.slice(0, 200)}…`);
}
