import { type PictureFormat, renderPlan, type WorkflowPlan } from 'vibe-aigc';
import { isOffline, offlineNote, openPlanner } from '../run/open-planner.js';
import type { ModelOptions } from '../run/options.js';
import { print, printJson, say, terminalColumns } from '../terminal/output.js';
import { cut } from '../terminal/width.js';
import type { VibeOptions } from '../vibe/options.js';
import { readVibe } from '../vibe/read-vibe.js';

export interface PlanCommandOptions extends VibeOptions, ModelOptions {
  readonly planId?: string;
  readonly format?: PictureFormat;
  readonly json?: boolean;
  readonly trunc: boolean;
}

export async function plan(words: string | undefined, options: PlanCommandOptions): Promise<void> {
  const { planId, format = 'ascii', json, trunc } = options;
  const vibe = await readVibe(words, options, 'plan');
  const planner = await openPlanner(options, { onPlanRetry: say });
  if (isOffline(options)) say(offlineNote);
  const made = await planner.plan(vibe, planId === undefined ? {} : { planId });
  if (json) return printJson({ version: 1, plan: made });
  for (const line of linesOf(made, format, trunc)) print(line);
}

/** A terminal gets lines that fit; what is piped as text is whole. Images fold wherever they go: large ones are not drawn. */
function linesOf(plan: WorkflowPlan, format: PictureFormat, trunc: boolean): string[] {
  const columns = trunc && format === 'ascii' ? terminalColumns() : undefined;
  const folds = trunc && (format !== 'ascii' || columns !== undefined);
  const picture = renderPlan(plan, folds ? { format } : { format, foldAbove: Number.POSITIVE_INFINITY });
  const lines = picture.trimEnd().split('\n');
  return columns === undefined ? lines : lines.map((line) => cut(line, columns));
}
