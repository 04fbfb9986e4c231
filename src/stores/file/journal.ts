import { constants } from 'node:fs';
import { open, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  JournalCapability,
  JournalOpening,
  JournalWriter,
  PlanLease,
  StoredJournal,
} from '../../checkpoint/persistence-manager.js';
import { inTurns } from '../../turns.js';
import {
  errorCode,
  ForeignFile,
  flushDirectory,
  ignoreMissing,
  newTemporary,
  whenMissing,
  writeFlushed,
} from './documents.js';
import { type JournalFile, readJournalFile } from './journal-reader.js';
import { FileJournalWriter } from './journal-writer.js';
import { LineFramer } from './line-framer.js';
import { damagedName, epochOfJournal, journalName } from './names.js';

export interface FileJournalOptions {
  /** The directory of a plan; `undefined` when there is none. */
  readonly findDirectory: (planId: string) => Promise<string | undefined>;
  /** The directory of a plan, made when it is not there. */
  readonly directoryOf: (planId: string) => Promise<string>;
  readonly newToken: () => string;
}

/** A journal, and what its file was by then; no version where something else stands in its place. */
interface ReadJournal {
  readonly journal: StoredJournal;
  readonly version: string | undefined;
}

const appendFlags = constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);

/** One file per epoch, `.journal-<epoch>`, written by the owner of that epoch alone. */
export class FileJournal implements JournalCapability {
  /** What was read last, until it is asked for again: whoever takes a plan up lists it right after. */
  private lastRead: readonly ReadJournal[] = [];

  constructor(private readonly options: FileJournalOptions) {}

  async read(planId: string): Promise<StoredJournal[]> {
    const directory = await this.options.findDirectory(planId);
    if (directory === undefined) return [];
    for (let look = 1; ; look++) {
      const epochs = await journalEpochs(directory);
      try {
        const journals: ReadJournal[] = [];
        for (const epoch of epochs) journals.push(await readVersion(directory, epoch));
        this.lastRead = journals;
        return journals.map(({ journal }) => journal);
      } catch (error) {
        // A new epoch began meanwhile, and has taken over what this one held.
        if (errorCode(error) !== 'ENOENT' || look === maxLooks) throw error;
      }
    }
  }

  /** A journal as it was read last, if nobody has written to the file since; each is told once. */
  recall(location: string, version: string): StoredJournal | undefined {
    const found = this.lastRead.find(({ journal }) => journal.location === location);
    this.lastRead = this.lastRead.filter((one) => one !== found);
    return found?.version === version ? found.journal : undefined;
  }

  async begin(planId: string, lease: PlanLease, opening: JournalOpening): Promise<JournalWriter> {
    this.lastRead = []; // it may be large
    const directory = await this.options.directoryOf(planId);
    try {
      return await this.beginIn(planId, directory, lease, opening);
    } catch (error) {
      await lease.check(); // files go when somebody has taken over and tidied up: that is the thing to say
      throw error;
    }
  }

  private async beginIn(
    planId: string,
    directory: string,
    lease: PlanLease,
    opening: JournalOpening,
  ): Promise<JournalWriter> {
    const path = join(directory, journalName(lease.epoch));
    const framer = await this.writeOpening(directory, path, opening.lines);
    const file = await open(path, appendFlags);
    try {
      await lease.check();
      await this.retire(planId, directory, opening);
      return new FileJournalWriter(file, framer, lease, opening.durability);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private async writeOpening(directory: string, path: string, texts: readonly string[]): Promise<LineFramer> {
    const temporary = join(directory, newTemporary());
    const framer = new LineFramer();
    try {
      await writeFlushed(temporary, framed(texts, framer));
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => {}); // the first error is the one to report
      throw error;
    }
    await flushDirectory(directory);
    return framer;
  }

  /** The highest epoch goes last, and only when the others are gone for good: no older run becomes the latest. */
  async remove(planId: string, lease: PlanLease): Promise<void> {
    const directory = await this.options.findDirectory(planId);
    if (directory === undefined) return;
    const [latest, ...earlier] = await journalEpochs(directory);
    if (latest === undefined) return;
    for (const epochs of [earlier.reverse(), [latest]]) {
      for (const epoch of epochs) {
        await lease.check(); // somebody may begin with epoch 1 again once the plan is gone
        await unlink(join(directory, journalName(epoch))).catch(ignoreMissing);
      }
      if (epochs.length > 0) await flushDirectory(directory);
    }
  }

  /** Puts a damaged journal where nothing reads it and somebody may still look at it. */
  async setAside(planId: string, epoch: number): Promise<void> {
    const directory = await this.options.directoryOf(planId);
    const name = journalName(epoch);
    await rename(join(directory, name), join(directory, damagedName(name, this.options.newToken()))).catch(
      ignoreMissing,
    );
    await flushDirectory(directory);
  }

  /** Only now, with the new journal complete and on disk. */
  private async retire(planId: string, directory: string, { replaces, setsAside }: JournalOpening): Promise<void> {
    for (const epoch of setsAside) await this.setAside(planId, epoch);
    for (const epoch of replaces) await unlink(join(directory, journalName(epoch))).catch(ignoreMissing);
    if (replaces.length > 0) await flushDirectory(directory);
  }
}

const maxLooks = 5;

/** Highest first; none where the directory went with the last of its plan. */
export async function journalEpochs(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch(whenMissing<string[]>([]));
  const epochs = names.map(epochOfJournal).filter((epoch) => epoch !== undefined);
  return epochs.sort((a, b) => b - a);
}

/** @throws an error with the code ENOENT when it is gone */
export async function readJournal(directory: string, epoch: number): Promise<StoredJournal> {
  const { journal } = await readVersion(directory, epoch);
  return journal;
}

async function readVersion(directory: string, epoch: number): Promise<ReadJournal> {
  const location = join(directory, journalName(epoch));
  const { version, ...journal } = await orForeign(readJournalFile(location));
  return { journal: { epoch, location, ...journal }, version };
}

/** What stands in a journal's place and is no file of ours hides what was there. */
async function orForeign(reading: Promise<JournalFile>): Promise<JournalFile> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof ForeignFile)) throw error;
    const damage = { reason: error.message, linesWritten: Number.MAX_SAFE_INTEGER, linesBehind: [] };
    return { lines: [], isTorn: false, damage };
  }
}

/** So many characters are framed in one breath. */
const charactersAtOnce = 256 * 1024;

/** Each of them says that all of them are flushed: the file has no name before. */
async function* framed(texts: readonly string[], framer: LineFramer): AsyncGenerator<Buffer> {
  let batch: string[] = [];
  let characters = 0;
  for (const text of texts) {
    batch.push(text);
    characters += text.length;
    if (characters < charactersAtOnce) continue;
    yield await inTurns(framer.framing(batch, texts.length));
    batch = [];
    characters = 0;
  }
  yield await inTurns(framer.framing(batch, texts.length));
}
