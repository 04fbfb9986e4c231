import { noEdge, type Successors } from './successors.js';

/** Whether all points can be passed in some order (A. B. Kahn, 1962). Cheaper than looking for what is in the way. */
export function isAcyclic(successors: Successors, waitCounts: readonly number[]): boolean {
  const waiting = new Int32Array(waitCounts);
  const free: number[] = [];
  for (let point = 0; point < waiting.length; point++) if (waiting[point] === 0) free.push(point);
  for (let next = 0; next < free.length; next++) {
    const point = free[next] as number;
    for (let edge = successors.first(point); edge !== noEdge; edge = successors.after(edge)) {
      const successor = successors.target(edge);
      if (--(waiting[successor] as number) === 0) free.push(successor);
    }
  }
  return free.length === waiting.length;
}

/**
 * Finds a cycle in each knot of a graph, in O(points + edges) and without recursion: the strongly connected components
 * of R. Tarjan, "Depth-first search and linear graph algorithms" (1972), then one walk round each.
 */
export function findCycles(successors: Successors): number[][] {
  const order = new Int32Array(successors.length).fill(-1);
  const lowest = new Int32Array(successors.length);
  const component = new Int32Array(successors.length).fill(-1);
  const open: number[] = [];
  const path: Array<{ point: number; edge: number }> = [];
  const cycles: number[][] = [];
  let visited = 0;

  function enter(point: number): void {
    order[point] = lowest[point] = visited++;
    open.push(point);
    path.push({ point, edge: successors.first(point) });
  }

  function close(root: number): void {
    for (let point = -1; point !== root; ) {
      point = open.pop() as number;
      component[point] = root;
    }
    if (successorWithin(root, root) !== undefined) cycles.push(walkAround(root));
  }

  function walkAround(root: number): number[] {
    const steps = new Map<number, number>();
    const walk: number[] = [];
    for (let point = root; ; ) {
      const seen = steps.get(point);
      if (seen !== undefined) return walk.slice(seen);
      steps.set(point, walk.length);
      walk.push(point);
      point = successorWithin(root, point) as number;
    }
  }

  function successorWithin(root: number, point: number): number | undefined {
    for (let edge = successors.first(point); edge !== noEdge; edge = successors.after(edge)) {
      if (component[successors.target(edge)] === root) return successors.target(edge);
    }
    return undefined;
  }

  for (let start = 0; start < successors.length; start++) {
    if (order[start] !== -1) continue;
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { point, edge } = top;
      if (edge === noEdge) {
        path.pop();
        const above = path.at(-1);
        if (above !== undefined) lowest[above.point] = Math.min(lowest[above.point] as number, lowest[point] as number);
        if (lowest[point] === order[point]) close(point);
        continue;
      }
      const next = successors.target(edge);
      top.edge = successors.after(edge);
      if (order[next] === -1) enter(next);
      else if (component[next] === -1) lowest[point] = Math.min(lowest[point] as number, order[next] as number);
    }
  }
  return cycles;
}
