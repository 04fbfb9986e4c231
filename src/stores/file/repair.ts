import { readdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Checkpoint } from '../../checkpoint/checkpoint.js';
import { planIdOfOlderId } from '../../checkpoint/checkpoint-id.js';
import { completedNodesIn } from '../../checkpoint/codec.js';
import type {
  DocumentRemains,
  JournalRemains,
  PlanLease,
  Remains,
  RepairCapability,
} from '../../checkpoint/persistence-manager.js';
import { CheckpointCorruptError, type VibeError } from '../../errors.js';
import { consistentLines } from './consistent-lines.js';
import { errorCode, ForeignFile, flushDirectory, readDocument, whenMissing } from './documents.js';
import { type JournalLine, parseLine } from './journal-lines.js';
import { eachLine } from './journal-reader.js';
import { type Document, flat } from './listing.js';
import { checkpointIdOfDocument, damagedName, documentName, epochOfDamagedJournal, epochOfJournal } from './names.js';

export interface FileRepairOptions {
  readonly checkpointDir: string;
  /** The directory of a plan; `undefined` when there is none. */
  readonly findDirectory: (planId: string) => Promise<string | undefined>;
  /** What a file holds, or what is wrong with it; `undefined` when there is none. */
  readonly load: (
    document: Document,
  ) => Promise<
    { checkpoint: Checkpoint; problem?: undefined } | { checkpoint?: undefined; problem: VibeError } | undefined
  >;
  readonly newToken: () => string;
}

/** So much of a line that is damaged is looked at: the id of its node stands at the beginning. */
const fragmentBytes = 1_500;

/** Looks behind the damage in the files of a plan, and renames damaged ones to `.damaged-<name>-<random>`. */
export class FileRepair implements RepairCapability {
  constructor(private readonly options: FileRepairOptions) {}

  async inspect(planId: string): Promise<Remains> {
    const directory = await this.options.findDirectory(planId);
    const names = directory === undefined ? [] : await readdir(directory);
    const journals: JournalRemains[] = [];
    for (const name of names) {
      const asideEpoch = epochOfDamagedJournal(name);
      const epoch = asideEpoch ?? epochOfJournal(name);
      if (directory === undefined || epoch === undefined) continue;
      const location = join(directory, name);
      journals.push({ epoch, location, isSetAside: asideEpoch !== undefined, ...(await linesOf(location)) });
    }
    journals.sort((a, b) => b.epoch - a.epoch);
    return { journals, documents: await this.documentsOf(planId, directory, names) };
  }

  async setAside(planId: string, lease: PlanLease | undefined, locations: readonly string[]) {
    const directory = await this.options.findDirectory(planId);
    const moved = new Map<string, string>();
    for (const location of locations) {
      const [place, name] = [dirname(location), basename(location)];
      if (!this.isOurs(name, place, directory)) throw new Error(`${location} is no file of this plan`);
      await lease?.check();
      const aside = join(place, damagedName(name, this.options.newToken()));
      const isMoved = await rename(location, aside).then(() => true, whenMissing(false));
      if (isMoved) moved.set(location, aside);
    }
    for (const place of new Set([...moved.keys()].map((location) => dirname(location)))) await flushDirectory(place);
    return moved;
  }

  private isOurs(name: string, place: string, directory: string | undefined): boolean {
    const isDocument = checkpointIdOfDocument(name) !== undefined;
    if (place === directory) return isDocument || epochOfJournal(name) !== undefined;
    return isDocument && place === this.options.checkpointDir;
  }

  private async documentsOf(
    planId: string,
    directory: string | undefined,
    names: readonly string[],
  ): Promise<DocumentRemains[]> {
    const { checkpointDir } = this.options;
    const flatNames = await readdir(checkpointDir).catch(whenMissing<string[]>([]));
    const idsIn = (all: readonly string[]) => all.map(checkpointIdOfDocument).filter((id) => id !== undefined);
    const documents = [
      ...idsIn(names).map((checkpointId) => ({ directory: basename(directory ?? flat), checkpointId })),
      ...idsIn(flatNames)
        .filter((checkpointId) => planIdOfOlderId(checkpointId) === planId)
        .map((checkpointId) => ({ directory: flat, checkpointId })),
    ];
    const remains: DocumentRemains[] = [];
    for (const document of documents) {
      const one = await this.documentOf(document);
      if (one !== undefined) remains.push(one);
    }
    return remains;
  }

  /** @throws CheckpointVersionError for what a newer version of this library wrote */
  private async documentOf(document: Document): Promise<DocumentRemains | undefined> {
    const { directory, checkpointId } = document;
    const found = await this.options.load(document);
    if (found === undefined) return undefined;
    const location = join(this.options.checkpointDir, directory, documentName(checkpointId));
    if (found.problem === undefined) return { checkpointId, location };
    if (!(found.problem instanceof CheckpointCorruptError)) throw found.problem;
    const { reason } = found.problem;
    return { checkpointId, location, damage: { reason, completedNodes: await namedIn(location) } };
  }
}

/** Lines that are as they were written, and how the others begin. What is no file of ours has neither. */
async function linesOf(location: string): Promise<Pick<JournalRemains, 'lines' | 'fragments'>> {
  const intact: JournalLine[] = [];
  const fragments: string[] = [];
  const take = (raw: Buffer) => {
    const line = parseLine(raw);
    if (line !== undefined) intact.push(line);
    else fragments.push(raw.toString('utf8', 0, fragmentBytes));
    return true;
  };
  try {
    await eachLine(location, take);
  } catch (error) {
    if (!(error instanceof ForeignFile) && errorCode(error) !== 'ENOENT') throw error;
  }
  return { lines: consistentLines(intact).map(({ number, text }) => ({ number, text })), fragments };
}

async function namedIn(location: string): Promise<string[]> {
  try {
    return completedNodesIn(await readDocument(location));
  } catch (error) {
    if (error instanceof ForeignFile || errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
