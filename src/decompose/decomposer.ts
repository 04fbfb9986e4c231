import type { Vibe } from '../plan/vibe.js';
import type { PlanDraftInput } from './plan-draft.js';

export interface DecomposeContext {
  /** The id that the plan will have, whatever the draft says. */
  readonly planId: string;
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal;
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
