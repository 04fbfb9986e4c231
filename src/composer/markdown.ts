/** Text of a stranger as one line of Markdown that means nothing but itself, at most so many characters long. */
export function inline(text: string, max = 200): string {
  return clip(text, max)
    .replace(/[\\`*_[\]<>|~]/g, '\\$&')
    .replace(/(^|\s)(?=#)/g, '$1\\')
    .replace(/^([-+=]|\d+(?=[.)]))/, (start) => (/\d/.test(start) ? start : `\\${start}`))
    .replace(/^(\d+)([.)])/, '$1\\$2');
}

/** One line, cut between characters, never inside one. */
export function clip(text: string, max: number): string {
  const line = text
    .replace(/\p{Cf}/gu, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (line.length <= max) return line;
  return `${[...line.slice(0, 2 * max)]
    .slice(0, max - 1)
    .join('')
    .trimEnd()}…`;
}

/** With a full stop, unless it ends in a mark already. */
export function sentence(text: string): string {
  return /[.!?…。！？]["'”’»)]?$/u.test(text) ? text : `${text}.`;
}

/** The cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}
