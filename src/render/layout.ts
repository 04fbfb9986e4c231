import type { Picture, PictureNode } from './picture.js';

export interface Box {
  readonly node: PictureNode;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** From the right side of one box to the left side of another; `through` are the points on its way. */
export interface Line {
  readonly from: PictureNode;
  readonly to: PictureNode;
  /** Where it passes a column: from `x` to `right`, at `y`. */
  readonly through: readonly Passage[];
}

/** Where a column begins and ends. */
interface Side {
  readonly x: number;
  readonly right: number;
}

interface Passage extends Side {
  readonly y: number;
}

export interface Layout {
  readonly boxes: ReadonlyMap<PictureNode, Box>;
  readonly lines: readonly Line[];
  readonly width: number;
  readonly height: number;
}

/** Columns are far enough apart for curves; a line that passes a column takes little of it. */
const gaps = { column: 64, row: 14, passing: 4, inside: 16 };
/** A line that passes more columns than this has no place in them, and goes straight behind what is there. */
const maxPassed = 24;

/** A dependency as its two nodes see it that lie beside each other: siblings, around its ends or the ends themselves. */
interface Link {
  readonly before: PictureNode;
  readonly after: PictureNode;
  readonly from: PictureNode;
  readonly to: PictureNode;
}

/** A place in a column: a node, or a line that passes on its way from `node` to a later column. */
interface Slot {
  readonly node: PictureNode;
  readonly isPassing: boolean;
  order: number;
  y: number;
}

/**
 * Columns from left to right, each right of what it depends on; what is below a node is laid out within it.
 * @param sizeOf of a node: itself, or the heading above what is below it
 */
export function layOut(
  { nodes }: Picture,
  sizeOf: (node: PictureNode) => { readonly width: number; readonly height: number },
): Layout {
  const links = linksByParent(nodes);
  const boxes = new Map<PictureNode, Box>();
  const lines: Line[] = [];
  const roots = nodes.filter(({ parent }) => parent === undefined);
  const { width, height, place } = arrange(roots, undefined);
  place(0, 0);
  return { boxes, lines, width, height };

  /** Sizes first, from within; then places, from without. */
  function arrange(siblings: readonly PictureNode[], parent: PictureNode | undefined) {
    const inner = siblings.map((node) => measured(node));
    const grid = gridOf(siblings, links.get(parent) ?? []);
    const { columns } = grid;
    const widths = columns.map(({ slots }) => slots.reduce((most, slot) => Math.max(most, widthOf(slot)), 0));
    const heights = columns.map(({ slots }) => slots.reduce((sum, slot) => sum + heightOf(slot), 0) - gaps.row);
    const height = heights.reduce((most, one) => Math.max(most, one), 0);
    const place = (left: number, top: number) => {
      let x = left;
      const sides: Side[] = [];
      columns.forEach(({ slots }, rank) => {
        let y = top + (height - (heights[rank] as number)) / 2;
        for (const slot of slots) {
          slot.y = y;
          if (!slot.isPassing) Object.assign(boxes.get(slot.node) as Box, { x, y });
          y += heightOf(slot);
        }
        const right = x + (widths[rank] as number);
        sides.push({ x, right });
        x = right + gaps.column;
      });
      for (const { node, placeChildren } of inner) placeChildren(boxes.get(node) as Box);
      for (const link of links.get(parent) ?? []) {
        lines.push({ from: link.from, to: link.to, through: passagesOf(link, grid, sides) });
      }
    };
    const width = widths.reduce((sum, each) => sum + each + gaps.column, -gaps.column);
    return { width, height, place };
  }

  function measured(node: PictureNode) {
    const own = sizeOf(node);
    if (node.children.length === 0) {
      boxes.set(node, { node, x: 0, y: 0, ...own });
      return { node, placeChildren: () => {} };
    }
    const { width, height, place } = arrange(node.children, node);
    const size = {
      width: Math.max(own.width, width + 2 * gaps.inside),
      height: own.height + height + gaps.inside,
    };
    boxes.set(node, { node, x: 0, y: 0, ...size });
    return { node, placeChildren: ({ x, y }: Box) => place(x + gaps.inside, y + own.height) };
  }

  function widthOf({ node, isPassing }: Slot): number {
    return isPassing ? 0 : (boxes.get(node) as Box).width;
  }

  function heightOf({ node, isPassing }: Slot): number {
    return (isPassing ? gaps.passing : (boxes.get(node) as Box).height) + gaps.row;
  }
}

interface Column {
  readonly slots: Slot[];
  readonly bySource: Map<PictureNode, Slot>;
}

interface Grid {
  readonly columns: readonly Column[];
  /** Which column a node is in. */
  readonly ranks: ReadonlyMap<PictureNode, number>;
}

/** Nodes by rank, with room for lines that pass; each column in the order of what leads to it. */
function gridOf(siblings: readonly PictureNode[], links: readonly Link[]): Grid {
  const ranks = ranksOf(siblings, links);
  const columns: Column[] = [];
  const columnAt = (rank: number): Column => {
    while (columns.length <= rank) columns.push({ slots: [], bySource: new Map() });
    return columns[rank] as Column;
  };
  const add = (rank: number, node: PictureNode, isPassing: boolean) => {
    const { slots, bySource } = columnAt(rank);
    if (bySource.has(node)) return;
    const slot: Slot = { node, isPassing, order: 0, y: 0 };
    slots.push(slot);
    bySource.set(node, slot);
  };
  for (const node of siblings) add(ranks.get(node) as number, node, false);
  const befores = new Map<PictureNode, PictureNode[]>();
  for (const { before, after } of links) {
    const [start, end] = [ranks.get(before) as number, ranks.get(after) as number];
    if (end - start > maxPassed) continue;
    for (let rank = start + 1; rank < end; rank++) add(rank, before, true);
    if (start >= end) continue;
    const known = befores.get(after);
    if (known === undefined) befores.set(after, [before]);
    else known.push(before);
  }
  columns.forEach(({ slots }, rank) => {
    const earlier = columns[rank - 1]?.bySource;
    for (const slot of slots) {
      const sources = slot.isPassing ? [slot.node] : (befores.get(slot.node) ?? []);
      const orders = sources.map((source) => earlier?.get(source)?.order ?? 0);
      slot.order = orders.length === 0 ? 0 : orders.reduce((sum, order) => sum + order, 0) / orders.length;
    }
    slots.sort((a, b) => a.order - b.order || a.node.row - b.node.row);
    slots.forEach((slot, index) => {
      slot.order = index / slots.length;
    });
  });
  return { columns, ranks };
}

/** The longest way to each; where folding has made a circle, the first in order goes first. */
function ranksOf(siblings: readonly PictureNode[], links: readonly Link[]): Map<PictureNode, number> {
  const ranks = new Map<PictureNode, number>();
  const open = new Map(siblings.map((node) => [node, 0]));
  const after = new Map<PictureNode, PictureNode[]>();
  for (const link of links) {
    open.set(link.after, (open.get(link.after) ?? 0) + 1);
    const known = after.get(link.before);
    if (known === undefined) after.set(link.before, [link.after]);
    else known.push(link.after);
  }
  const least = new Map<PictureNode, number>();
  const ready = siblings.filter((node) => open.get(node) === 0);
  let next = 0;
  for (let done = 0; done < siblings.length; done++) {
    while (ready.length === 0 && ranks.has(siblings[next] as PictureNode)) next++;
    const node = (ready.shift() ?? siblings[next]) as PictureNode;
    const rank = least.get(node) ?? 0;
    ranks.set(node, rank);
    for (const follower of after.get(node) ?? []) {
      if (ranks.has(follower)) continue;
      least.set(follower, Math.max(least.get(follower) ?? 0, rank + 1));
      const left = (open.get(follower) as number) - 1;
      open.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  return ranks;
}

/** Where a link passes the columns between its ends. */
function passagesOf({ before, after }: Link, { columns, ranks }: Grid, sides: readonly Side[]): Passage[] {
  const passages: Passage[] = [];
  const end = ranks.get(after) as number;
  for (let rank = (ranks.get(before) as number) + 1; rank < end; rank++) {
    const slot = columns[rank]?.bySource.get(before);
    if (slot === undefined) break;
    passages.push({ ...(sides[rank] as Side), y: slot.y + gaps.passing / 2 });
  }
  return passages;
}

/** Each dependency, at the parent whose children it runs between. */
function linksByParent(nodes: readonly PictureNode[]): Map<PictureNode | undefined, Link[]> {
  const links = new Map<PictureNode | undefined, Link[]>();
  for (const to of nodes) {
    for (const from of to.dependencies) {
      let [before, after] = [from, to];
      while (before.depth > after.depth) before = before.parent as PictureNode;
      while (after.depth > before.depth) after = after.parent as PictureNode;
      while (before.parent !== after.parent) {
        [before, after] = [before.parent as PictureNode, after.parent as PictureNode];
      }
      const known = links.get(before.parent) ?? [];
      links.set(before.parent, known);
      known.push({ before, after, from, to });
    }
  }
  return links;
}
