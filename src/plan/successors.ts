/** No edge: the end of a list, or a list without any. */
export const noEdge = -1;

/**
 * For each point, the points that wait for it, in the order in which they were added. Lists in a few flat arrays: an array
 * for each of tens of thousands of points would keep the garbage collector busy while the run goes on.
 *
 * ```ts
 * for (let edge = successors.first(point); edge !== noEdge; edge = successors.after(edge)) visit(successors.target(edge));
 * ```
 */
export class Successors {
  private readonly firstEdges: number[] = [];
  private readonly lastEdges: number[] = [];
  private readonly nextEdges: number[] = [];
  private readonly targets: number[] = [];

  /** How many points there are. */
  get length(): number {
    return this.firstEdges.length;
  }

  addPoint(): void {
    this.firstEdges.push(noEdge);
    this.lastEdges.push(noEdge);
  }

  add(from: number, to: number): void {
    const edge = this.targets.length;
    const last = this.lastEdges[from] as number;
    if (last === noEdge) this.firstEdges[from] = edge;
    else this.nextEdges[last] = edge;
    this.lastEdges[from] = edge;
    this.nextEdges.push(noEdge);
    this.targets.push(to);
  }

  /** What waited for a point waits for another one, which nothing has waited for. */
  move(from: number, to: number): void {
    this.firstEdges[to] = this.firstEdges[from] as number;
    this.lastEdges[to] = this.lastEdges[from] as number;
    this.firstEdges[from] = noEdge;
    this.lastEdges[from] = noEdge;
  }

  first(point: number): number {
    return this.firstEdges[point] as number;
  }

  after(edge: number): number {
    return this.nextEdges[edge] as number;
  }

  target(edge: number): number {
    return this.targets[edge] as number;
  }
}
