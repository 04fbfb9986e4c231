import type { z } from 'zod';
import { unknownOption } from '../unknown-option.js';

/** @throws TypeError that names the option and what it must be, and never shows what it got: that may be a key */
export function checkOptions<Schema extends z.ZodObject>(
  schema: Schema,
  options: unknown,
  of: string,
): z.output<Schema> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${of} takes an object of options.`);
  }
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data as z.output<Schema>;
  const { issues } = parsed.error;
  // A required option that is misspelt is missing as well: its name is the thing to say.
  const issue = (issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]) as z.core.$ZodIssue;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    throw unknownOption(of, issue.keys[0] ?? '', path.length === 0 ? Object.keys(schema.shape) : [], path);
  }
  throw new TypeError(`Option "${path.join('.')}" of ${of} must be ${issue.message}.`);
}
