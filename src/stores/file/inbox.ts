import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { InboxCapability, InboxMessage } from '../../checkpoint/persistence-manager.js';
import { errorCode, ForeignFile, ignoreMissing, readDocument, whenMissing, writeDocument } from './documents.js';
import { idOfMessage, messageName } from './names.js';

/** Where the messages of a plan lie: beside its checkpoints. */
interface FileInboxOptions {
  /** The directory of a plan, made when it is not there. */
  readonly directoryOf: (planId: string) => Promise<string>;
  readonly findDirectory: (planId: string) => Promise<string | undefined>;
}

/** Messages as files, one each, written whole and flushed. */
export function fileInbox({ directoryOf, findDirectory }: FileInboxOptions): InboxCapability {
  return {
    post: async (planId, { id, text }) => {
      await writeDocument(await directoryOf(planId), messageName(id), [Buffer.from(text)]);
    },
    read: async (planId) => {
      const directory = await findDirectory(planId);
      if (directory === undefined) return [];
      const names = await readdir(directory).catch(whenMissing<string[]>([]));
      const messages: InboxMessage[] = [];
      for (const name of names) {
        const id = idOfMessage(name);
        const text = id === undefined ? undefined : await textOf(join(directory, name));
        if (id !== undefined && text !== undefined) messages.push({ id, text });
      }
      return messages;
    },
    remove: async (planId, ids) => {
      const directory = await findDirectory(planId);
      if (directory === undefined) return;
      for (const id of ids) await unlink(join(directory, messageName(id))).catch(ignoreMissing);
    },
  };
}

/** `undefined` for one that has been removed meanwhile, and for what is no file of ours. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await readDocument(path));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof ForeignFile) return undefined;
    throw error;
  }
}
