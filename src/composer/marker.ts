import type { WorkflowNode } from '../plan/workflow-node.js';

/** In the parameters of every node that was planned here, and in every part that was written here. */
export const marker = 'vibe-aigc-composer';

/** Whether a node was planned here, in this process or in an earlier one. */
export function isComposed({ parameters }: WorkflowNode): boolean {
  return parameters.composer === marker;
}
