import type { PictureNode } from './picture.js';

/** What the nodes of one lane feed: each `o` leads to each `>` in the same column. */
interface Lane {
  readonly sources: PictureNode[];
  readonly targets: readonly PictureNode[];
  readonly first: number;
  last: number;
}

/** The columns left of the rows, in which dependencies are drawn. */
export interface Lanes {
  /** For each row, all of one width. */
  readonly gutters: readonly string[];
  /** Dependencies for which there was no room, by row. */
  readonly left: ReadonlyMap<number, readonly PictureNode[]>;
}

/** Draws dependencies as vertical lines, at most so many beside each other. Nodes with the same dependents share one. */
export function drawLanes(nodes: readonly PictureNode[], maxLanes: number): Lanes {
  const busyUntil: number[] = [];
  const cells: string[][] = nodes.map(() => []);
  const left = new Map<number, PictureNode[]>();
  for (const lane of lanesOf(nodes)) {
    let column = busyUntil.findIndex((row) => row < lane.first - 1); // one row apart, or two would look like one
    if (column === -1) column = busyUntil.length;
    if (column >= maxLanes) {
      for (const { row } of lane.targets) {
        const known = left.get(row) ?? [];
        left.set(row, known);
        for (const source of lane.sources) known.push(source);
      }
      continue;
    }
    busyUntil[column] = lane.last;
    for (let row = lane.first; row <= lane.last; row++) (cells[row] as string[])[column] = '|';
    for (const { row } of lane.sources) (cells[row] as string[])[column] = 'o';
    for (const { row } of lane.targets) (cells[row] as string[])[column] = '>';
  }
  return { gutters: cells.map((row) => gutterOf(row, busyUntil.length)), left };
}

/** In the order in which they begin. */
function lanesOf(nodes: readonly PictureNode[]): Lane[] {
  const dependents: PictureNode[][] = nodes.map(() => []);
  for (const node of nodes) for (const { row } of node.dependencies) (dependents[row] as PictureNode[]).push(node);
  const lanes = new Map<string, Lane>();
  for (const source of nodes) {
    const targets = dependents[source.row] as PictureNode[];
    const [top, bottom] = [targets[0], targets[targets.length - 1]];
    if (top === undefined || bottom === undefined) continue;
    const key = targets.map(({ row }) => row).join();
    const lane = lanes.get(key);
    if (lane === undefined) {
      const rows = { first: Math.min(source.row, top.row), last: Math.max(source.row, bottom.row) };
      lanes.set(key, { sources: [source], targets, ...rows });
    } else {
      lane.sources.push(source);
      lane.last = Math.max(lane.last, source.row);
    }
  }
  return [...lanes.values()].sort((a, b) => a.first - b.first);
}

/** From its first mark on, a row is one line. */
function gutterOf(row: readonly (string | undefined)[], columns: number): string {
  let gutter = '';
  let fill = ' ';
  for (let column = 0; column < columns; column++) {
    const cell = row[column];
    if (cell === 'o' || cell === '>') fill = '-';
    gutter += (cell ?? fill) + fill;
  }
  return gutter;
}
