import type { Decomposer } from '../decompose/decomposer.js';
import type { NodeHandler } from '../execution/node-handler.js';
import type { WorkflowNode } from '../plan/workflow-node.js';
import { draftBriefPlan, isComposed } from './brief-plan.js';
import { writeAnalysis, writeBrief, writeCheck, writeOutline, writeSection } from './brief-writer.js';

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
  decomposer: { decompose: draftBriefPlan },
  handlers: {
    analyze: writeAnalysis,
    generate: (node, context) =>
      node.parameters.part === 'outline' ? writeOutline(node, context) : writeSection(node, context),
    validate: writeCheck,
    transform: writeBrief,
  },
  isComposed,
};
