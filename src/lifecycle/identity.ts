import { createHash } from 'node:crypto';
import { rollingIdOfRun } from '../checkpoint/checkpoint-id.js';
import { vibeKeyOf as hashedVibeKey } from '../checkpoint/vibe-key.js';
import { InvalidIdError } from '../errors.js';
import { canonicalVibe, type Vibe } from '../plan/vibe.js';
import { idSchema } from '../plan/workflow-node.js';

/** Equal for equal vibes. */
export function vibeKeyOf(vibe: Vibe): string {
  return hashedVibeKey(vibe, sha256);
}

/**
 * The id of a plan that nobody named: `<slug>-<16 hex>`, the same for equal vibes, so that two processes that start one
 * vibe at once meet at one lock before anything is planned.
 */
export function derivedPlanId(vibe: Vibe): string {
  const slug = vibe.description
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 40)
    .replace(/-+$/, '');
  return `${slug || 'vibe'}-${sha256(canonicalVibe(vibe)).slice(0, 16)}`;
}

/** @throws InvalidIdError */
export function checkPlanId(planId: string): string {
  if (idSchema.safeParse(planId).success) return planId;
  throw new InvalidIdError(planId, 'a plan id has 1 to 200 characters');
}

/**
 * The same for all attempts on a node in a run, in every process. Fit for a header: ids that are not are hashed, under a
 * mark that no other key has.
 */
export function idempotencyKeyOf(runId: string, nodeId: string): string {
  if (nodeId.length <= 64 && /^[A-Za-z0-9._-]+$/.test(nodeId)) return `${runId}:${nodeId}`;
  return `${runId}::${sha256(JSON.stringify(nodeId)).slice(0, 32)}`;
}

/** The id under which a run is saved between its listed checkpoints, in one epoch. */
export function rollingIdOf(run: { readonly runId: string | undefined; readonly epoch: number }): string {
  return rollingIdOfRun(run, sha256);
}

function sha256(text: Uint8Array | string): string {
  return createHash('sha256').update(text).digest('hex');
}
