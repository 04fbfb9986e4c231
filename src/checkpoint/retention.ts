import { z } from 'zod';
import { isPlainObject } from '../plan/json-value.js';
import { unknownOption } from '../unknown-option.js';

/**
 * How long checkpoints are kept. A checkpoint goes when one of these says so; the latest state of a plan goes last, and
 * never before its run has completed.
 */
export const retentionPolicySchema = z.strictObject({
  /** So many checkpoints of each plan are kept, the newest. */
  keepLast: optional((value) => Number.isSafeInteger(value) && (value as number) >= 1, 'a whole number of at least 1'),
  /** Checkpoints that are older go. With the last of them, a plan whose latest run completed goes as a whole. */
  maxAgeMs: optional((value) => Number.isFinite(value) && (value as number) > 0, 'a number of milliseconds above 0'),
  /** A plan whose latest run completed goes as a whole: running its vibe again is a new run. */
  deleteOnSuccess: z.custom<boolean>((value) => typeof value === 'boolean', 'true or false').optional(),
});
export type RetentionPolicy = z.infer<typeof retentionPolicySchema>;

/**
 * The policy in an option of this name.
 * @throws TypeError when it is none
 */
export function checkRetention(given: unknown, name: string): RetentionPolicy {
  const parsed = retentionPolicySchema.safeParse(given);
  if (parsed.success && isPolicy(parsed.data)) return parsed.data;
  const known = Object.keys(retentionPolicySchema.shape);
  const issue = parsed.error?.issues[0];
  if (!isPlainObject(given) || issue === undefined)
    throw new TypeError(`${name} must have one of ${known.join(', ')}.`);
  if (issue.code === 'unrecognized_keys') throw unknownOption(name, issue.keys[0] ?? '', known);
  const field = issue.path.map(String).join('.');
  throw new TypeError(`${name}.${field} must be ${issue.message}, got ${String(given[field])}.`);
}

/** Whether anything is said in it. */
export function isPolicy({ keepLast, maxAgeMs, deleteOnSuccess }: RetentionPolicy): boolean {
  return keepLast !== undefined || maxAgeMs !== undefined || deleteOnSuccess !== undefined;
}

function optional(isValid: (value: unknown) => boolean, expected: string) {
  return z.custom<number>(isValid, expected).optional();
}
