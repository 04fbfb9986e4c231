import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MetaPlannerOptions } from 'vibe-aigc';
import { CommandError } from '../command-error.js';
import { exit } from '../exit-codes.js';
import { pathStart } from '../read-json.js';

/** What a module may export: options of the planner that belong to the work, and not to the command line. */
const exportable = [
  'decomposer',
  'handlers',
  'limits',
  'budget',
  'retry',
  'timeoutMs',
  'nodeTimeoutMs',
  'heartbeatTimeoutMs',
  'maxNodes',
  'pauseAfterMs',
  'redact',
] as const satisfies readonly (keyof MetaPlannerOptions)[];

type Exported = Pick<MetaPlannerOptions, (typeof exportable)[number]>;

/**
 * The handlers of a module of the user's: its exports by name, or an object with them as the default export. What it
 * exports besides is its own business. The planner checks them.
 * @throws CommandError when there is no such module, it does not load, or exports no handlers
 */
export async function loadHandlers(path: string): Promise<Exported> {
  const file = resolve(path);
  const found = await stat(file).catch(() => undefined);
  if (found === undefined) {
    throw new CommandError(exit.notFound, { what: `There is no file ${path} for --handlers.`, next: [pathStart()] });
  }
  const module = await load(file, path);
  const { default: whole } = module;
  const exported = typeof whole === 'object' && whole !== null ? (whole as Record<string, unknown>) : module;
  const known = exportable.filter((name) => exported[name] !== undefined);
  if (!known.some((name) => name === 'handlers' || name === 'decomposer')) {
    throw new CommandError(exit.setup, {
      what: `${path} exports no handlers.`,
      next: ['write: export const handlers = { default: async (node, ctx) => ... }'],
    });
  }
  return Object.fromEntries(known.map((name) => [name, exported[name]])) as Exported;
}

async function load(file: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const next = ['run it again with --verbose to see where it comes from'];
    throw new CommandError(exit.setup, { what: `${path} cannot be loaded.`, why, next }, { cause: error });
  }
}
