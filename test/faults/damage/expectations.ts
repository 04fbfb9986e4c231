import type { DiskState } from '../helpers/disk-state.js';
import { paidNodes } from '../helpers/poster-run.js';
import type { Expected } from './check-damaged.js';
import { bytesOf, type Damage, journalIn } from './damages.js';
import { nodesIn, readJournal } from './journal-lines.js';

/** What an undamaged store has, and what a run that nothing happened to makes of it. */
export interface Sound {
  readonly files: DiskState;
  readonly outputs: Expected['outputs'];
  /** Nodes that resuming on the undamaged files does not call. */
  readonly known: readonly string[];
  /** What the undamaged checkpoints are, as JSON by id. */
  readonly checkpoints: ReadonlyMap<string, string>;
}

/**
 * What damage may cost: nothing, unless it cannot be told from the last write being torn. Then what stood there may be
 * paid again, where no checkpoint has it.
 */
export function expectedOf({ files, outputs, known, checkpoints }: Sound, damage: Damage): Expected {
  const provenElsewhere = nodesInCheckpoints(damage);
  const lost = unprovable(files, damage).filter((nodeId) => !provenElsewhere.includes(nodeId));
  return {
    outputs,
    known: known.filter((nodeId) => !lost.includes(nodeId)),
    provenElsewhere,
    checkpoints,
    isNothingLeft: damage.alsoPath !== undefined && !hasOtherCheckpoint(damage),
  };
}

function hasOtherCheckpoint({ files, path, alsoPath }: Damage): boolean {
  return [...files.keys()].some((name) => name.endsWith('.json') && name !== path && name !== alsoPath);
}

/** Nodes of records that are gone without a trace. A file that is missing may have been deleted. */
function unprovable(sound: DiskState, { files, path, alsoPath }: Damage): readonly string[] {
  const journal = journalIn(sound);
  if (journal === undefined && !files.has(path)) return paidNodes;
  if (journal === undefined || (path !== journal && alsoPath !== journal)) return [];
  const { lines } = readJournal(bytesOf(sound, path));
  const left = files.get(journal);
  if (left === undefined) return nodesIn(lines);
  const { lines: intact, isDamaged } = readJournal(left ?? new Uint8Array());
  return isDamaged ? [] : nodesIn(lines.slice(intact.length));
}

/** Nodes that are completed in a checkpoint file that nothing happened to. */
function nodesInCheckpoints({ files, path, alsoPath }: Damage): string[] {
  const nodes = new Set<string>();
  for (const [name, bytes] of files) {
    if (name === path || name === alsoPath || !bytes || !name.endsWith('.json')) continue;
    const { node_results } = JSON.parse(Buffer.from(bytes).toString()) as {
      node_results: Record<string, { status: string }>;
    };
    for (const [nodeId, { status }] of Object.entries(node_results)) if (status === 'completed') nodes.add(nodeId);
  }
  return [...nodes];
}
