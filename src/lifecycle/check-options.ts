import { z } from 'zod';
import { isPlainObject } from '../plan/json-value.js';

/**
 * Checks options and fills in defaults.
 * @throws TypeError that names the option, what it got, and the nearest known name
 */
export function checkOptions<Schema extends z.ZodType>(schema: Schema, options: unknown, of: string): z.output<Schema> {
  if (options !== undefined && !isPlainObject(options)) {
    throw new TypeError(`${of} takes an object of options, got ${shown(options)}.`);
  }
  const parsed = schema.safeParse(options ?? {});
  if (parsed.success) return parsed.data;
  const issue = firstOf(parsed.error.issues);
  const name = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') throw new TypeError(unknownOption(of, issue, schema));
  const got = issue.path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown>)?.[step], options);
  const expected = issue.code === 'custom' ? issue.message : 'an object';
  throw new TypeError(`Option "${name}" of ${of} must be ${expected}, got ${shown(got)}.`);
}

/** Of a value that may be one of several things, what is wrong with the last of them. */
function firstOf([issue]: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  if (issue?.code !== 'invalid_union') return issue as z.core.$ZodIssue;
  const inner = firstOf(issue.errors.at(-1) ?? []);
  return { ...inner, path: [...issue.path, ...inner.path] };
}

function unknownOption(of: string, { path, keys }: z.core.$ZodIssueUnrecognizedKeys, schema: z.ZodType): string {
  const [key = ''] = keys;
  const nameOf = (option: string) => [...path, option].map(String).join('.');
  const known = knownKeys(schema, path);
  const nearest = known.toSorted((a, b) => distance(a, key) - distance(b, key))[0] ?? '';
  const hint = distance(nearest, key) <= Math.max(2, key.length / 3) ? ` Did you mean "${nameOf(nearest)}"?` : '';
  return `${of} has no option "${nameOf(key)}".${hint} Known: ${known.join(', ')}.`;
}

/** The options that an object at this place may have. */
function knownKeys(schema: unknown, path: readonly PropertyKey[]): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return knownKeys(schema.unwrap(), path);
  if (schema instanceof z.ZodPipe) return knownKeys(schema.in, path);
  if (schema instanceof z.ZodUnion) return knownKeys(schema.options.at(-1), path);
  const [step, ...rest] = path;
  if (schema instanceof z.ZodRecord) return knownKeys(schema.valueType, rest);
  if (!(schema instanceof z.ZodObject)) return [];
  return step === undefined ? Object.keys(schema.shape) : knownKeys(schema.shape[String(step)], rest);
}

/** @throws TypeError for what is no id at all */
export function checkId(checkpointId: unknown, of: string): string {
  if (typeof checkpointId === 'string') return checkpointId;
  throw new TypeError(`${of} takes the id of a checkpoint, got ${shown(checkpointId)}.`);
}

/** Edits from one word to the other (Levenshtein). */
function distance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] as number) + 1, (current[column - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return String(value);
  return typeof value === 'object' ? (Array.isArray(value) ? 'an array' : 'an object') : `a ${typeof value}`;
}
