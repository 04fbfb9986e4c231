import { canonicalVibe, type Vibe } from '../plan/vibe.js';
import type { Sha256 } from './sealed-document.js';

/** Equal for equal vibes; names the form of the vibe that it is the hash of. */
export function vibeKeyOf(vibe: Vibe, sha256: Sha256): string {
  return `v1:${sha256(canonicalVibe(vibe))}`;
}

/** Whether a vibe is the one that its key was made of, or what was left of that when it was redacted. */
export function isItsVibe({ vibe, vibeKey, isVibeRedacted }: KeyedVibe, sha256: Sha256): boolean {
  return isVibeRedacted === true || vibeKeyOf(vibe, sha256) === vibeKey;
}

interface KeyedVibe {
  readonly vibe: Vibe;
  readonly vibeKey: string;
  readonly isVibeRedacted?: boolean | undefined;
}
