import { z } from 'zod';
import { maxTimerMs } from '../host.js';
import { nodeTypes } from './node-type.js';
import { ordinaryNode } from './ordinary-node.js';
import { jsonObjectSchema } from './vibe.js';

/**
 * 1 to 200 characters of any kind, as `length` counts them: how plans and nodes are named. Counted here, since versions of
 * zod count differently, and what one version stores another must load.
 */
export const idSchema = z
  .string()
  .refine(({ length }) => length >= 1 && length <= 200, { error: 'expected 1 to 200 characters', abort: true });

/** How often and how soon a failed attempt is tried again: the part of it that is JSON. */
const nodeRetrySchema = z.strictObject({
  /** Attempts in all. */
  maxAttempts: z.number().int().min(1).optional(),
  /** Milliseconds between the end of an attempt and the start of the next; where they grow, before the second. */
  delayMs: z.number().int().min(0).max(maxTimerMs).optional(),
  /** `constant`: always `delayMs`. `exponential`: a random time up to `delayMs`, which doubles each time. */
  backoff: z.enum(['constant', 'exponential']).optional(),
  /** Milliseconds that no wait of our own making is longer than. */
  maxDelayMs: z.number().int().min(0).max(maxTimerMs).optional(),
  /** Fields that a newer version of this library stored here: kept as they are. */
  unknownFields: jsonObjectSchema.optional(),
});
export type NodeRetry = z.infer<typeof nodeRetrySchema>;

const ownFields = z.strictObject({
  /** Unique in its plan, nested nodes included. */
  id: idSchema,
  type: z.enum(nodeTypes),
  /** What is to be done, in words. */
  description: z.string(),
  /** For the handler; `parameters.tool` picks one of `handlers.tools`. */
  parameters: jsonObjectSchema.default({}),
  /** Ids of the nodes that must be completed first; their outputs are the handler's inputs. */
  dependencies: z.array(idSchema).default([]),
  /** Seconds. */
  estimatedDuration: z.number().nonnegative().optional(),
  /** Names of the planner's `limits` that the node is subject to, besides those of its handler. */
  limits: z.array(idSchema).optional(),
  /** What it says wins over the `retry` of the handler and of the planner. */
  retry: nodeRetrySchema.optional(),
  /** Fields that a newer version of this library stored here: kept as they are. */
  unknownFields: jsonObjectSchema.optional(),
});

/** A node as the library holds it: defaults filled in. */
export type WorkflowNode = z.infer<typeof ownFields> & { children: WorkflowNode[] };
/** A node as a host may write it: `id`, `type` and `description` are required. */
export type WorkflowNodeInput = z.input<typeof ownFields> & { children?: WorkflowNodeInput[] | undefined };

/** Nodes, each with those below it. Not a recursive schema: zod keeps a note of every object that goes through one. */
export const nodesSchema: z.ZodType<WorkflowNode[], WorkflowNodeInput[]> = z
  .custom<WorkflowNodeInput[]>(Array.isArray, 'expected an array of nodes')
  .transform((nodes, context) =>
    nodes.map((node, index) => {
      const ordinary = ordinaryNode(node);
      if (ordinary !== undefined) return ordinary;
      const parsed = workflowNodeSchema.safeParse(node);
      if (parsed.success) return parsed.data;
      for (const issue of parsed.error.issues) {
        context.issues.push({ ...issue, path: [index, ...issue.path], input: node } as (typeof context.issues)[number]);
      }
      return z.NEVER;
    }),
  );

/** One thing to do: usually one paid call to a model. */
export const workflowNodeSchema = ownFields.extend({
  /** Nodes that belong to this one: they start after its own handler, and it is complete when they are. */
  children: nodesSchema.default([]),
});
