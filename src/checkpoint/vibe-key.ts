import { canonicalVibe, type Vibe } from '../plan/vibe.js';
import type { Sha256 } from './sealed-document.js';

/** Equal for equal vibes; names the form of the vibe that it is the hash of. */
export function vibeKeyOf(vibe: Vibe, sha256: Sha256): string {
  return `v1:${sha256(canonicalVibe(vibe))}`;
}
