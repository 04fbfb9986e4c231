import { z } from 'zod';
import type { Cost } from '../execution/context/spending.js';
import type { HandlerEntry, NodeContext } from '../execution/node-handler.js';
import type { Retry } from '../execution/retry.js';
import type { WorkflowNode } from '../index.js';
import type { SdkJson } from './ai-sdk.js';
import { checkOptions } from './check-options.js';

/** An entry of `handlers.tools` that is an object. */
export type ToolEntry = Exclude<HandlerEntry, (...given: never[]) => unknown>;

export const mediaToolOptionsSchema = z.strictObject({
  /** What the tool does, for the model that plans. Default: a sentence for its kind. */
  description: z.custom<string>((text) => typeof text === 'string', 'text').optional(),
  /** What one work costs: it is set aside before, and spent when it is there. Default: not known. */
  price: z
    .custom<Cost & { readonly amount: number }>(
      (price) => Number((price as Cost | undefined)?.amount) >= 0,
      'an object with an amount of at least 0',
    )
    .optional(),
  /** Whether and when a failed attempt is tried again. Default `'standard'`. */
  retry: z
    .custom<Retry>((retry) => retry === 'standard' || (typeof retry === 'object' && retry !== null), 'as of a planner')
    .default('standard'),
  /** Milliseconds that one attempt may take, in place of the planner's `timeoutMs`. */
  timeoutMs: z
    .custom<number>((ms) => Number.isInteger(ms) && (ms as number) >= 1, 'a whole number of at least 1')
    .optional(),
  /** Names of the planner's `limits` that its nodes are subject to. */
  limits: z.custom<readonly string[]>(Array.isArray, 'a list of names').optional(),
  /** For the provider, by its name, as it documents them. */
  providerOptions: z
    .custom<Record<string, { [key: string]: SdkJson }>>(
      (given) => typeof given === 'object' && given !== null,
      'objects by provider',
    )
    .default({}),
  /** Fetches a film that a model leaves at an address. Default: the global `fetch`. */
  fetch: z.custom<typeof fetch>((given) => typeof given === 'function', 'a function like fetch').optional(),
});
export type MediaToolOptions = z.input<typeof mediaToolOptionsSchema>;
export type CheckedToolOptions = z.output<typeof mediaToolOptionsSchema>;

interface MediaTool {
  readonly of: string;
  readonly version: string;
  readonly description: string;
  readonly parameters: z.ZodType;
  work(node: WorkflowNode, context: NodeContext, options: CheckedToolOptions): unknown;
}

/** What the tools for pictures, speech and film have in common. @throws TypeError for an option that makes no sense */
export function mediaTool(given: MediaToolOptions | undefined, tool: MediaTool): ToolEntry {
  const options = checkOptions(mediaToolOptionsSchema, given ?? {}, tool.of);
  const { description = tool.description, retry, timeoutMs, limits } = options;
  return {
    run: (node, context) => tool.work(node, context, options),
    version: tool.version,
    description,
    parameters: tool.parameters,
    retry,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(limits !== undefined && { limits }),
  };
}

/** What is to be seen: the node's own words, in the style of the vibe. */
export function pictureOf({ description, parameters }: WorkflowNode, { vibe }: NodeContext): string {
  const { prompt = description } = parameters as { readonly prompt?: string };
  return vibe.style ? `${prompt}\nStyle: ${vibe.style}` : prompt;
}

export const sizeSchema = z
  .string()
  .regex(/^\d{1,5}x\d{1,5}$/, 'expected a width and a height, such as 1024x1024')
  .transform((size) => size as `${number}x${number}`);
export const ratioSchema = z
  .string()
  .regex(/^\d{1,3}:\d{1,3}$/, 'expected a ratio, such as 16:9')
  .transform((ratio) => ratio as `${number}:${number}`);
