import type { Decomposer } from '../decompose/decomposer.js';
import type { NodeHandler } from '../execution/node-handler.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import { isComposed } from './marker.js';

export interface Composer {
  readonly decomposer: Decomposer;
  readonly handlers: Readonly<Record<'analyze' | 'generate' | 'validate' | 'transform', NodeHandler>>;
  /** Whether a node is of the composer's making. */
  isComposed(node: WorkflowNode): boolean;
}

/**
 * The offline default: plans from the vibe alone and writes a creative brief as Markdown, with no model and no network,
 * the same each time. Its last node is `brief`. To wrap its handlers, pass them on:
 *
 * @example
 * new MetaPlanner({
 *   decomposer: composer.decomposer,
 *   handlers: { ...composer.handlers, generate: myModel },
 * });
 */
export const composer: Composer = {
  decomposer: { decompose: async (vibe) => (await import('./brief-plan.js')).draftBriefPlan(vibe) },
  handlers: {
    analyze: async (node, context) => (await writer()).writeAnalysis(node, context),
    generate: async (node, context) => {
      const { writeOutline, writePart } = await writer();
      return node.id === 'outline' ? writeOutline(node, context) : writePart(node, context);
    },
    validate: async (node, context) => (await import('./check.js')).writeCheck(node, context),
    transform: async (node, context) => (await writer()).writeBrief(node, context),
  },
  isComposed,
};

/** Loaded when it is used: most apps bring models of their own. */
function writer() {
  return import('./brief-writer.js');
}
