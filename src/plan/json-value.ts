/** A plain object of JSON values. What is inside belongs to the host, so it is `unknown` to us. */
export type JsonObject = Record<string, unknown>;

/** Nesting that a value, and so a stored line, may have. */
export const maxJsonDepth = 1_000;
/** Bytes that one value may take as it is stored, indented and escaped. */
export const maxJsonBytes = 64 * 1024 * 1024;

export type JsonCopy =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly path: string; readonly reason: string };

/**
 * Copies a value as JSON would carry it, or says where it cannot be carried: `undefined` becomes `null` at the top and
 * in arrays and is dropped as a property, `-0` becomes `0`. Functions, symbols, BigInt, cycles, `NaN`, infinities and
 * class instances (Date, Map, Set, typed arrays...) are refused, never turned into something else.
 * `__proto__` is a key like any other.
 */
export function copyJson(value: unknown, root: string, options: { readonly freeze?: boolean } = {}): JsonCopy {
  if (value === undefined || value === null || typeof value === 'boolean') return { ok: true, value: value ?? null };
  const copy = tryCopy(value, root, new Copier(options.freeze ?? false, atMostBytes));
  if (copy.ok || copy.reason !== tooLarge) return copy;
  return tryCopy(value, root, new Copier(options.freeze ?? false, storedBytes)); // near the limit it pays to count
}

function tryCopy(value: unknown, root: string, copier: Copier): JsonCopy {
  try {
    return { ok: true, value: copier.copy(value, 0) };
  } catch (problem) {
    if (!(problem instanceof NotJson)) return { ok: false, path: root, reason: unreadable(problem) };
    const reason = problem.reason === tooDeep && hasCycle(value) ? 'a cycle: it contains itself' : problem.reason;
    return { ok: false, path: root + problem.path.slice(0, 12).join(''), reason };
  }
}

/**
 * An empty object without a prototype, for keys that are data. V8 makes it a hash table from the beginning; of any other
 * object, each new key makes a hidden class, which takes longer than all else that is done with it.
 */
export function newTable(): JsonObject {
  return Object.create(null);
}

/** Sets a key that may be called `__proto__` without touching a prototype. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Freezes plain JSON data through and through, and returns it. */
export function freezeJson<T>(value: T): T {
  if (!isObject(value) || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) {
    for (const item of value) if (isObject(item)) freezeJson(item);
  } else {
    // Plans have tens of thousands of objects: to list the keys of each takes longer than the freezing.
    for (const key in value) if (isObject(value[key]) && Object.hasOwn(value, key)) freezeJson(value[key]);
  }
  return Object.freeze(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * JSON with sorted keys and no spaces: equal values give equal text. The form of RFC 8785, except that half a
 * surrogate pair is written as an escape where the RFC refuses it.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const field = (value as JsonObject)[key];
    if (field !== undefined) fields.push(`${JSON.stringify(key)}:${canonicalJson(field)}`);
  }
  return `{${fields.join(',')}}`;
}

/** Whether two values are the same JSON: the order of keys does not count, nor a field that is `undefined`. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && areEqualItems(a, b);
  let more = 0;
  for (const key in a) {
    const field = ownField(a, key);
    if (field === undefined) continue;
    if (!equalJson(field, ownField(b, key))) return false;
    more++;
  }
  for (const key in b) if (ownField(b, key) !== undefined) more--;
  return more === 0;
}

function areEqualItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!equalJson(a[index], b[index])) return false;
  return true;
}

function ownField(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? (value as JsonObject)[key] : undefined;
}

/** Whether JSON nests deeper than so many levels: asked of what was parsed, which may nest as deep as it likes. */
export function nestsDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => nestsDeeperThan(levels - 1, item));
  for (const key in value) if (nestsDeeperThan(levels - 1, (value as JsonObject)[key])) return true;
  return false;
}

/** True for `{}`-like objects of any realm: no class instance, no array, no null. */
export function isPlainObject(value: unknown): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const tooDeep = `nesting deeper than ${maxJsonDepth} levels`;
const tooLarge = 'more than 64 MiB as it is stored; keep it elsewhere and refer to it';

/** No text takes more: a control character is six bytes when it is escaped. */
function atMostBytes(text: string): number {
  return 6 * text.length;
}

function storedBytes(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).length;
}

class NotJson extends Error {
  readonly path: string[] = [];
  constructor(readonly reason: string) {
    super(reason);
  }
}

class Copier {
  private bytes = 0;
  constructor(
    private readonly freeze: boolean,
    private readonly bytesOf: (text: string) => number,
  ) {}

  copy(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        this.count(this.bytesOf(value));
        return value;
      case 'boolean':
        return value;
      case 'number':
        if (!Number.isFinite(value)) throw new NotJson(`${value} is not a JSON number`);
        return value === 0 ? 0 : value;
      case 'undefined':
        return null;
      case 'object':
        return value === null ? null : this.copyObject(value, depth);
      default:
        throw new NotJson(`a ${typeof value} is not JSON`);
    }
  }

  private copyObject(value: object, depth: number): unknown {
    if (depth >= maxJsonDepth) throw new NotJson(tooDeep);
    if (!Array.isArray(value) && !isPlainObject(value)) throw new NotJson(`a ${classNameOf(value)} is not JSON`);
    const copy = Array.isArray(value) ? this.copyItems(value, depth) : this.copyFields(value, depth);
    return this.freeze ? Object.freeze(copy) : copy;
  }

  private copyItems(items: readonly unknown[], depth: number): unknown[] {
    this.count(items.length * bytesAround(depth)); // first: a list may have billions of empty places
    const copy: unknown[] = new Array(items.length);
    for (let index = 0; index < items.length; index++) {
      try {
        copy[index] = this.copy(items[index], depth + 1);
      } catch (problem) {
        throw within(problem, `[${index}]`);
      }
    }
    return copy;
  }

  private copyFields(fields: JsonObject, depth: number): JsonObject {
    if (Object.getOwnPropertySymbols(fields).length > 0) throw new NotJson('a symbol as a key is not JSON');
    const copy: JsonObject = {};
    for (const key of Object.keys(fields)) {
      this.count(bytesAround(depth) + this.bytesOf(key));
      try {
        const field = readField(fields, key);
        if (field !== undefined) setOwn(copy, key, this.copy(field, depth + 1));
      } catch (problem) {
        throw within(problem, /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);
      }
    }
    return copy;
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > maxJsonBytes) throw new NotJson(tooLarge);
  }
}

/** Indentation, punctuation and a short number. */
function bytesAround(depth: number): number {
  return 2 * depth + 24;
}

/** A getter of the host may throw anything. */
function readField(fields: JsonObject, key: string): unknown {
  try {
    return fields[key];
  } catch (error) {
    throw new NotJson(unreadable(error));
  }
}

function unreadable(error: unknown): string {
  return `reading it threw${error instanceof Error ? ` (${error.name}: ${error.message})` : ''}`;
}

function within(problem: unknown, step: string): unknown {
  if (problem instanceof NotJson) problem.path.unshift(step);
  return problem;
}

function classNameOf(value: object): string {
  const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
  return typeof name === 'string' && name !== '' && name !== 'Object' ? name : 'class instance';
}

/** Follows first branches only: `copyJson` asks after it met the depth limit on exactly that way down. */
function hasCycle(value: unknown): boolean {
  const above = new Set<unknown>();
  const stack: Array<{ value: unknown; leave: boolean }> = [{ value, leave: false }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    if (entry.leave) {
      above.delete(entry.value);
      continue;
    }
    if (typeof entry.value !== 'object' || entry.value === null) continue;
    if (above.has(entry.value)) return true;
    if (above.size > maxJsonDepth) return false;
    above.add(entry.value);
    stack.push({ value: entry.value, leave: true });
    for (const child of valuesOf(entry.value).reverse()) stack.push({ value: child, leave: false });
  }
  return false;
}

function valuesOf(value: object): unknown[] {
  return Object.keys(value).flatMap((key) => {
    const { get, value: field } = Object.getOwnPropertyDescriptor(value, key) ?? {};
    return get === undefined ? [field] : [];
  });
}
