import { type Format, paint } from './output.js';
import { cut, pad, widthOf } from './width.js';

export interface Column {
  readonly title: string;
  /** May be cut to so many columns. Left out: never cut. */
  readonly min?: number;
}

export type Cell = string | { readonly text: string; readonly format: Format };

const gap = 2;

/**
 * Lines of a table, each as wide as its columns need, titles first. With `columns`, what may be cut is cut to fit, from
 * the right; a table that still does not fit is left too wide, since an id that is cut helps nobody.
 */
export function tableLines(head: readonly Column[], rows: readonly (readonly Cell[])[], columns?: number): string[] {
  const widths = fittedWidths(head, naturalWidths(head, rows), columns);
  const lineOf = (cells: readonly Cell[]) =>
    cells
      .map((cell, index) => {
        const text = cut(textOf(cell), widths[index] as number);
        const filling = index === cells.length - 1 ? '' : pad(text, (widths[index] as number) + gap).slice(text.length);
        return (typeof cell === 'string' ? text : paint(cell.format, text)) + filling;
      })
      .join('')
      .trimEnd();
  return [lineOf(head.map(({ title }) => ({ text: title, format: 'bold' }))), ...rows.map(lineOf)];
}

/** How wide the table is when nothing is cut. */
export function naturalWidth(head: readonly Column[], rows: readonly (readonly Cell[])[]): number {
  return total(naturalWidths(head, rows));
}

function naturalWidths(head: readonly Column[], rows: readonly (readonly Cell[])[]): number[] {
  return head.map(({ title }, index) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(textOf(row[index] as Cell))), widthOf(title)),
  );
}

function fittedWidths(
  head: readonly Column[],
  natural: readonly number[],
  columns = Number.POSITIVE_INFINITY,
): number[] {
  const widths = [...natural];
  for (let index = head.length - 1; index >= 0; index--) {
    const excess = total(widths) - columns;
    const width = widths[index] as number;
    const min = Math.max(head[index]?.min ?? width, widthOf(head[index]?.title ?? ''));
    if (excess > 0) widths[index] = Math.min(width, Math.max(min, width - excess));
  }
  return widths;
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, gap * (widths.length - 1));
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}
