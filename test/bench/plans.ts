import type { WorkflowPlanInput } from '../../src/index.js';

export const shapes = {
  /** Nodes that wait for nothing. */
  wide: (size: number) => planOf(size, () => []),
  /** Each node waits for the one before. */
  chain: (size: number) => planOf(size, (index) => (index === 0 ? [] : [index - 1])),
  /** Layers of 50; each node waits for three of the layer before. */
  layered: (size: number) =>
    planOf(size, (index) => {
      const layer = Math.floor(index / 50);
      if (layer === 0) return [];
      return [0, 17, 34].map((step) => (layer - 1) * 50 + ((index + step) % 50));
    }),
};

function planOf(size: number, dependenciesOf: (index: number) => number[]): WorkflowPlanInput {
  return {
    id: 'bench',
    sourceVibe: { description: 'A benchmark' },
    rootNodes: Array.from({ length: size }, (_, index) => ({
      id: `node-${index}`,
      type: 'generate' as const,
      description: 'Does nothing',
      dependencies: dependenciesOf(index).map((dependency) => `node-${dependency}`),
    })),
  };
}

/** A value that takes so many bytes as JSON. */
export function outputOf(bytes: number): string {
  return 'x'.repeat(bytes - 2);
}
