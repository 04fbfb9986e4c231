export interface AsciiRow {
  readonly gutter: string;
  readonly text: string;
}

/** The rows of a picture whose nodes have ids of word characters. */
export function rowsOf(picture: string): AsciiRow[] {
  const body = picture.split('\n\n')[1]?.trimEnd() ?? '';
  return body.split('\n').map((line) => {
    const [gutter = ''] = /^(?:[o>| -][ -])*?(?= *(?:\[.\] )?[\w-]+ \()/.exec(line) ?? [];
    return { gutter, text: line.slice(gutter.length) };
  });
}

/**
 * The dependencies that lines draw, as pairs of rows. A line is a piece of a column without a gap; each `o` on it leads
 * to each `>`.
 */
export function arrowsOf(rows: readonly AsciiRow[]): Array<[number, number]> {
  const arrows: Array<[number, number]> = [];
  const width = Math.max(0, ...rows.map(({ gutter }) => gutter.length));
  for (let column = 0; column < width; column += 2) {
    let [sources, targets]: [number[], number[]] = [[], []];
    for (const [row, { gutter }] of [...rows, { gutter: '' }].entries()) {
      const cell = gutter[column];
      if (cell === 'o') sources.push(row);
      else if (cell === '>') targets.push(row);
      else if (cell !== '|') {
        arrows.push(...sources.flatMap((from) => targets.map((to): [number, number] => [from, to])));
        [sources, targets] = [[], []];
      }
    }
  }
  return arrows;
}
