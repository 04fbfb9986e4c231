import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { inject } from 'vitest';

const command = [process.execPath, inject('builtCli')];

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** What stdin holds. Left out: nothing. */
  readonly input?: string;
}

/** Runs the built command line as a process of its own, with pipes and no terminal. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return ended(spawnCli(args, options));
}

/** The same, with a reader that is gone before anything is written. */
export function runCliIntoClosedPipe(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawnCli(args, options);
  child.stdout?.destroy();
  return ended(child);
}

/** The same while it runs: something is done to the process as soon as it has printed what is waited for. */
export async function runCliAndAct(
  args: readonly string[],
  acts: readonly Act<ChildProcess>[],
  options: RunOptions = {},
): Promise<Ended> {
  const child = spawnCli(args, options);
  actOn(child, acts, child);
  return ended(child);
}

/** Something to do once what was printed since the act before matches. */
export interface Act<Target> {
  readonly when: RegExp;
  readonly act: (target: Target) => void;
}

function actOn<Target>(child: ChildProcess, acts: readonly Act<Target>[], target: Target): void {
  const left = [...acts];
  let printed = '';
  const look = (text: string) => {
    printed += text;
    const [next] = left;
    if (next === undefined || !next.when.test(printed)) return;
    left.shift();
    printed = '';
    next.act(target);
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', look);
}

function spawnCli(args: readonly string[], options: RunOptions) {
  const [file, ...first] = command as [string, ...string[]];
  const child = spawn(
    file,
    [...first, ...args],
    spawnOptions(options, options.input === undefined ? 'ignore' : 'pipe'),
  );
  child.stdin?.end(options.input);
  return child;
}

/** Gives what it starts a terminal: that of util-linux. */
const terminalProgram = 'script';

/** Whether it is here. */
export const hasTerminal = (() => {
  try {
    return execFileSync(terminalProgram, ['--version'], { encoding: 'utf8', stdio: 'pipe' }).includes('util-linux');
  } catch {
    return false;
  }
})();

export interface TerminalOptions extends RunOptions {
  readonly columns?: number;
  /** Typed as soon as it is asked something. */
  readonly answer?: string;
  /** What is typed, and when. */
  readonly typed?: readonly { readonly when: RegExp; readonly keys: string }[];
  /** What happens when all was typed. */
  readonly afterwards?: Act<void>;
}

/** What a keyboard sends for Ctrl-C. */
export const ctrlC = '\u0003';

/**
 * Runs it in a terminal of so many columns and types. What it prints on stdout and on stderr comes together, as on a
 * screen.
 */
export async function runInTerminal(
  args: readonly string[],
  { columns = 80, answer, typed = [], afterwards, ...options }: TerminalOptions = {},
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const words = [...command, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const line = `stty cols ${columns} rows ${columns === 0 ? 0 : 24}; exec ${words.join(' ')}`;
  const child = spawn(terminalProgram, ['-q', '-e', '-c', line, '/dev/null'], spawnOptions(options, 'pipe'));
  const keys = [...(answer === undefined ? [] : [{ when: /\[y\/N\]/, keys: answer }]), ...typed];
  const acts = keys.map(({ when, keys: text }) => ({ when, act: () => void child.stdin?.write(text) }));
  actOn(child, afterwards === undefined ? acts : [...acts, afterwards], undefined);
  const { code, stdout } = await ended(child);
  return { code, screen: stdout.replaceAll('\r\n', '\n') };
}

/** What stays on a screen when all was drawn: what the program drew over is gone. */
export function finalScreen(screen: string): string {
  const [first = '', ...parts] = screen.split('\u001b[');
  let shown = first;
  for (const part of parts) {
    const up = /^(\d+)A$/.exec(part)?.[1];
    if (up !== undefined)
      shown = shown
        .split('\n')
        .slice(0, -Number(up) - 1)
        .concat('')
        .join('\n');
    else shown += part.startsWith('0J') ? part.slice(2) : `\u001b[${part}`;
  }
  return shown;
}

function spawnOptions({ cwd, env }: RunOptions, stdin: 'ignore' | 'pipe' = 'ignore'): SpawnOptions {
  const ours = ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'COLUMNS', 'CI', 'GITHUB_ACTIONS', 'npm_command'];
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !ours.includes(name) && !/^(?:OPENAI|OLLAMA)_/.test(name)),
  );
  return {
    cwd,
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...inherited, TERM: 'xterm-256color', ...env },
  };
}

function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
