import type { z } from 'zod';

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
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const name = [...path, issue.keys[0]].join('.');
    const known = path.length === 0 ? ` Known: ${Object.keys(schema.shape).join(', ')}.` : '';
    throw new TypeError(`${of} has no option "${name}".${known}`);
  }
  throw new TypeError(`Option "${path.join('.')}" of ${of} must be ${issue.message}.`);
}
