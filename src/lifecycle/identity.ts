import { createHash } from 'node:crypto';
import { rollingIdOfRun } from '../checkpoint/checkpoint-id.js';
import { vibeKeyOf as hashedVibeKey } from '../checkpoint/vibe-key.js';
import { canonicalVibe, type Vibe } from '../plan/vibe.js';
import type { ExecutionState } from '../run/execution-state.js';

/** Equal for equal vibes. */
export function vibeKeyOf(vibe: Vibe): string {
  return hashedVibeKey(vibe, sha256);
}

/** The key of a stored vibe: that of the vibe as it was asked for, also when it is not stored as it was. */
export function storedVibeKey({ vibe, vibeKey, isVibeRedacted }: StoredVibe): string {
  return isVibeRedacted === true && vibeKey !== undefined ? vibeKey : vibeKeyOf(vibe);
}

type StoredVibe = Pick<ExecutionState, 'vibe' | 'vibeKey' | 'isVibeRedacted'>;

/**
 * The id of a plan that nobody named: `<slug>-<16 hex>`, the same for equal vibes, so that two processes that start one
 * vibe at once meet at one lock before anything is planned.
 * @param stored the words of the slug are its: they become the name of a directory
 */
export function derivedPlanId(vibe: Vibe, stored = vibe): string {
  const slug = stored.description
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return `${slug || 'vibe'}-${sha256(canonicalVibe(vibe)).slice(0, 16)}`;
}

/**
 * The same for all attempts on a node in a run, in every process; a job of its handler has one of its own. Fit for a header: ids that are not are hashed, under a
 * mark that no other key has.
 */
export function idempotencyKeyOf(runId: string, nodeId: string, job?: string): string {
  const ofNode = `${runId}:${keyPartOf(nodeId)}`;
  return job === undefined ? ofNode : `${ofNode}:${keyPartOf(job)}`;
}

function keyPartOf(name: string): string {
  if (name.length <= 64 && /^[A-Za-z0-9._-]+$/.test(name)) return name;
  return `:${sha256(JSON.stringify(name)).slice(0, 32)}`;
}

/** The id under which a run is saved between its listed checkpoints, in one epoch. */
export function rollingIdOf(run: { readonly runId: string | undefined; readonly epoch: number }): string {
  return rollingIdOfRun(run, sha256);
}

export function sha256(text: Uint8Array | string): string {
  return createHash('sha256').update(text).digest('hex');
}
