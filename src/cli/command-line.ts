export const defaultDir = '.vibe_checkpoints';

/** A command to paste into a shell, about the same store. */
export function checkpointsCommand(rest: string, dir: string = defaultDir): string {
  const store = dir === defaultDir ? '' : ` --dir ${shellWord(dir)}`;
  return `vibe-aigc checkpoints ${rest}${store}`;
}

/** One word for a shell, quoted where it needs it. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
