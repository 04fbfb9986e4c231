import type { z } from 'zod';
import type { Vibe } from '../plan/vibe.js';
import type { PlanDraftInput } from './plan-draft.js';

/** A tool that a node may name as its `parameters.tool`, as its handler describes it. */
export interface ToolOffer {
  readonly name: string;
  /** What it does, in words. */
  readonly description?: string;
  /** What the parameters of its nodes must be, besides `tool`. */
  readonly parameters?: z.ZodType;
}

export interface DecomposeContext {
  /** The id that the plan will have, whatever the draft says. */
  readonly planId: string;
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal;
  /** The `handlers.tools` of the planner, for nodes to name. */
  readonly tools: readonly ToolOffer[];
  /** What the planner's `maxNodes` is, where it is set: a draft of more nodes is refused. */
  readonly maxNodes?: number;
}

/** Turns a vibe into the draft of a plan. */
export type Decompose = (vibe: Vibe, context: DecomposeContext) => PlanDraftInput | Promise<PlanDraftInput>;

/**
 * Makes plans, usually by asking a model. What it answers is checked before anything runs.
 *
 * @example
 * const decomposer: Decomposer = {
 *   decompose: (vibe) => ({ rootNodes: [{ id: 'draft', type: 'generate', description: vibe.description }] }),
 * };
 */
export interface Decomposer {
  decompose: Decompose;
}
