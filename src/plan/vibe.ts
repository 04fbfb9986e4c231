import { z } from 'zod';
import { VibeInvalidError } from '../errors.js';
import { issuesOf } from './issues.js';
import { canonicalJson, copyJson, isPlainObject, type JsonObject } from './json-value.js';

/** A plain object of JSON values, copied as JSON would carry it. */
export const jsonObjectSchema = z
  .custom<JsonObject>(isPlainObject, 'expected a plain object')
  .transform((value, context): JsonObject => {
    const copy = copyJson(value, '');
    if (copy.ok) return copy.value as JsonObject;
    context.addIssue({ code: 'custom', message: `${copy.path || 'this'} is not JSON (${copy.reason})` });
    return z.NEVER;
  });

/** What somebody wants made, in what style, under which constraints. */
export const vibeSchema = z.strictObject({
  /** What is wanted, in words. */
  description: z.string().refine((text) => text.trim() !== '', 'expected some text'),
  /** How it should look, sound or read. */
  style: z.string().optional(),
  /** What must hold for the result, one sentence each. */
  constraints: z.array(z.string()).default([]),
  /** The field it belongs to, such as `film` or `article`. */
  domain: z.string().optional(),
  /** Anything of the host's own; JSON values only. */
  metadata: jsonObjectSchema.default({}),
  /** Fields that a newer version of this library stored here: kept as they are, and no part of what is wanted. */
  unknownFields: jsonObjectSchema.optional(),
});

/** A vibe as the library holds it: defaults filled in. */
export type Vibe = z.infer<typeof vibeSchema>;
/** A vibe as a host may pass it: only `description` is required. */
export type VibeInput = z.input<typeof vibeSchema>;

/** @throws VibeInvalidError naming every field that does not fit, unknown keys included. */
export function parseVibe(input: unknown): Vibe {
  const parsed = vibeSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new VibeInvalidError(issuesOf(parsed.error));
}

/** Two vibes are the same exactly when this text is equal. */
export function canonicalVibe({ description, style, constraints, domain, metadata }: Vibe): string {
  return canonicalJson({ description, style, constraints, domain, metadata });
}
