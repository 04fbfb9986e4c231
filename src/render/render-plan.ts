import { parsePlan, type WorkflowPlanInput } from '../plan/workflow-plan.js';
import type { ExecutionState } from '../run/execution-state.js';
import { unknownOption } from '../unknown-option.js';
import { drawAscii } from './ascii.js';
import { drawMermaid } from './mermaid.js';
import { pictureOf } from './picture.js';
import { drawSvg } from './svg.js';

export const pictureFormats = ['ascii', 'mermaid', 'svg'] as const;
/** What a picture of a plan is made of: rows of plain text, a flowchart of Mermaid, or an image. */
export type PictureFormat = (typeof pictureFormats)[number];

export interface RenderOptions {
  /** Default `'ascii'`. */
  readonly format?: PictureFormat;
  /** What the run of the plan amounts to: a checkpoint, or what `getExecutionState` answers. Default: none is shown. */
  readonly state?: ExecutionState;
  /**
   * A plan of more nodes than this folds: nodes with children hide them and say how many they are. Default 50; `Infinity`
   * shows all.
   */
  readonly foldAbove?: number;
}

/**
 * Draws a plan as text: what has to be done, what depends on what and, with a `state`, how far each node is. The same
 * plan and state give the same picture. Any text may be in it, also one that somebody else wrote: nothing in it is taken
 * for an instruction of the terminal, of Mermaid or of a browser. O(nodes and dependencies), but for the image.
 * @throws PlanInvalidError for a plan that could not run
 * @throws TypeError for an option that is unknown or makes no sense, and for a state of another plan
 * @example
 * const checkpoint = await planner.getCheckpoint(checkpointId);
 * console.log(renderPlan(checkpoint.workflowPlan, { state: checkpoint }));
 */
export function renderPlan(plan: WorkflowPlanInput, options: RenderOptions = {}): string {
  const { format = 'ascii', state, foldAbove = 50, ...unknown } = options;
  const [stranger] = Object.keys(unknown);
  if (stranger !== undefined) throw unknownOption('renderPlan', stranger, ['format', 'state', 'foldAbove']);
  if (typeof foldAbove !== 'number' || !(foldAbove >= 1)) {
    throw new TypeError('Option "foldAbove" of renderPlan must be a number of at least 1.');
  }
  const picture = pictureOf(parsePlan(plan), state, foldAbove);
  switch (format) {
    case 'ascii':
      return drawAscii(picture);
    case 'mermaid':
      return drawMermaid(picture);
    case 'svg':
      return drawSvg(picture);
    default:
      format satisfies never;
      throw new TypeError(
        `Option "format" of renderPlan must be ${pictureFormats.map((name) => `'${name}'`).join(', ')}.`,
      );
  }
}
