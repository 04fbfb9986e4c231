import type { GraphNode } from '../plan/plan-graph.js';

/**
 * Which parents hide what is below them, so that no more than `foldAbove` nodes are to be seen: the deepest level first,
 * on each level the largest first, and those of one size together. Roots stay open where one would be all there is.
 */
export function foldedParents(nodes: readonly GraphNode[], foldAbove: number): Set<GraphNode> {
  const folded = new Set<GraphNode>();
  if (nodes.length <= foldAbove) return folded;
  const shownBelow = new Map<GraphNode, number>();
  const levels = levelsOf(nodes);
  let shown = nodes.length;
  for (let depth = levels.length - 1; depth >= 0 && shown > foldAbove; depth--) {
    const level = levels[depth] as GraphNode[];
    const sized = level.map((parent) => {
      const size = parent.children.reduce((sum, child) => sum + 1 + (shownBelow.get(child) ?? 0), 0);
      shownBelow.set(parent, size);
      return { parent, size };
    });
    if (depth === 0 && level.length === 1) break;
    let last = 0;
    for (const { parent, size } of sized.sort((a, b) => b.size - a.size)) {
      if (size === 0 || (shown <= foldAbove && size < last)) break;
      folded.add(parent);
      shownBelow.set(parent, 0);
      shown -= size;
      last = size;
    }
  }
  return folded;
}

/** Nodes by how many are above them. */
function levelsOf(nodes: readonly GraphNode[]): GraphNode[][] {
  const levels: GraphNode[][] = [];
  let level = nodes.filter(({ parent }) => parent === undefined);
  while (level.length > 0) {
    levels.push(level);
    level = level.flatMap(({ children }) => children);
  }
  return levels;
}
