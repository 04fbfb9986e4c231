import { createHash } from 'node:crypto';
import { checkPlanId, isCheckpointId, isPlanId, planIdOfOlderId } from '../../checkpoint/checkpoint-id.js';
import { InvalidIdError } from '../../errors.js';

/** Where a plan may be found in a checkpoint directory, in the order of looking. */
export interface PlanDirectoryNames {
  /** Always possible: `~<slug>~<hash>`. */
  readonly encoded: string;
  /** The id itself, when it is safe as a name on every file system. */
  readonly literal?: string;
}

const documentSuffix = '.json';
const safeName = /^(?!\.)[A-Za-z0-9._-]{1,80}(?<!\.)$/;
const deviceName = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** @throws InvalidIdError when the id is empty or too long to be a plan's. */
export function planDirectoryNames(planId: string): PlanDirectoryNames {
  checkPlanId(planId);
  const slug = planId
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  // JSON keeps apart what UTF-8 would fold together: halves of surrogate pairs.
  const hash = createHash('sha256').update(JSON.stringify(planId)).digest('hex').slice(0, 32);
  const encoded = `~${slug}~${hash}`;
  return isSafe(planId) ? { encoded, literal: planId } : { encoded };
}

/** The directory of a plan among those that exist, compared with the listing since `stat` may fold case. */
export function existingDirectory(names: PlanDirectoryNames, entries: ReadonlySet<string>): string | undefined {
  if (entries.has(names.encoded)) return names.encoded;
  return names.literal !== undefined && entries.has(names.literal) ? names.literal : undefined;
}

/** Whether a directory has one of the names of a plan. */
export function isPlanDirectory(directory: string, planId: string): boolean {
  if (directory === planId && isSafe(planId)) return true; // nearly always, and without making the other name
  return isPlanId(planId) && directory === planDirectoryNames(planId).encoded;
}

/** The name for a new directory: literal, unless something there differs from it by case alone. */
export function newDirectory({ encoded, literal }: PlanDirectoryNames, entries: ReadonlySet<string>): string {
  if (literal === undefined) return encoded;
  const folded = literal.toLowerCase();
  for (const entry of entries) if (entry.toLowerCase() === folded) return encoded;
  return literal;
}

/** Whether a directory of this name can be a plan's: other directories are nobody's business here. */
export function isPlanDirectoryName(name: string): boolean {
  return isSafe(name) || isEncoded(name);
}

export function isEncoded(name: string): boolean {
  return /^~[a-z0-9-]{0,40}~[0-9a-f]{32}$/.test(name);
}

function isSafe(name: string): boolean {
  return safeName.test(name) && !deviceName.test(name);
}

export function documentName(checkpointId: string): string {
  return `${checkpointId}${documentSuffix}`;
}

/** The checkpoint that a file of this name holds; `undefined` for any other file. */
export function checkpointIdOfDocument(fileName: string): string | undefined {
  if (!fileName.endsWith(documentSuffix)) return undefined;
  const id = fileName.slice(0, -documentSuffix.length);
  return canBeStored(id) ? id : undefined;
}

/** Whether a checkpoint of this id may lie here: one of ours, or of the Python original. */
export function canBeStored(checkpointId: string): boolean {
  return isCheckpointId(checkpointId) || planIdOfOlderId(checkpointId) !== undefined;
}

const journalPattern = /^\.journal-([1-9]\d{0,14})$/;
const damagedJournalPattern = /^\.damaged-journal-([1-9]\d{0,14})-[^/]*$/;
const messagePattern = /^\.inbox-([A-Za-z0-9-]{1,100})$/;
const blobPattern = /^\.blob-([0-9a-f]{64})$/;
const lockPattern = /^\.lock-([1-9]\d{0,14})$/;
const lockFamilyPattern = /^\.lock-([1-9]\d{0,14})(?:\.beat|\.released)?$/;
/** Ours, and what write-file-atomic makes of one of ours. */
const temporaryPattern = /^\.tmp-[0-9a-f]{32}(?:\.\d+)?$/;

export function journalName(epoch: number): string {
  return `.journal-${epoch}`;
}

/** The epoch of a journal's name; `undefined` for any other file. */
export function epochOfJournal(fileName: string): number | undefined {
  return epochIn(journalPattern, fileName);
}

/** A damaged file is kept under this name, where nothing reads it but a repair. */
export function damagedName(fileName: string, random: string): string {
  return `.damaged-${fileName.replace(/^\./, '')}-${random}`;
}

/** The epoch of a journal that was set aside; `undefined` for any other file. */
export function epochOfDamagedJournal(fileName: string): number | undefined {
  return epochIn(damagedJournalPattern, fileName);
}

/** A message for a plan. @throws InvalidIdError */
export function messageName(id: string): string {
  const name = `.inbox-${id}`;
  if (!messagePattern.test(name)) throw new InvalidIdError(id, 'a message has 1 to 100 letters, digits and "-"');
  return name;
}

/** The id of a message's name; `undefined` for any other file. */
export function idOfMessage(fileName: string): string | undefined {
  return messagePattern.exec(fileName)?.[1];
}

/** Content of this SHA-256, 64 hex digits. @throws InvalidIdError */
export function blobName(sha256: string): string {
  const name = `.blob-${sha256}`;
  if (!blobPattern.test(name)) throw new InvalidIdError(sha256, 'a blob has 64 hex digits');
  return name;
}

/** The SHA-256 of a blob's name; `undefined` for any other file. */
export function sha256OfBlob(fileName: string): string | undefined {
  return blobPattern.exec(fileName)?.[1];
}

export function lockName(epoch: number): string {
  return `.lock-${epoch}`;
}

/** Raised by the owner of a lock while it lives. */
export function beatName(epoch: number): string {
  return `.lock-${epoch}.beat`;
}

/** There when a lock was given back. */
export function releasedName(epoch: number): string {
  return `.lock-${epoch}.released`;
}

/** The epoch of a lock's name; `undefined` for any other file. */
export function epochOfLock(fileName: string): number | undefined {
  return epochIn(lockPattern, fileName);
}

/** The epoch of a lock or of what lies beside it. */
export function epochOfLockFamily(fileName: string): number | undefined {
  return epochIn(lockFamilyPattern, fileName);
}

function epochIn(pattern: RegExp, fileName: string): number | undefined {
  const [, epoch] = pattern.exec(fileName) ?? [];
  return epoch === undefined ? undefined : Number(epoch);
}

/** 0 when no name has one. */
export function highestEpoch(names: readonly string[], epochOf: (name: string) => number | undefined): number {
  return names.reduce((most, name) => Math.max(most, epochOf(name) ?? 0), 0);
}

export function isTemporary(fileName: string): boolean {
  return temporaryPattern.test(fileName);
}

/** A name that no other process picks, for a file that is not finished. */
export function temporaryName(random: string): string {
  return `.tmp-${random}`;
}
