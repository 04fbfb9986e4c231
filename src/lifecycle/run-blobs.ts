import { createHash } from 'node:crypto';
import type { BlobCapability } from '../checkpoint/persistence-manager.js';
import { VibeError } from '../errors.js';
import type { BlobKeeper } from '../execution/blob-keeper.js';
import { isoTime } from '../host.js';
import { blobsNamedIn } from '../run/blob-ref.js';
import type { NodeRecord } from '../run/node-record.js';
import type { RunState } from '../run/run-state.js';
import type { PlannerServices } from './planner-services.js';

/** The blobs of a run: those that it stored, in this process or an earlier one, and no others. */
export class RunBlobs implements BlobKeeper {
  private readonly known: Set<string>;

  constructor(
    private readonly planId: string,
    private readonly blobs: BlobCapability,
    known: Iterable<string>,
  ) {
    this.known = new Set(known);
  }

  async store(content: AsyncIterable<Uint8Array>) {
    const stored = await this.blobs.put(this.planId, content);
    this.known.add(stored.sha256);
    return stored;
  }

  namedIn(value: unknown): { readonly blobs: string[] } | undefined {
    if (this.known.size === 0) return undefined;
    const blobs = blobsNamedIn(value, this.planId, this.known);
    return blobs.length === 0 ? undefined : { blobs };
  }
}

/** How the blobs of a run stand that is about to go on. */
export interface SurveyedBlobs {
  /** SHA-256 of those that are there as they were stored. */
  readonly intact: readonly string[];
  /** What is to be done again since a blob that it names is missing or damaged. */
  readonly reopened: readonly NodeRecord[];
}

/**
 * Reads every blob that a completed node, or a step of another one, names, each once. Free where none is named.
 * @throws VibeError `NO_BLOBS` when the store keeps none, and so cannot have kept these; the reason of `signal`
 */
export async function surveyBlobs(
  state: RunState | undefined,
  { store: { blobs }, host }: Pick<PlannerServices, 'store' | 'host'>,
  signal: AbortSignal,
): Promise<SurveyedBlobs> {
  const users = usersOf(state);
  if (state === undefined || users.size === 0) return { intact: [], reopened: [] };
  const { planId } = state;
  if (blobs === undefined) throw new VibeError('NO_BLOBS', noBlobs(planId));
  const intact: string[] = [];
  const reopened = new Map<string, NodeRecord>();
  for (const [sha256, usedBy] of users) {
    const problem = await problemOf(planId, sha256, blobs, signal);
    if (problem === undefined) intact.push(sha256);
    else {
      const reason = `blob ${sha256} ${problem}`;
      for (const user of usedBy) {
        const key = JSON.stringify(user);
        if (reopened.has(key)) continue;
        reopened.set(key, { kind: 'node_reopened', ...user, reason, at: isoTime(host.now()) });
      }
    }
  }
  return { intact, reopened: [...reopened.values()] };
}

/** A completed node; with a name, a step of one that is not complete. */
interface User {
  readonly nodeId: string;
  readonly name?: string;
}

/** Who names which blob. */
function usersOf(state: RunState | undefined): Map<string, User[]> {
  const users = new Map<string, User[]>();
  const note = (sha256s: readonly string[], user: User) => {
    for (const sha256 of sha256s) {
      const known = users.get(sha256);
      if (known === undefined) users.set(sha256, [user]);
      else known.push(user);
    }
  };
  if (state === undefined) return users;
  for (const result of state.results.values()) {
    if (result.status === 'completed' && result.blobs !== undefined) note(result.blobs, { nodeId: result.nodeId });
  }
  for (const { records } of state.progress.values()) {
    for (const record of records) {
      if (record.kind !== 'step_completed' || record.blobs === undefined) continue;
      note(record.blobs, { nodeId: record.nodeId, name: record.name });
    }
  }
  return users;
}

async function problemOf(
  planId: string,
  sha256: string,
  blobs: BlobCapability,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  try {
    const content = await blobs.read(planId, sha256);
    if (content === undefined) return 'is missing';
    const sum = createHash('sha256');
    for await (const chunk of content.chunks()) {
      signal.throwIfAborted();
      sum.update(chunk);
    }
    return sum.digest('hex') === sha256 ? undefined : 'is not what was stored';
  } catch (error) {
    if (VibeError.is(error) && error.code === 'BLOB_CORRUPT') return 'is not what was stored';
    if (VibeError.is(error) && error.code === 'BLOB_MISSING') return 'is missing'; // since a moment ago
    throw error;
  }
}

function noBlobs(planId: string): string {
  const what = `Plan ${JSON.stringify(planId)} names blobs, and this store keeps none`;
  return `${what}. Use the store that the run was made with, or start over with fresh: true.`;
}
