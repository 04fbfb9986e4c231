import { z } from 'zod';
import { isPlainObject } from '../plan/json-value.js';
import { unknownOption } from '../unknown-option.js';

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
  const { issues } = parsed.error;
  // A required option that is misspelt is missing as well: its name is the thing to say.
  const strange = issues.find(({ code }) => code === 'unrecognized_keys');
  const issue = firstOf(strange === undefined ? issues : [strange]);
  const name = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    throw unknownOption(of, issue.keys[0] ?? '', knownKeys(schema, issue.path), issue.path);
  }
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

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return String(value);
  return typeof value === 'object' ? (Array.isArray(value) ? 'an array' : 'an object') : `a ${typeof value}`;
}
