import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const command = [process.execPath, '--import', tsx, `${root}src/cli/main.ts`];

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs the command line as a process of its own, with pipes and no terminal. */
export function runCli(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return ended(spawnCli(args, options));
}

/** The same, with a reader that is gone before anything is written. */
export function runCliIntoClosedPipe(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawnCli(args, options);
  child.stdout?.destroy();
  return ended(child);
}

function spawnCli(args: readonly string[], options: RunOptions) {
  const [file, ...first] = command as [string, ...string[]];
  return spawn(file, [...first, ...args], spawnOptions(options));
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

/**
 * Runs it in a terminal of so many columns and types an answer as soon as it is asked something. What it prints on
 * stdout and on stderr comes together, as on a screen.
 */
export async function runInTerminal(
  args: readonly string[],
  { columns = 80, answer, ...options }: RunOptions & { readonly columns?: number; readonly answer?: string } = {},
): Promise<{ readonly code: number | null; readonly screen: string }> {
  const words = [...command, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  const line = `stty cols ${columns}; exec ${words.join(' ')}`;
  const child = spawn(terminalProgram, ['-q', '-e', '-c', line, '/dev/null'], spawnOptions(options, 'pipe'));
  let isAnswered = false;
  child.stdout?.on('data', () => {}).setEncoding('utf8');
  child.stdout?.on('data', (text: string) => {
    if (isAnswered || answer === undefined || !text.includes('[y/N]')) return;
    isAnswered = true;
    child.stdin?.write(answer);
  });
  const { code, stdout } = await ended(child);
  return { code, screen: stdout.replaceAll('\r\n', '\n') };
}

function spawnOptions({ cwd, env }: RunOptions, stdin: 'ignore' | 'pipe' = 'ignore'): SpawnOptions {
  const { NO_COLOR, FORCE_COLOR, NODE_DISABLE_COLORS, COLUMNS, CI, GITHUB_ACTIONS, ...inherited } = process.env;
  return {
    cwd,
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...inherited, TERM: 'xterm-256color', TSX_TSCONFIG_PATH: `${root}tsconfig.json`, ...env },
  };
}

function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
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
