import { checkDir } from '../check-dir.js';
import { CommandError } from '../command-error.js';
import { exit } from '../exit-codes.js';
import { openPlanner } from '../run/open-planner.js';
import type { ModelOptions } from '../run/options.js';
import { paint, print, printJson } from '../terminal/output.js';
import { oneLine } from '../terminal/printable.js';
import { pad } from '../terminal/width.js';
import type { Finding } from './finding.js';
import { checkModel } from './model.js';
import { checkNode } from './node.js';
import { checkStore } from './store.js';

export interface DoctorOptions extends ModelOptions {
  readonly dir: string;
  readonly json?: boolean;
}

/** Looks at everything before it says anything; leaves nothing behind. */
export async function doctor(options: DoctorOptions): Promise<void> {
  const findings = [
    checkNode(process.versions.node),
    ...(await checkStore(checkDir(options.dir))),
    await checkHandlers(options),
    await checkModel(options.model, process.env),
  ].filter((finding) => finding !== undefined);
  if (options.json) printJson({ version: 1, isHealthy: findings.every(isFine), findings });
  else for (const finding of findings) print(lineOf(finding));
  const bad = findings.filter((finding) => !isFine(finding));
  if (bad.length === 0) return;
  const next = bad.flatMap((finding) => finding.next ?? []);
  const what = `Runs will not work as they should: ${bad.map(({ subject }) => subject).join(', ')}.`;
  throw new CommandError(exit.setup, { what, next });
}

async function checkHandlers(options: DoctorOptions): Promise<Finding | undefined> {
  const { handlers } = options;
  if (handlers === undefined) return undefined;
  const subject = `handlers of ${handlers}`;
  try {
    await openPlanner({ handlers }, { onPlanRetry: () => {} }); // nothing is planned
    return { subject, status: 'ok', found: 'they load' };
  } catch (error) {
    const { what, why = '', next = [] } = error instanceof CommandError ? error.explanation : { what: String(error) };
    return { subject, status: 'bad', found: `${what} ${why}`.trim(), next };
  }
}

function isFine({ status }: Finding): boolean {
  return status !== 'bad';
}

function lineOf({ subject, status, found }: Finding): string {
  const format = { ok: 'green', bad: 'red', none: 'yellow' } as const;
  const word = { ok: 'ok', bad: 'BAD', none: '-' } as const;
  return `${paint(format[status], pad(word[status], 4))} ${oneLine(subject)}: ${oneLine(found)}`;
}
