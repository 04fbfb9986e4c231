import { isPlainObject, type JsonObject, newTable, setOwn } from '../plan/json-value.js';

/** Lower-case hex SHA-256 of bytes, or of the UTF-8 of a text. */
export type Sha256 = (data: Uint8Array | string) => string;

/** The same of what comes in parts. */
export interface RunningSha256 {
  update(bytes: Uint8Array): void;
  digest(): string;
}

/** Why a document could not be read. `version`: it is of a newer format and must be left alone. */
type NotReadable = { readonly ok: false; readonly kind: 'damaged' | 'version'; readonly reason: string };
export type Decoded<T> = { readonly ok: true; readonly value: T } | NotReadable;

const checksumLine = /\n {2}"checksum": "sha256:([0-9a-f]{64})"\n\}\n?$/;
const checksumLineBytes = 120;
/** Bytes that the head of a document may take, and those that it takes nearly always. */
const longestHead = 32 * 1024;
const usualHead = 2 * 1024;
/** Characters that are turned into bytes together. */
const charactersAtOnce = 64 * 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const headChecksumLine = /\n {2}"head_checksum": "sha256:([0-9a-f]{64})",\n/;

/**
 * A document in parts, so that a large one is never made in one breath. Its head has a checksum of its own, so that it
 * can be trusted without reading on. Last comes a checksum over all lines before it:
 * `head -n -2 cp-….json | sha256sum` shows the same sum.
 *
 * @param body fields; what stands in `Entries` or `Items` is made some at a time
 */
export function* sealedParts(
  head: JsonObject,
  body: Iterable<readonly [name: string, value: unknown]>,
  newSha256: () => RunningSha256,
): Generator<Uint8Array> {
  const whole = newSha256();
  const covered = (text: string) => {
    const bytes = encoder.encode(text);
    whole.update(bytes);
    return bytes;
  };
  const headText = `${JSON.stringify(head, null, 2).slice(0, -2)},\n`;
  const headSum = newSha256();
  headSum.update(encoder.encode(headText));
  let text = `${headText}  "head_checksum": "sha256:${headSum.digest()}"`;
  for (const [name, value] of body) {
    if (value === undefined) continue;
    for (const part of partsOf(value, 1, `,\n  ${JSON.stringify(name)}: `)) {
      text += part;
      if (text.length < charactersAtOnce) continue;
      yield covered(text);
      text = '';
    }
  }
  yield covered(`${text},\n`);
  yield encoder.encode(`  "checksum": "sha256:${whole.digest()}"\n}\n`);
}

/** An object that is written some entries at a time. */
export class Entries {
  constructor(readonly entries: Iterable<readonly [key: string, value: unknown]>) {}
}

/** An array that is written some items at a time. */
export class Items {
  constructor(readonly items: Iterable<unknown>) {}
}

function* partsOf(value: unknown, level: number, before: string): Generator<string> {
  if (value instanceof Entries) return yield* entriesOf(value, level, before);
  if (value instanceof Items) return yield* itemsOf(value, level, before);
  yield before + indented(value, level);
}

function* entriesOf({ entries }: Entries, level: number, before: string): Generator<string> {
  const some = new Batch(level, `${before}{`);
  let batch = newTable();
  for (const [key, inner] of entries) {
    if (inner === undefined) continue;
    if (inner instanceof Entries || inner instanceof Items) {
      if (some.count > 0) yield some.take(batch);
      batch = newTable();
      yield* partsOf(inner, level + 1, `${some.start()}\n${'  '.repeat(level + 1)}${JSON.stringify(key)}: `);
      continue;
    }
    setOwn(batch, key, inner);
    if (++some.count < some.limit) continue;
    yield some.take(batch);
    batch = newTable();
  }
  if (some.count > 0) yield some.take(batch);
  yield some.end('}');
}

function* itemsOf({ items }: Items, level: number, before: string): Generator<string> {
  const some = new Batch(level, `${before}[`);
  let batch: unknown[] = [];
  for (const item of items) {
    batch.push(item);
    if (++some.count < some.limit) continue;
    yield some.take(batch);
    batch = [];
  }
  if (some.count > 0) yield some.take(batch);
  yield some.end(']');
}

/** How many small values are turned into text together: one by one costs half as much again. */
const mostAtOnce = 32;

/** Turns some entries or items at a time into text: fewer when they turn out to be large. */
class Batch {
  count = 0;
  limit = 1;
  private isFirst = true;

  constructor(
    private readonly level: number,
    private readonly opening: string,
  ) {}

  /** What stands before the next entry or item. */
  start(): string {
    const start = this.isFirst ? this.opening : ',';
    this.isFirst = false;
    return start;
  }

  take(values: object): string {
    const inside = indented(values, this.level).slice(1, -2 - 2 * this.level);
    this.count = 0;
    this.limit =
      inside.length > charactersAtOnce / 4 ? Math.ceil(this.limit / 2) : Math.min(2 * this.limit, mostAtOnce);
    return this.start() + inside;
  }

  end(close: string): string {
    return this.isFirst ? `${this.opening}${close}` : `\n${'  '.repeat(this.level)}${close}`;
  }
}

/** As `JSON.stringify` would write it inside so many others. */
function indented(value: unknown, level: number): string {
  let nested = value;
  for (let depth = 0; depth < level; depth++) nested = [nested];
  const ends = level * (level + 1); // the brackets around it, each on a line of its own
  return JSON.stringify(nested, null, 2).slice(ends + 2 * level, -ends || undefined);
}

/** The fields of a whole document, once it is known to be as it was written. */
export function openDocument(bytes: Uint8Array, sha256: Sha256): Decoded<JsonObject> {
  const damage = isOlderFormat(bytes) ? undefined : findDamage(bytes, sha256);
  return damage ?? parseObject(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
}

/** The fields of the head, from the first bytes of a document. */
export function openHead(start: Uint8Array, sha256: Sha256): Decoded<JsonObject> {
  const usual = decoder.decode(start.subarray(0, usualHead));
  const found = headChecksumLine.exec(usual);
  const text = found === null ? decoder.decode(start.subarray(0, longestHead)) : usual;
  const version = versionOf(text);
  const [line, sum] = found ?? headChecksumLine.exec(text) ?? [];
  if (line === undefined) return version ?? damaged('it is cut off or not a checkpoint');
  const head = text.slice(0, text.indexOf(line) + 1);
  if (sha256(head) === sum) return parseObject(`${head.slice(0, -2)}}`);
  return version?.kind === 'version' ? version : damaged('the checksum of its head does not match');
}

/** Whether a document ends as a whole one does, judged by its last bytes. */
export function hasChecksumLine(tail: Uint8Array): boolean {
  return checksumLineOf(tail) !== null;
}

/**
 * What is wrong with a whole document; `undefined` when it is as it was written. The version is looked at first: a newer
 * format may have another kind of checksum.
 */
export function findDamage(bytes: Uint8Array, sha256: Sha256): NotReadable | undefined {
  const version = versionOf(decoder.decode(bytes.subarray(0, 200)));
  if (version?.kind === 'version') return version;
  const line = checksumLineOf(bytes);
  if (line === null) return damaged('it is cut off or not a checkpoint');
  const covered = bytes.subarray(0, bytes.length - line[0].length + 1);
  return sha256(covered) === line[1] ? version : damaged('its checksum does not match');
}

function checksumLineOf(bytes: Uint8Array): RegExpExecArray | null {
  const tail = bytes.subarray(Math.max(0, bytes.length - checksumLineBytes));
  return checksumLine.exec(decoder.decode(tail));
}

/** Whether this is a document of the Python original, which has neither checksum nor head: it is read as a whole. */
export function isOlderFormat(start: Uint8Array): boolean {
  return /^\{\s*"schema_version":\s*"1\.\d{1,6}"/.test(decoder.decode(start.subarray(0, 200)));
}

/** In every format the version stands first. `undefined` when it is ours. */
function versionOf(text: string): NotReadable | undefined {
  const [, version, major] = /^\{\s*"schema_version":\s*"((\d{1,6})\.\d{1,6})"/.exec(text) ?? [];
  if (major === '2') return undefined;
  if (Number(major) > 2) return { ok: false, kind: 'version', reason: `schema_version "${version}"` };
  return damaged('it has no known schema_version');
}

export function damaged(reason: string): NotReadable {
  return { ok: false, kind: 'damaged', reason };
}

function parseObject(text: string): Decoded<JsonObject> {
  try {
    const document: unknown = JSON.parse(text);
    return isPlainObject(document) ? { ok: true, value: document } : damaged('it is not a JSON object');
  } catch {
    return damaged('it is not JSON');
  }
}
