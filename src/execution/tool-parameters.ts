import type { z } from 'zod';
import { FatalError, type Issue } from '../errors.js';
import { issuesOf } from '../plan/issues.js';
import type { WorkflowNode } from '../plan/workflow-node.js';

/** What is wrong with the parameters of a node, measured against the schema of its handler. */
export function issuesOfParameters(node: WorkflowNode, schema: z.ZodType): readonly Issue[] {
  const parsed = schema.safeParse(ownParameters(node));
  if (parsed.success) return [];
  return issuesOf(parsed.error, 'parameters').map(({ path, message }) => ({
    path: node.id,
    message: `${path}: ${message}`,
  }));
}

/**
 * The node as its handler sees it: with what the schema makes of its parameters, defaults filled in.
 * @throws FatalError when they do not fit, as in a plan that was stored under another schema
 */
export function withParsedParameters(node: WorkflowNode, schema: z.ZodType): WorkflowNode {
  const parsed = schema.safeParse(ownParameters(node));
  if (parsed.success) {
    return { ...node, parameters: { ...node.parameters, ...(parsed.data as WorkflowNode['parameters']) } };
  }
  const shown = issuesOf(parsed.error, 'parameters').map(({ path, message }) => `${path}: ${message}`);
  const next = 'The handler was not called; mend its schema, or start over with fresh: true';
  throw new FatalError(`The parameters of node ${JSON.stringify(node.id)} do not fit (${shown.join('; ')}). ${next}.`);
}

/** All but the name of the tool itself. */
function ownParameters({ parameters }: WorkflowNode): Record<string, unknown> {
  const { tool: _, ...own } = parameters;
  return own;
}
