import { isPlainObject } from '../plan/json-value.js';

/**
 * What somebody found out about a paid job: the provider has it, under this handle (`adopt`); the provider does not have
 * it (`'submit again'`, under the same key); or it is not needed, as this is its result (`skip`).
 */
export type JobDecision = { readonly adopt: unknown } | 'submit again' | { readonly skip: unknown };

/** By node id and the job's name. */
export type JobDecisions = Readonly<Record<string, Readonly<Record<string, JobDecision>>>>;

export function isJobDecision(value: unknown): boolean {
  if (value === 'submit again') return true;
  if (!isPlainObject(value)) return false;
  const [[key, given] = [], ...others] = Object.entries(value);
  return (key === 'adopt' || key === 'skip') && given !== undefined && others.length === 0;
}
