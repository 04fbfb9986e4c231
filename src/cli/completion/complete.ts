import type { Argument, Command, Option } from 'commander';
import { defaultDir } from '../command-line.js';
import { print } from '../terminal/output.js';
import { oneLine, printable } from '../terminal/printable.js';

interface Candidate {
  readonly value: string;
  readonly description: string;
}

/**
 * Prints what the last word can become, a line each with a tab and what it means. Nothing where a shell should offer the
 * names of files.
 * @param words what was typed after the name of the program; the last one may be empty
 */
export async function complete(words: readonly string[], program: Command): Promise<void> {
  for (const { value, description } of await candidates(words, program)) {
    if (printable(value) === value) print(`${value}\t${oneLine(description)}`);
  }
}

async function candidates(words: readonly string[], program: Command): Promise<Candidate[]> {
  const last = words.at(-1) ?? '';
  const { command, given, pending } = follow(program, words.slice(0, -1));
  const dir = dirOf(words);
  const starting = (found: readonly Candidate[]) => found.filter(({ value }) => value.startsWith(last));
  if (pending !== undefined) return starting(await valuesOf(pending, dir));
  if (last.startsWith('-')) return starting(optionsOf(command));
  const below = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');
  if (below.length > 0) {
    return starting(below.map((one) => ({ value: one.name(), description: one.description() })));
  }
  const argument = command.registeredArguments[given] ?? command.registeredArguments.findLast((one) => one.variadic);
  return argument === undefined ? [] : starting(await valuesOf(argument, dir, command));
}

/** Where the words lead: the command, how many arguments it has, and an option that still wants its value. */
function follow(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly given: number; readonly pending: Option | undefined } {
  let command = program;
  let given = 0;
  let pending: Option | undefined;
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined;
    } else if (word.startsWith('-')) {
      pending = command.options.find(({ long, short, required }) => required && [long, short].includes(word));
    } else {
      const next = command.commands.find((one) => one.name() === word);
      if (next === undefined) given++;
      else command = next;
    }
  }
  return { command, given, pending };
}

function optionsOf(command: Command): Candidate[] {
  const help = command.createHelp();
  const all = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
  return all.flatMap(({ long, description }) => (long ? [{ value: long, description }] : []));
}

async function valuesOf(wanted: Option | Argument, dir: string, command?: Command): Promise<Candidate[]> {
  if (wanted.argChoices !== undefined) return wanted.argChoices.map((value) => ({ value, description: '' }));
  const isOption = 'long' in wanted;
  const name = isOption ? wanted.flags : wanted.name();
  const isPlan = name === 'plan-id' || name === '--plan <id>';
  if (isPlan || (name === 'id' && command?.name() === 'resume')) return plans(dir);
  return name === 'id' ? checkpoints(dir) : [];
}

async function plans(dir: string): Promise<Candidate[]> {
  const listed = await list(dir);
  const newest = new Map(listed.toReversed().map((summary) => [summary.planId, summary]));
  return [...newest.values()].reverse().map((summary) => ({
    value: summary.planId,
    description: summary.damaged === undefined ? `${summary.state}, ${summary.vibeDescription}` : 'damaged',
  }));
}

async function checkpoints(dir: string): Promise<Candidate[]> {
  return (await list(dir)).map(({ checkpointId, planId }) => ({ value: checkpointId, description: planId }));
}

/** Somebody who presses a key is not to read an error: a folder that cannot be listed has nothing to offer. */
async function list(dir: string) {
  const { MetaPlanner } = await import('vibe-aigc');
  return new MetaPlanner({ checkpointDir: dir }).listCheckpoints().catch(() => []);
}

function dirOf(words: readonly string[]): string {
  const at = words.indexOf('--dir');
  return (at === -1 ? undefined : words[at + 1]) || defaultDir;
}
