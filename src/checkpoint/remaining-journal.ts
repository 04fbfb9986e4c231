import { CheckpointVersionError } from '../errors.js';
import type { RunRecord } from '../run/run-record.js';
import { completedNodeIn, decodeMark, decodeRecord, isMark, type Position } from './journal-codec.js';
import { decodeHeader, type JournalHeader } from './journal-header.js';
import type { JournalRemains } from './persistence-manager.js';
import type { Decoded, Sha256 } from './sealed-document.js';
import { isItsVibe } from './vibe-key.js';

/** What can be read of a journal, line by line, whatever is missing between. */
export interface RemainingJournal extends Pick<JournalRemains, 'epoch' | 'location' | 'isSetAside'> {
  /** It is the journal of another plan or epoch: nothing in it counts. */
  readonly isForeign: boolean;
  /** `undefined` when it is damaged, or foreign. */
  readonly header: JournalHeader | undefined;
  /** In order. */
  readonly records: readonly RunRecord[];
  readonly positions: readonly Position[];
  /** Nodes that damaged lines still name: a hint at what is lost. */
  readonly named: readonly string[];
}

/** Between two breaths, so much text is taken in: a few milliseconds of work. */
const charactersAtOnce = 1_000_000;

/** @throws CheckpointVersionError for what a newer version of this library wrote */
export async function readRemainingJournal(
  { epoch, location, isSetAside, lines, fragments }: JournalRemains,
  planId: string,
  sha256: Sha256,
): Promise<RemainingJournal> {
  const place = { epoch, location, isSetAside };
  const known = <T>(decoded: Decoded<T>): T | undefined => {
    if (decoded.ok) return decoded.value;
    if (decoded.kind === 'version') throw new CheckpointVersionError(planId, decoded.reason);
    return undefined;
  };
  const [first] = lines;
  const header = first?.number === 1 ? known(decodeHeader(first.text)) : undefined;
  if (header !== undefined && !isAtHome(header, planId, epoch, sha256)) {
    return { ...place, isForeign: true, header: undefined, records: [], positions: [], named: [] };
  }
  const records: RunRecord[] = [];
  const positions: Position[] = [];
  let taken = 0;
  for (const { number, text } of lines) {
    if (number === 1) continue;
    if (isMark(text)) {
      const mark = known(decodeMark(text));
      if (mark?.kind === 'position') positions.push(mark.position);
    } else {
      const record = known(decodeRecord(text));
      if (record !== undefined) records.push(record);
    }
    taken += text.length;
    if (taken < charactersAtOnce) continue;
    taken = 0;
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const named = fragments.map(completedNodeIn).filter((nodeId) => nodeId !== undefined);
  return { ...place, isForeign: false, header, records, positions, named };
}

function isAtHome(header: JournalHeader, planId: string, epoch: number, sha256: Sha256): boolean {
  return header.planId === planId && header.epoch === epoch && isItsVibe(header, sha256);
}
