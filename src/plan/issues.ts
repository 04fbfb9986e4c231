import type { z } from 'zod';
import type { Issue } from '../errors.js';

/** The problems of a refused value as `path: message`, without ever showing the value itself. */
export function issuesOf(error: z.ZodError, root = ''): Issue[] {
  return error.issues.map((issue) => ({ path: pathOf(root, issue.path), message: issue.message }));
}

function pathOf(root: string, steps: readonly PropertyKey[]): string {
  return steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? String(step) : `${path}.${String(step)}`;
  }, root);
}
