import { z } from 'zod';
import type { Issue } from '../errors.js';
import { issuesOf } from '../plan/issues.js';
import type { JsonObject } from '../plan/json-value.js';

/** What is wrong with a payload, measured against the JSON Schema that its wait was recorded with. */
export function issuesOfPayload(payload: unknown, schema: JsonObject | undefined): Issue[] {
  if (schema === undefined) return [];
  const parsed = readerOf(schema).safeParse(payload);
  return parsed.success ? [] : issuesOf(parsed.error);
}

/** @throws Error for a JSON Schema that cannot be used */
export function readerOf(schema: JsonObject): z.ZodType {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
}
