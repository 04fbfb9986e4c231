import type { z } from 'zod';
import type { Issue } from '../errors.js';

/** The problems of a refused value as `path: message`, without ever showing the value itself. */
export function issuesOf(error: z.ZodError, root = ''): Issue[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return { path: pathOf(root, issue.path), message: issue.message };
    return issue.keys.map((key) => ({ path: pathOf(root, [...issue.path, key]), message: 'no field is called so' }));
  });
}

function pathOf(root: string, steps: readonly PropertyKey[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? String(step) : `${path}.${String(step)}`;
  }, root);
}
