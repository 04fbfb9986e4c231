import { z } from 'zod';
import { issuesOfDraft } from '../decompose/check-draft.js';
import type { ToolOffer } from '../decompose/decomposer.js';
import type { PlanDraftInput } from '../decompose/plan-draft.js';
import type { Issue } from '../errors.js';
import { issuesOfParameters } from '../execution/tool-parameters.js';
import type { WorkflowNode } from '../index.js';
import type { JsonSchema } from './chat-model.js';
import { firstJsonBlock } from './json-block.js';
import { ourIds } from './node-ids.js';

/** A node as a model writes it. Composites are left out: a model that is asked for a list makes better plans. */
const plainNode = z.object({
  id: z.string(),
  type: z.enum(['analyze', 'generate', 'transform', 'validate']),
  description: z.string(),
  dependencies: z.array(z.string()).default([]),
});

/** What is taken: a little more than what is asked for. */
const answerSchema = z.object({
  nodes: z
    .array(
      plainNode.extend({
        id: z.string().refine(({ length }) => length >= 1 && length <= 200, 'expected 1 to 200 characters'),
        description: z.string().refine((text) => text.trim() !== '', 'expected some text'),
        tool: z.string().nullish(),
        parameters: z.record(z.string(), z.unknown()).nullish(),
      }),
    )
    .min(1),
});
type Answer = z.infer<typeof answerSchema>;

/**
 * What a model is asked for, as JSON Schema: a node of no tool, or one of a tool with the parameters of that tool. Every
 * field of ours is required and no other is allowed, as providers want it that hold a model to it.
 */
export function schemaOfPlans(tools: readonly ToolOffer[]): JsonSchema {
  const nodes = [
    plainNode,
    ...tools.map(({ name, parameters = anything }) => plainNode.extend({ tool: z.literal(name), parameters })),
  ];
  const plan = z.object({ nodes: z.array(nodes.length === 1 ? plainNode : z.union(nodes)) });
  const own = new Set<unknown>([plan, ...nodes]);
  return z.toJSONSchema(plan, {
    io: 'input',
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (!own.has(zodSchema)) return;
      jsonSchema.required = Object.keys(jsonSchema.properties ?? {});
      jsonSchema.additionalProperties = false;
    },
  }) as JsonSchema;
}

const anything = z.record(z.string(), z.unknown());

export type PlanReading =
  | { readonly status: 'plan'; readonly draft: PlanDraftInput }
  | { readonly status: 'refused'; readonly issues: readonly Issue[] };

/** The plan in the text of a model, with node ids of ours; or everything that is wrong with it. */
export function readPlan(text: string, tools: readonly ToolOffer[], maxNodes: number): PlanReading {
  const block = firstJsonBlock(text);
  if (block === undefined) return refused([{ path: '', message: 'no complete JSON object was found in it' }]);
  const count = countOf(block);
  if (count > maxNodes)
    return refused([{ path: 'nodes', message: `${count} nodes, and at most ${maxNodes} are allowed` }]);
  const parsed = answerSchema.safeParse(Array.isArray(block) ? { nodes: block } : block);
  if (!parsed.success) return refused(parsed.error.issues.map(issueOf));
  const draft = draftOf(parsed.data);
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const issues = issuesOfDraft(draft, (node) => issuesOfTool(node, byName));
  return issues.length > 0 ? refused(issues) : { status: 'plan', draft: ourIds(draft) };
}

function draftOf({ nodes }: Answer): PlanDraftInput {
  return {
    rootNodes: nodes.map(({ tool, parameters, ...node }) => {
      const { tool: named, ...own } = parameters ?? {};
      const name = tool ?? (typeof named === 'string' ? named : undefined);
      return { ...node, parameters: name === undefined ? {} : { ...own, tool: name } };
    }),
  };
}

function issuesOfTool(node: WorkflowNode, tools: ReadonlyMap<string, ToolOffer>): readonly Issue[] {
  const { tool: name } = node.parameters;
  if (typeof name !== 'string') return [];
  const tool = tools.get(name);
  if (tool !== undefined) return tool.parameters === undefined ? [] : issuesOfParameters(node, tool.parameters);
  const known = [...tools.keys()].join(', ') || 'there are none';
  return [{ path: node.id, message: `no tool is called ${JSON.stringify(name.slice(0, 80))} (tools: ${known})` }];
}

/** Before anything looks at each of them. */
function countOf(block: unknown): number {
  const nodes = Array.isArray(block) ? block : (block as { readonly nodes?: unknown }).nodes;
  return Array.isArray(nodes) ? nodes.length : 0;
}

function issueOf({ path, message }: z.core.$ZodIssue): Issue {
  return { path: path.map(String).join('.'), message };
}

function refused(issues: readonly Issue[]): PlanReading {
  return { status: 'refused', issues };
}
