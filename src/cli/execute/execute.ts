import type { VibeInput, WorkflowPlanInput } from 'vibe-aigc';
import { CommandError } from '../command-error.js';
import { commandLine } from '../command-line.js';
import { exit } from '../exit-codes.js';
import { readJson } from '../read-json.js';
import type { RunOptions } from '../run/options.js';
import { performRun } from '../run/perform-run.js';
import type { VibeOptions } from '../vibe/options.js';
import { readVibe } from '../vibe/read-vibe.js';

export interface ExecuteCommandOptions extends VibeOptions, RunOptions {
  readonly plan?: string;
  readonly planId?: string;
  readonly fresh?: boolean;
}

/** Called again it goes on with the run, so that nobody pays twice by pressing the arrow key. */
export async function execute(words: string | undefined, options: ExecuteCommandOptions): Promise<void> {
  const { planId, fresh = false, onCorrupt } = options;
  const plan = options.plan === undefined ? undefined : await readPlan(words, options.plan, options);
  const vibe = plan?.sourceVibe ?? (await readVibe(words, options, 'execute'));
  await performRun(
    (planner) =>
      planner.executeWithResume(vibe, {
        fresh,
        ...(plan !== undefined && { plan }),
        ...(planId !== undefined && { planId }),
        ...(onCorrupt !== undefined && { onCorrupt }),
      }),
    options,
  );
}

/** A plan as a file of its own, or as `plan --json` prints it. The library checks it. */
async function readPlan(
  words: string | undefined,
  file: string,
  { vibe, style, constraint, domain }: VibeOptions,
): Promise<WorkflowPlanInput & { sourceVibe: VibeInput }> {
  if ([words, vibe, style, constraint, domain].some((given) => given !== undefined)) {
    const what = 'A plan has its vibe in itself: --plan takes no other.';
    throw new CommandError(exit.usage, { what, next: ['change "sourceVibe" in the plan, or leave --plan out'] });
  }
  const given = await readJson(file, '--plan');
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  const plan = isObject(given) && given.version === 1 && isObject(given.plan) ? given.plan : given;
  if (isObject(plan) && isObject(plan.sourceVibe)) return plan as WorkflowPlanInput;
  const next = [
    `give what "${commandLine(['plan', '--json'])}" prints: {"id": "...", "sourceVibe": {...}, "rootNodes": [...]}`,
  ];
  throw new CommandError(exit.usage, { what: '--plan is not a plan.', next });
}
