export const defaultDir = '.vibe_checkpoints';

/** A command to paste into a shell, as this one was started: `npx` puts nothing on the path. */
export function commandLine(words: readonly string[]): string {
  const name = process.env.npm_command === 'exec' ? 'npx vibe-aigc' : 'vibe-aigc';
  return [name, ...words.map(shellWord)].join(' ');
}

/** The words that name the same store. */
export function dirWords(dir: string = defaultDir): string[] {
  return dir === defaultDir ? [] : ['--dir', dir];
}

/** A command about checkpoints of the same store. */
export function checkpointsCommand(rest: string, dir?: string): string {
  return `${commandLine(['checkpoints'])} ${[rest, ...dirWords(dir).map(shellWord)].join(' ')}`;
}

/** One word for a shell, quoted where it needs it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
