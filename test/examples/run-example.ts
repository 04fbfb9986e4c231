import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { builtPackage, builtProgram } from '../helpers/built-package.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface RunningExample {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  hasEnded(): boolean;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts an example on the built package, with nothing of our own environment that it might read. */
export function startExample(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): RunningExample {
  const { OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_MODEL, ...ours } = process.env;
  const program = builtProgram(new URL(`../../examples/${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [program, ...args], {
    cwd: builtPackage,
    env: { ...ours, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return {
    pid: child.pid as number,
    stdout: () => stdout,
    stderr: () => stderr,
    kill: (signal) => void child.kill(signal),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    ended: once(child, 'close').then(([code, signal]) => ({ code, signal })),
  };
}

/** Runs an example to its end. */
export async function runExample(name: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
  const example = startExample(name, args, env);
  const { code } = await example.ended;
  return { code, stdout: example.stdout(), stderr: example.stderr() };
}

/** Asks again and again until there is an answer; gives up when the example ends without one. */
export async function until<T>(
  example: RunningExample,
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (example.hasEnded()) throw new Error(`It ended before ${what}: ${example.stderr()}`);
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await delay(10);
  }
}

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vibe-aigc-example-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** The block below "Prints:" in the header of an example. */
export async function printedInHeader(name: string): Promise<string> {
  const source = await readFile(join(root, 'examples', `${name}.ts`), 'utf8');
  const [, block] = /^ \* Prints:.*\n((?: \*(?: {3}.*)?\n)+)/m.exec(source) ?? [];
  if (block === undefined) throw new Error(`The header of ${name} shows nothing that it prints.`);
  return block.replace(/^ \*(?: {3})?/gm, '').trim();
}

/** What is another text in each run, made the same. */
export function withoutChance(printed: string): string {
  return printed
    .trim()
    .replace(/\b\d\d:\d\d:\d\d\b/g, 'TIME')
    .replace(/\b\d+ ms\b/g, 'N ms')
    .replace(/\b(cp|run)-[a-z0-9-]{16,}/g, '$1-ID')
    .replace(/\bprocess \d+/g, 'process PID');
}

/** A ledger has a line for each call that began and each that was done: `<pid> begins|did <what>`. */
export async function readLedger(file: string) {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  const entries = lines.map((line) => {
    const [pid, what, ...rest] = line.split(' ');
    return { pid: Number(pid), what, of: rest.join(' ') };
  });
  return {
    begunBy: (pid: number) =>
      entries.filter((entry) => entry.what === 'begins' && entry.pid === pid).map(({ of }) => of),
    timesDone: (of: string) => entries.filter((entry) => entry.what === 'did' && entry.of === of).length,
    done: [...new Set(entries.filter(({ what }) => what === 'did').map(({ of }) => of))],
  };
}
