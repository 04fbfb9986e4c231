import type { Decomposer } from '../decompose/decomposer.js';
import type { NodeHandler } from '../execution/node-handler.js';
import { Lazy } from '../lazy.js';
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
  decomposer: { decompose: async (vibe) => (await writers()).draftBriefPlan(vibe) },
  handlers: {
    analyze: async (node, context) => (await writers()).writeAnalysis(node, context),
    generate: async (node, context) => {
      const { writeOutline, writePart } = await writers();
      return node.id === 'outline' ? writeOutline(node, context) : writePart(node, context);
    },
    validate: async (node, context) => (await writers()).writeCheck(node, context),
    transform: async (node, context) => (await writers()).writeBrief(node, context),
  },
  isComposed,
};

/** Loaded when it is used: most apps bring models of their own. */
export const composerPart = new Lazy(() => import('./brief.js'));

function writers() {
  return composerPart.loaded ?? composerPart.load();
}
