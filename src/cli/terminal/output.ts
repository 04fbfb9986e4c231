import { styleText } from 'node:util';

export type Format = Parameters<typeof styleText>[0];

/** Data: a line on stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Everything else: a line on stderr. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** One document, alone on stdout. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Coloured where the stream shows colours: not when piped, nor under `NO_COLOR`. */
export function paint(format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream });
}

/** Columns for what is always cut to one line, where the terminal does not say. */
export const usualColumns = 120;

/** How wide stdout is; `undefined` when it is no terminal. */
export function terminalColumns(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || 80 : undefined;
}

/** What happens when whoever read our output has had enough, as `head` does: that is no failure. */
let onReaderGone: () => void = () => process.exit(0);

/** Does something else then. It may be called more than once. */
export function whenReaderIsGone(act: () => void): void {
  onReaderGone = act;
}

export function endQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    onReaderGone();
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error; // nobody listens: the work goes on, and the exit code tells how it went
  });
}
